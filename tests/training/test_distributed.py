"""Several processes train as one does. All is computed on the CPU."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from roadseg import training
from roadseg.training import distributed
from tests.test_jax import QUICK_COMPILATION

ROOT = Path(__file__).parents[2]
PROGRAM = "from tests.training import together; together.main()"


def start(frames, *jobs, processes=1, number=0, coordinator="-"):
    environment = os.environ | QUICK_COMPILATION
    command = [PROGRAM, frames.path, str(processes), coordinator, str(number), *map(str, jobs)]
    return subprocess.Popen(
        [sys.executable, "-c", *command], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )


def together(frames, first, second):
    """Runs jobs in process 0 and in process 1; their exit statuses and messages."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{free.getsockname()[1]}"
    options = {"processes": 2, "coordinator": coordinator}
    running = [start(frames, *jobs, number=i, **options) for i, jobs in enumerate((first, second))]
    said = [process.communicate(timeout=200)[1] for process in running]
    return [process.returncode for process in running], said


def assert_same(one, other):
    one, other = training.open_run(one), training.open_run(other)
    for name in one.history.keys() - {"seconds"}:
        assert one.history[name] == pytest.approx(other.history[name], abs=1e-3), name
    weights = (run.load_best().get_weights() for run in (one, other))
    for values, others in zip(*weights, strict=True):
        np.testing.assert_allclose(values, others, atol=1e-4)


def test_two_processes_train_as_one_and_stop_when_their_settings_differ(frames, tmp_path):
    """With batch normalisation, which must see the whole batch, and with a short batch."""
    jobs = "norm:norm:8:2", "plain:plain:7:1"
    process = start(frames, *(f"{tmp_path}/one-{job}" for job in jobs))
    _, said = process.communicate(timeout=200)
    assert process.returncode == 0, said
    same, other = [f"{tmp_path}/two-{job}" for job in jobs], f"{tmp_path}/other:plain"
    codes, said = together(frames, [*same, f"{other}:11:3"], [*same, f"{other}:9:3"])
    for name in ("norm", "plain"):
        assert_same(tmp_path / f"one-{name}", tmp_path / f"two-{name}")
    assert codes == [1, 1]
    assert "holds a run with other settings (split)" in said[1]
    assert "process 1 cannot start" in said[0]


def test_only_jax_trains_in_several_processes():
    with pytest.raises(ValueError, match="KERAS_BACKEND=jax"):
        distributed.connect(2, "localhost:1234", 0)
