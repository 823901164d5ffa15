"""How a notebook is run: on small notebooks made here."""

import io

import nbformat
import numpy as np
import pytest
from PIL import Image

from roadseg import notebook
from roadseg.cli import main


def make(path, *cells):
    made = [nbformat.v4.new_code_cell("epochs = 1", metadata={"tags": ["parameters"]})]
    made += [nbformat.v4.new_code_cell(source) for source in cells]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel}), path)
    return path


def as_png(image):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def as_array(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def test_it_runs_with_the_settings_and_leaves_notebook_and_page(tmp_path, capfd):
    processes = "from roadseg import parallel\n[*parallel.spread(abs, [-1, -2], 2)]"
    source = make(tmp_path / "source.ipynb", "print(6 * epochs)", processes)
    output = tmp_path / "Runs/done.ipynb"
    assert notebook.execute(source, {"epochs": 7}, output) == 0
    said = capfd.readouterr()
    assert "42" in said.out
    assert str(output) in said.out
    assert str(output.with_suffix(".html")) in said.out
    assert said.err == ""
    assert "42" in output.with_suffix(".html").read_text("utf-8")
    assert sorted(path.name for path in output.parent.iterdir()) == ["done.html", "done.ipynb"]
    assert "papermill" not in nbformat.read(output, as_version=4).metadata


def test_a_failure_names_the_line_and_leaves_the_earlier_result(tmp_path, capfd):
    cell = "from pathlib import Path\nfirst = 1\nraise ValueError('no frames')"
    source, output = make(tmp_path / "source.ipynb", cell, "print(1)"), tmp_path / "done.ipynb"
    output.write_text("earlier")
    assert notebook.execute(source, {}, output) == 1
    said = capfd.readouterr().err
    assert "Cell [2] failed at \"raise ValueError('no frames')\":\nValueError: no frames" in said
    assert output.read_text() == "earlier"
    kept = nbformat.read(tmp_path / "done-unfinished.ipynb", as_version=4).cells
    assert kept[-1].execution_count is None
    assert str(tmp_path / "done-unfinished.ipynb") in said


def test_a_kernel_that_dies_is_told(tmp_path, capfd):
    source = make(tmp_path / "source.ipynb", "import os\nos._exit(3)")
    assert notebook.execute(source, {}, tmp_path / "done.ipynb") == 1
    assert "stopped before its end (DeadKernelError)" in capfd.readouterr().err


def test_settings_are_checked_before_a_kernel_starts(raw, monkeypatch, capsys):
    monkeypatch.setattr(notebook, "execute", None)
    refused = {
        f"--data {raw}/nowhere": "nowhere: no such folder",
        f"--data {raw} --sequences 0009": "no sequence '0009'",
        f"--data {raw} --validation 0001/rain": "no sequence '0001/rain'",
        f"--data {raw} --sequences 0001 --validation 0002": "no sequence '0002'",
        "ideas --recipe best": "RECIPE=best (--recipe): ideas has no such setting, but DATA, SCALE",
        f"use_network --image {raw}/nowhere.jpg": "nowhere.jpg: cannot be read (No such file",
    }
    for command, message in refused.items():
        assert main(["notebook", *command.split()]) == 1
        assert message in capsys.readouterr().err
    monkeypatch.setattr(notebook, "execute", lambda source, given, output: print(given["validation"]))
    main(["notebook", "--data", str(raw), "--validation", "0.2"])
    assert "['0.2']" in capsys.readouterr().out
    for choice in ("--recipe quik", "--networks simple smple", "--weights simple_plus-camvid"):
        with pytest.raises(SystemExit):
            main(["notebook", *choice.split()])
        assert f"invalid choice: '{choice.split()[-1]}'" in capsys.readouterr().err


def test_settings_reach_the_notebook_and_name_the_result(raw, monkeypatch):
    runs = []
    monkeypatch.setattr(notebook, "execute", lambda *run: runs.append(run))
    command = f"--data {raw} --sequences 0001 0002/clone --validation 0002 --scale 1.5 --leakage no"
    main(["notebook", *command.split()])
    main(["notebook", "--epochs", "2", "--networks", "simple", "edgesegnet"])
    assert runs[0][1] == {
        "data": str(raw), "sequences": ["0001", "0002/clone"], "validation": ["0002"], "scale": 1.5,
        "leakage": False,
    }  # fmt: skip
    assert runs[1][1] == {"epochs": 2, "chosen_networks": ["simple", "edgesegnet"]}
    assert runs[1][2].name == "train_network-epochs-2-networks-simple_edgesegnet.ipynb"


def test_other_settings_have_another_label():
    many = [f"{number:04}/sunset" for number in range(41)]
    settings = ({}, {"epochs": 2}, {"epochs": 2, "leakage": "no"}, {"data": "/a/b"}, {"data": "/a_b"},
                {"image": "/a/b"}, {"sequences": many[:40]}, {"sequences": many})  # fmt: skip
    labels = list(map(notebook.label, settings))
    assert labels[:3] == ["", "-epochs-2", "-epochs-2-leakage-no"]
    assert len(set(labels)) == len(labels)
    assert max(map(len, labels)) < 90
    assert not set("".join(labels)) & set("/ ")


def test_outputs_are_tidied_as_a_terminal_would_show_them(tmp_path):
    cell, emptied = (nbformat.v4.new_code_cell(source) for source in ("train()", "import keras"))
    cell.outputs = [
        nbformat.v4.new_output("stream", name="stderr", text=text)
        for text in ("\rstep 0", "\rstep 1", "\rstep 2", "\rstep 3\nWARNING: mine\n")
    ]
    emptied.outputs = [nbformat.v4.new_output("stream", name="stderr", text="half\r")]
    metadata = {"papermill": {}, "widgets": {"state": "large"}}
    path = tmp_path / "notebook.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell, emptied], metadata=metadata), path)
    notebook.tidy(path)
    tidied = nbformat.read(path, as_version=4)
    assert [output.text for output in tidied.cells[0].outputs] == ["step 3\nWARNING: mine\n"]
    assert tidied.cells[1].outputs == []
    assert not {"papermill", "widgets"} & tidied.metadata.keys()


def test_an_image_becomes_smaller_and_keeps_the_colours_of_plain_areas():
    rng = np.random.default_rng(0)
    smooth = np.linspace(0, 255, 3 * 200 * 300).reshape(200, 300, 3) + rng.normal(0, 4, (200, 300, 3))
    image = smooth.clip(0, 255).astype(np.uint8)
    image[:20] = 0, 199, 0
    legend = rng.integers(0, 256, (12, 3), np.uint8)
    for number, colour in enumerate(legend):
        image[180:192, 20 * number : 20 * number + 12] = colour
    smaller = notebook.smaller_png(as_png(image))
    assert len(smaller) < len(as_png(image)) / 2
    back = as_array(smaller)
    np.testing.assert_array_equal(back[:20], image[:20])
    np.testing.assert_array_equal(back[186, 6:246:20], legend)
    assert np.abs(back.astype(int) - image).mean() < 8
