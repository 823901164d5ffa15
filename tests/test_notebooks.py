"""The notebook is run as `make notebook` runs it, on eight rendered scenes."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import roadscenes

CODE = Path(__file__).parents[1] / "Code"


def run(folder, *arguments):
    """A copy of Code, so that nothing is written into the project."""
    command = [sys.executable, "-m", "roadseg", "notebook", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(folder / "Code")}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    written = shutil.ignore_patterns("Data*", "Runs", "__pycache__")
    shutil.copytree(CODE, root / "Code", ignore=written)
    return root


@pytest.fixture(scope="module")
def executed(folder):
    scenes = folder / "raw"
    roadscenes.render(scenes, ["0001", "0002"], frames=range(0, 40, 10), progress=False)
    process = run(folder, "--data", scenes, "--epochs", 2)
    assert process.returncode == 0, process.stderr[-3000:]
    return process, folder / "Code/Runs/train_network.ipynb"


def test_it_runs_from_top_to_bottom_and_tells_where_the_result_lies(executed):
    process, path = executed
    page = path.with_suffix(".html")
    assert str(path) in process.stdout
    assert str(page) in process.stdout
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert page.stat().st_size > 100_000


def test_every_figure_is_there_and_outputs_are_clean(executed):
    _, path = executed
    cells = nbformat.read(path, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 10
    text = "".join(output.text for output in outputs if output.output_type == "stream")
    assert "\r" not in text
    assert "Error" not in text
    assert "WARNING" not in text
    assert len(text) < 10_000
    assert path.stat().st_size < 2_000_000


def test_it_shows_that_the_originals_metric_is_a_constant(executed):
    _, path = executed
    text = json.dumps(nbformat.read(path, as_version=4))
    assert "(C - 1) / (2 C) = 0.4643" in text
    assert re.search(r"untrained\s+original's metric 0\.464[0-9]", text)


def test_it_shows_what_random_frames_would_have_claimed(executed):
    _, path = executed
    text = json.dumps(nbformat.read(path, as_version=4))
    table = r"held-out scenes\s+random frames\\npixel accuracy +0\.\d+ +0\.\d+\\n"
    assert len(re.findall(table, text)) == 2


def test_it_shows_both_networks_side_by_side(executed):
    _, path = executed
    text = json.dumps(nbformat.read(path, as_version=4))
    assert re.search(r" simple +edgesegnet\\npixel accuracy +0\.\d+ +0\.\d+\\n", text)


def test_a_second_run_repeats_no_finished_work(executed, folder):
    process = run(folder, "--data", folder / "raw", "--epochs", 2)
    assert process.returncode == 0
    assert "(0 of them new)" in process.stdout
    assert "step/s" not in process.stderr


def test_one_network_alone_and_nothing_held_back(executed, folder):
    process = run(
        folder, "--data", folder / "raw", "--epochs", 1, "--networks", "simple", "--leakage", "no"
    )
    assert process.returncode == 0, process.stderr[-3000:]
    assert "held back" not in process.stdout
    assert "edgesegnet  " not in process.stdout


@pytest.mark.parametrize(
    ("name", "measured", "pictures"),
    [
        ("edgesegnet_study", "edgesegnet/causes/all-but-the-skip-0.json", 4),
        ("ideas", "ideas/one_by_one/simple-plus-0.json", 16),
    ],
)
def test_a_study_runs_on_the_same_scenes_and_shows_what_was_measured(
    executed, folder, name, measured, pictures
):
    process = run(folder, name, "--data", folder / "raw", "--epochs", 1, "--scale", 9)
    assert process.returncode == 0, process.stderr[-3000:]
    notebook = nbformat.read(folder / f"Code/Runs/{name}.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == pictures
    result = json.loads((CODE / "benchmarks/results" / measured).read_text())
    assert f"{result['validation']['mean_iou']:.3f}" in process.stdout


@pytest.mark.parametrize("path", sorted(CODE.glob("*.ipynb")), ids=lambda path: path.stem)
def test_cells_call_and_never_define(path):
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    for cell in cells:
        lines = cell.source.splitlines()
        assert len(lines) <= 12
        assert not [line for line in lines if re.match(r"\s*(def|class|!|%)", line)]
    assert [c for c in cells if "parameters" in c.metadata.get("tags", [])] == cells[:1]
