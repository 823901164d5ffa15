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


def run(folder, *arguments):
    """A copy of Code, so that nothing is written into the project."""
    command = [sys.executable, "-m", "roadseg", "notebook", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(folder / "Code")}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def outputs_of(path):
    return [each for cell in nbformat.read(path, as_version=4).cells for each in cell.get("outputs", [])]


def count_images(path):
    return sum("image/png" in output.get("data", {}) for output in outputs_of(path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    written = shutil.ignore_patterns("Data*", "Runs", "__pycache__")
    shutil.copytree(CODE, root / "Code", ignore=written)
    return root


@pytest.fixture(scope="module")
def scenes(folder):
    target = folder / "raw"
    roadscenes.render(target, ["0001", "0002"], frames=range(0, 40, 10), progress=False)
    return target


@pytest.fixture(scope="module")
def executed(folder, scenes):
    output = folder / "Code/Runs/executed.ipynb"
    process = run(folder, "--data", scenes, "--epochs", 2, "--output", output)
    assert process.returncode == 0, process.stderr[-3000:]
    return process, output


def test_it_runs_from_top_to_bottom_and_tells_where_the_result_lies(executed):
    process, path = executed
    page = path.with_suffix(".html")
    assert str(path) in process.stdout
    assert str(page) in process.stdout
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert page.stat().st_size > 100_000


def test_nothing_that_it_prints_worries_a_new_user(executed):
    process, path = executed
    assert process.stderr == ""
    streams = [output for output in outputs_of(path) if output.output_type == "stream"]
    assert {output.name for output in streams} == {"stdout"}  # pages show the other one in red
    text = "".join(output.text for output in streams)
    assert not re.search("\r|Error|WARNING|Warning", text)
    assert len(text) < 10_000


def test_every_figure_is_there_and_small(executed):
    _, path = executed
    assert count_images(path) == 15
    assert path.stat().st_size < 2_000_000


def test_it_shows_that_the_originals_metric_is_a_constant(executed):
    _, path = executed
    text = json.dumps(nbformat.read(path, as_version=4))
    assert "(C - 1) / (2 C) = 0.4643" in text
    assert re.search(r"<th>untrained</th>\\n +<td>0\.464", text)


def test_it_shows_both_networks_side_by_side(executed):
    _, path = executed
    text = json.dumps(nbformat.read(path, as_version=4))
    assert re.search(r"<th>simple</th>\\n +<th>edgesegnet</th>", text)


def test_a_second_run_repeats_no_finished_work(executed, folder, scenes):
    process = run(folder, "--data", scenes, "--epochs", 2)
    assert process.returncode == 0, process.stderr[-3000:]
    assert "(0 of them new)" in process.stdout
    assert "step/s" not in process.stdout


def test_one_network_alone_and_no_random_frames_held_out(executed, folder, scenes):
    settings = ("--epochs", 1, "--networks", "simple", "--leakage", "no")
    process = run(folder, "--data", scenes, *settings)
    assert process.returncode == 0, process.stderr[-3000:]
    assert "at random" not in process.stdout
    (path,) = (folder / "Code/Runs").glob("train_network-*networks-simple*.ipynb")
    assert "<th>edgesegnet</th>" not in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "study", "images"),
    [("edgesegnet_study", "edgesegnet_causes", 5), ("ideas", "ideas_one_by_one", 10)],
)
def test_a_study_runs_on_the_same_scenes_and_shows_what_was_measured(
    executed, folder, scenes, name, study, images
):
    output = folder / f"Code/Runs/{name}.ipynb"
    settings = ("--epochs", 1, "--scale", 9, "--output", output)
    process = run(folder, name, "--data", scenes, *settings)
    assert process.returncode == 0, process.stderr[-3000:]
    assert process.stderr == ""
    assert count_images(output) == images
    summary = (CODE / f"studies/results/{study}.csv").read_text("utf-8").splitlines()
    assert any(row.split(",")[0] in output.read_text("utf-8") for row in summary[1:])


def test_use_network_labels_an_image_and_trains_on_a_folder_that_it_writes(folder, scenes):
    output, photograph = folder / "Code/Runs/use_network.ipynb", folder / "photograph.jpg"
    with Image.open(next(scenes.rglob("00010.png"))) as scene:
        scene.convert("RGB").crop((100, 0, 700, 375)).save(photograph)
    settings = ("--image", photograph, "--epochs", 1, "--seconds", 1, "--output", output)
    process = run(folder, "use_network", *settings)
    assert process.returncode == 0, process.stderr[-3000:]
    text = json.dumps(nbformat.read(output, as_version=4))
    assert "(375, 600) uint8" in text
    assert "10 labelled, 0 were there already" in text
    assert "data:image/webp;base64" in text
    assert "labels that the table lacks: 5" in text
    assert "5 classes, trained on 8 own frames" in text
    assert re.search(r"saved_model float32 +4\.\d+ +\d+ +1\.0000", text)
    assert count_images(output) == 10
    assert output.stat().st_size < 2_000_000


@pytest.mark.parametrize("path", sorted(CODE.glob("*.ipynb")), ids=lambda path: path.stem)
def test_cells_call_and_never_define_and_text_is_short(path):
    cells = nbformat.read(path, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    for cell in code:
        lines = cell.source.splitlines()
        assert len(lines) <= 12
        assert not [line for line in lines if re.match(r"\s*(def |class |!|%)", line)]
    assert [c for c in code if "parameters" in c.metadata.get("tags", [])] == code[:1]
    words = sorted(len(cell.source.split()) for cell in cells if cell.cell_type == "markdown")
    assert words[len(words) // 2] <= 40
