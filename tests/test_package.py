"""What importing the package does, each time in a fresh interpreter; its dependencies, and `make`."""

import os
import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
IMPORT_ALL_OF_DATA = """
import importlib, pkgutil, sys
import roadseg.data

for module in pkgutil.walk_packages(roadseg.data.__path__, "roadseg.data."):
    if module.name != "roadseg.data.batches":  # which Keras trains with
        importlib.import_module(module.name)
print(*sys.modules)
"""
HEAVY = {"tensorflow", "jax", "torch", "keras", "embreex", "matplotlib"}
WITHOUT_EXTRAS = """
import sys
for package in ("jupyter", "IPython", "ipywidgets", "papermill", "nbformat", "nbclient", "nbconvert",
                "pandas", "scipy", "embreex", "dask", "distributed", "jax", "sklearn", "pytest", "onnx",
                "onnxruntime"):
    sys.modules[package] = None  # as if it were not installed

from roadseg.cli import main
import roadseg.inference, roadseg.plots, roadseg.training
main(["predict", "--help"])
"""


def after(program: str) -> subprocess.CompletedProcess:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    return subprocess.run(
        [sys.executable, "-c", program], env=inherited, capture_output=True, text=True, check=True
    )


def test_it_turns_onednn_on_and_starts_no_tensorflow():
    done = after(
        "import os, sys, roadseg\n"
        "print(os.environ['TF_ENABLE_ONEDNN_OPTS'], 'tensorflow' in sys.modules, 'keras' in sys.modules)"
    )
    assert done.stdout.split() == ["1", "False", "False"]
    assert done.stderr == ""


def test_it_warns_when_it_comes_too_late_for_that():
    imitation = "import sys, types; sys.modules['tensorflow'] = types.ModuleType('tensorflow')\n"
    assert "Import roadseg first" in after(imitation + "import roadseg").stderr
    chosen = "import os; os.environ['TF_ENABLE_ONEDNN_OPTS'] = '0'\n"
    assert after(imitation + chosen + "import roadseg").stderr == ""


def test_preparing_data_needs_no_network_no_renderer_and_no_plots():
    imported = set(after(IMPORT_ALL_OF_DATA).stdout.split())
    assert {"roadseg.data.splits", "roadseg.data.sources.camvid"} <= imported
    assert not HEAVY & imported


def test_labelling_training_and_figures_need_no_extra():
    assert "usage: roadseg predict" in after(WITHOUT_EXTRAS).stdout


def test_every_dependency_has_a_tested_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = chain(project["dependencies"], *project["optional-dependencies"].values())
    names = {re.match(r"[\w-]+", requirement)[0] for requirement in needed} - {"roadseg"}
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.match(r"[\w-]+==[\w.]+ +# \w", pin) for pin in pins)  # and the reason
    assert {pin.partition("==")[0] for pin in pins} == names | {"distributed"}  # of dask[distributed]


@pytest.fixture
def make(tmp_path):
    """`make` where the commands of .venv print their arguments."""
    (tmp_path / "Makefile").symlink_to(ROOT / "Makefile")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    for name in ("roadseg", "jupyter"):
        command = tmp_path / ".venv/bin" / name
        command.write_text('#!/bin/sh\nprintf "<%s>" "$@"\n')
        command.chmod(0o755)
    for name in ("requirements.txt", "pyproject.toml", ".venv/installed"):
        (tmp_path / name).touch()

    def run(*arguments: str) -> str:
        done = subprocess.run(
            ["make", "-s", *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout

    return run


def test_make_lab_opens_copies_and_keeps_those_that_are_there(make, tmp_path):
    code, lab = tmp_path / "Code", tmp_path / "Code/Runs/lab"
    lab.mkdir(parents=True)
    for path in (code / "one.ipynb", code / "two.ipynb", lab / "two.ipynb"):
        path.write_text(path.parent.name)
    assert "<--ServerApp.root_dir=Code/Runs/lab>" in make("lab")
    assert (lab / "one.ipynb").read_text() == "Code"
    assert (lab / "two.ipynb").read_text() == "lab"


def test_make_hands_values_over_as_they_are(make, tmp_path):
    """Nothing in them is expanded, by make or by the shell; lists are divided at spaces."""
    for value in ("my drive", "it's", "a$b $(shell touch ran)", 'a"; touch ran; "`touch ran`', "a;b\\"):
        assert make("notebook", f"DATA={value}") == f"<notebook><--data><{value}>"
        assert (
            make("data", "SEQUENCES=a* it's", f"DATA={value}") == f"<fetch><a*><it's><--output><{value}>"
        )
    assert not (tmp_path / "ran").exists()
    assert make("scenes", "FRAMES=0:9:3") == "<render><--frames><0:9:3><--output><Code/Data/scenes>"


def test_make_says_in_a_line_which_python_it_needs(tmp_path):
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\necho 3.9\n")
    old.chmod(0o755)
    for python, found in (("./old", "Python 3.9"), ("./nowhere", "no Python")):
        done = subprocess.run(
            ["make", "test", f"PYTHON={python}"], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode != 0
        (line,) = done.stderr.splitlines()
        assert f"{python} is {found}, but Python 3.11 to 3.13 is needed" in line
