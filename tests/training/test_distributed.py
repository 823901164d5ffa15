"""Several processes and several devices train as one does. All is computed on the CPU."""

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


def start(frames, *jobs, processes=1, number=0, coordinator="-", devices=1):
    environment = os.environ | QUICK_COMPILATION
    environment["XLA_FLAGS"] += f" --xla_force_host_platform_device_count={devices}"
    command = [PROGRAM, frames.path, str(processes), coordinator, str(number), *map(str, jobs)]
    return subprocess.Popen(
        [sys.executable, "-c", *command], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )


def alone(frames, *jobs, devices=1):
    _, said = (process := start(frames, *jobs, devices=devices)).communicate(timeout=200)
    assert process.returncode == 0, said


def together(frames, first, second):
    """Runs jobs in process 0 and in process 1; their exit statuses and messages."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{free.getsockname()[1]}"
    options = {"processes": 2, "coordinator": coordinator}
    running = [start(frames, *jobs, number=i, **options) for i, jobs in enumerate((first, second))]
    said = [process.communicate(timeout=200)[1] for process in running]
    return [process.returncode for process in running], said


@pytest.fixture(scope="module")
def one(frames, tmp_path_factory):
    """Trainings on one device."""
    folder = tmp_path_factory.mktemp("one")
    alone(frames, f"{folder}/norm:norm:8:2", f"{folder}/plain:plain:7:1")
    return folder


def assert_same(one, other):
    one, other = training.open_run(one), training.open_run(other)
    for name in one.history.keys() - {"seconds"}:
        assert one.history[name] == pytest.approx(other.history[name], abs=1e-3), name
    weights = (run.load_best().get_weights() for run in (one, other))
    for values, others in zip(*weights, strict=True):
        np.testing.assert_allclose(values, others, atol=1e-4)


def test_two_processes_train_as_one_and_stop_when_their_settings_differ(frames, one, tmp_path):
    """First with batch normalisation, which must see the whole batch; then with another split."""
    same, other = f"{tmp_path}/two:norm:8:2", f"{tmp_path}/other:plain"
    codes, said = together(frames, [same, f"{other}:11:3"], [same, f"{other}:9:3"])
    assert_same(one / "norm", tmp_path / "two")
    assert codes == [1, 1]
    assert "holds a run with other settings (split)" in said[1]
    assert "process 1 cannot start" in said[0]


def test_two_devices_fill_a_short_batch_and_ignore_what_fills_it(frames, one, tmp_path):
    alone(frames, f"{tmp_path}:plain:7:1", devices=2)
    assert_same(one / "plain", tmp_path)


def test_only_jax_trains_in_several_processes():
    with pytest.raises(ValueError, match="KERAS_BACKEND=jax"):
        distributed.connect(2, "localhost:1234", 0)
