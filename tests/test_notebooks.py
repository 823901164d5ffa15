"""The notebooks on tiny frames: one as `make notebook` runs it, others cell by cell in this process."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from PIL import Image

import roadscenes
from roadseg.inference import export
from tests import raw_data

CODE = Path(__file__).parents[1] / "Code"
NOTEBOOKS = {path.stem: nbformat.read(path, as_version=4).cells for path in CODE.glob("*.ipynb")}


def code_of(name):
    return [cell for cell in NOTEBOOKS[name] if cell.cell_type == "code"]


def run(name, capsys, **settings):
    """All that the cells print and show as text, and the number of figures."""
    variables, shown, figures = {}, [], 0
    for number, cell in enumerate(code_of(name)):
        *lines, last = ast.parse(cell.source).body
        value = None
        if isinstance(last, ast.Expr):
            exec(compile(ast.Module(lines, []), name, "exec"), variables)
            value = eval(compile(ast.Expression(last.value), name, "eval"), variables)
        else:
            exec(cell.source, variables)
        if number == 0:
            assert settings.keys() <= variables.keys()
            variables |= settings
        shown.append(str(value._repr_html_() if hasattr(value, "_repr_html_") else value))
        figures += len(plt.get_fignums()) + isinstance(value, Image.Image)
        plt.close("all")
    return capsys.readouterr().out + "\n".join(shown), figures


@pytest.fixture
def here(tmp_path, monkeypatch, eager):
    """Where the cells write."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_figure_and_network_is_there_beside_the_one_that_ships(here, raw, capsys):
    settings = {"chosen_networks": ["simple"], "start": "simple_plus"}
    text, figures = run("train_network", capsys, data=raw, epochs=1, **settings)
    assert figures == 19
    assert "simple_plus starts with what it knows of Terrain, Sky, " in text
    assert "21 -> 10 -> 5 -> 2 -> 1" in text
    assert re.search(r"first loss 2\.[67]\d, ln 14 = 2\.64", text)
    columns = "simple", "simple_plus", "simple_plus as it ships"
    assert re.search(r"\n +".join(f"<th>{name}</th>" for name in columns), text)
    assert not re.search(r"-[0-9a-f]{8}\b", text)  # names of folders, which no student need read


def test_a_study_trains_its_networks_and_shows_what_was_measured(here, raw, capsys):
    for name, study, expected in (
        ("edgesegnet_study", "edgesegnet_causes", 5),
        ("ideas", "ideas_one_by_one", 11),
    ):
        text, figures = run(name, capsys, data=raw, scale=3, epochs=1)
        assert figures == expected
        _, *rows = (CODE / f"studies/results/{study}.csv").read_text("utf-8").splitlines()
        assert any(row.split(",")[0] in text for row in rows)
        if name == "edgesegnet_study":  # the original's metric is a constant
            assert len(re.findall(r"<th>(?:untrained|original|repaired)</th>\n +<td>0\.464", text)) == 3


def test_an_image_is_labelled_and_a_network_is_trained_on_a_folder_of_ones_own(
    here, capsys, monkeypatch
):
    monkeypatch.setattr(roadscenes, "render", raw_data.render)
    monkeypatch.setattr(export, "_TURNS", 1)
    noise = np.random.default_rng(0).integers(0, 256, (375, 600, 3), np.uint8)
    Image.fromarray(noise).save("photograph.jpg")
    text, figures = run("use_network", capsys, image="photograph.jpg", epochs=1, seconds=1)
    assert "(375, 600) uint8" in text
    assert "10 labelled, mean confidence" in text
    assert "data:image/webp;base64" in text
    assert "labels that the table lacks: 1" in text
    assert "5 classes, trained on 8 own frames" in text
    assert re.search(r"saved_model float32 +\d\.\d+ +\d+ +1\.0000", text)
    assert figures == 10


def test_nothing_that_a_notebook_prints_worries_a_new_user(raw, tmp_path):
    code, output = tmp_path / "Code", tmp_path / "executed.ipynb"
    shutil.copytree(CODE, code, ignore=shutil.ignore_patterns("Data*", "Runs", "__pycache__"))
    settings = ["--data", raw, "--epochs", "1", "--networks", "simple", "--leakage", "no"]
    settings += ["--recipe", "original"]  # of fewer operations, so that it starts soon
    command = [sys.executable, "-m", "roadseg", "notebook", *settings, "--output", output]
    environment = os.environ | {"PYTHONPATH": str(code)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    # ipykernel may say "Task was destroyed" when it ends.
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Traceback" not in done.stderr
    assert output.stat().st_size < 2_000_000
    cells = [cell for cell in nbformat.read(output, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    streams = [each for cell in cells for each in cell.outputs if each.output_type == "stream"]
    assert {stream.name for stream in streams} == {"stdout"}  # pages show the other one in red
    text = "".join(stream.text for stream in streams)
    assert not re.search("\r|Error|WARNING|Warning|at random", text)
    assert len(text) < 10_000
    page = output.with_suffix(".html").read_text("utf-8")
    assert "<th>simple</th>" in page
    assert "<th>edgesegnet</th>" not in page


def test_cells_define_nothing_but_what_a_student_writes_and_text_is_short():
    for name, cells in NOTEBOOKS.items():
        code = code_of(name)
        for lines in (cell.source.splitlines() for cell in code):
            assert len(lines) <= 12
            assert not [line for line in lines if re.match(r"\s*(def (?!my_)|class |!|%)", line)]
        assert [c for c in code if "parameters" in c.metadata.get("tags", [])] == code[:1]
        words = sorted(len(cell.source.split()) for cell in cells if cell.cell_type == "markdown")
        assert words[len(words) // 2] <= 40
