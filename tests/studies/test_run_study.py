"""The command that runs a study."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import studies
from studies import run_study
from studies.catalogue import MODULES

SCRIPT = Path(studies.__path__[0]) / "run_study.py"


def test_without_a_name_it_lists_all_studies_and_imports_roadseg_before_tensorflow():
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    done = subprocess.run(
        [sys.executable, SCRIPT], env=environment, capture_output=True, text=True, check=True
    )
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(MODULES)
    assert "Import roadseg first" not in done.stderr


def test_a_study_on_camvid_asks_for_its_folder():
    with pytest.raises(SystemExit, match=r"best: this study trains on CamVid.*--camvid FOLDER"):
        run_study.main(["best"])


def test_an_unknown_study_is_refused(capsys):
    with pytest.raises(SystemExit):
        run_study.main(["worst"])
    assert "ideas_one_by_one" in capsys.readouterr().err
