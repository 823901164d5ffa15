"""The command of every benchmark."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import benchmarks

FOLDER = Path(benchmarks.__path__[0])
SCRIPTS = [path for path in FOLDER.glob("*.py") if "__main__" in path.read_text("utf-8")]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_benchmark_tells_how_it_is_run_and_imports_roadseg_before_tensorflow(script):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    done = subprocess.run(
        [sys.executable, script, "--help"], env=environment, capture_output=True, text=True, check=True
    )
    assert f"benchmarks/{script.name}" in done.stdout
    assert "Import roadseg first" not in done.stderr
