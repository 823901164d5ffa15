"""The notebooks are run as `make notebook` runs them, on eight rendered scenes."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from PIL import Image

import roadscenes

CODE = Path(__file__).parents[1] / "Code"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A copy of Code, so that nothing is written into the project."""
    root = tmp_path_factory.mktemp("project")
    written = shutil.ignore_patterns("Data*", "Runs", "__pycache__")
    shutil.copytree(CODE, root / "Code", ignore=written)
    return root


@pytest.fixture(scope="module")
def scenes(folder):
    roadscenes.render(folder / "raw", ["0001", "0002"], frames=range(0, 40, 10), progress=False)
    return folder / "raw"


def run(folder, name, *settings):
    """What is printed, the outputs of the cells, and the number of images among them."""
    output = folder / f"Code/Runs/{name}-{len(settings)}.ipynb"
    command = [sys.executable, "-m", "roadseg", "notebook", name, *settings, "--output", output]
    environment = os.environ | {"PYTHONPATH": str(folder / "Code")}
    process = subprocess.run(
        list(map(str, command)), env=environment, capture_output=True, text=True, check=False
    )
    # ipykernel may say "Task was destroyed" when it ends.
    assert "Traceback" not in process.stderr, process.stderr[-3000:]
    assert process.returncode == 0
    assert str(output.with_suffix(".html")) in process.stdout
    assert output.stat().st_size < 2_000_000
    cells = nbformat.read(output, as_version=4).cells
    counts = [cell.execution_count for cell in cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    outputs = [each for cell in cells for each in cell.get("outputs", [])]
    return process.stdout, outputs, sum("image/png" in each.get("data", {}) for each in outputs)


@pytest.fixture(scope="module")
def executed(folder, scenes):
    return run(folder, "train_network", "--data", scenes, "--epochs", 2, "--scale", 6)


def test_nothing_that_it_prints_worries_a_new_user(executed):
    streams = [output for output in executed[1] if output.output_type == "stream"]
    assert {output.name for output in streams} == {"stdout"}  # pages show the other one in red
    text = "".join(output.text for output in streams)
    assert not re.search("\r|Error|WARNING|Warning", text)
    assert len(text) < 10_000


def test_every_figure_and_both_networks_are_there_beside_the_one_that_ships(executed):
    _, outputs, images = executed
    assert images == 19
    text = json.dumps(outputs)
    assert "62 -> 31 -> 15 -> 7 -> 3" in text
    assert "first loss 2.64, ln 14 = 2.64" in text
    columns = "simple", "edgesegnet", "simple_plus as it ships"
    assert re.search(r"\\n +".join(f"<th>{name}</th>" for name in columns), text)
    assert not re.search(r"-[0-9a-f]{8}\b", text)  # names of folders, which no student need read


def test_one_network_alone_and_no_random_frames_held_out(executed, folder, scenes):
    settings = ("--data", scenes, "--epochs", 1, "--scale", 6, "--networks", "simple", "--leakage", "no")
    printed, outputs, _ = run(folder, "train_network", *settings)
    assert "preprocess: " not in printed  # the frames are those of the other run
    assert "at random" not in printed
    assert "<th>edgesegnet</th>" not in json.dumps(outputs)


@pytest.mark.parametrize(
    ("name", "study", "figures"),
    [("edgesegnet_study", "edgesegnet_causes", 5), ("ideas", "ideas_one_by_one", 11)],
)
def test_a_study_runs_on_the_same_scenes_and_shows_what_was_measured(
    folder, scenes, name, study, figures
):
    _, outputs, images = run(folder, name, "--data", scenes, "--epochs", 1, "--scale", 9)
    assert images == figures
    summary = (CODE / f"studies/results/{study}.csv").read_text("utf-8").splitlines()
    text = json.dumps(outputs)
    assert any(row.split(",")[0] in text for row in summary[1:])
    if name == "edgesegnet_study":  # the original's metric is a constant
        assert len(re.findall(r"<th>(?:untrained|original|repaired)</th>\\n +<td>0\.464", text)) == 3


def test_use_network_labels_an_image_and_trains_on_a_folder_that_it_writes(folder, scenes):
    photograph = folder / "photograph.jpg"
    with Image.open(next(scenes.rglob("00010.png"))) as scene:
        scene.convert("RGB").crop((100, 0, 700, 375)).save(photograph)
    settings = ("--image", photograph, "--epochs", 1, "--seconds", 1)
    _, outputs, images = run(folder, "use_network", *settings)
    text = json.dumps(outputs)
    assert "(375, 600) uint8" in text
    assert "10 labelled, mean confidence" in text
    assert "data:image/webp;base64" in text
    assert "labels that the table lacks: 5" in text
    assert "5 classes, trained on 8 own frames" in text
    assert re.search(r"saved_model float32 +4\.\d+ +\d+ +1\.0000", text)
    assert images == 10


def test_cells_define_nothing_but_what_a_student_writes_and_text_is_short():
    for path in CODE.glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        code = [cell for cell in cells if cell.cell_type == "code"]
        for lines in (cell.source.splitlines() for cell in code):
            assert len(lines) <= 12
            assert not [line for line in lines if re.match(r"\s*(def (?!my_)|class |!|%)", line)]
        assert [c for c in code if "parameters" in c.metadata.get("tags", [])] == code[:1]
        words = sorted(len(cell.source.split()) for cell in cells if cell.cell_type == "markdown")
        assert words[len(words) // 2] <= 40
