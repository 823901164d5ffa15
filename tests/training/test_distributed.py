"""Several processes and several devices train as one does. All is computed on the CPU."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from roadseg import networks, training
from roadseg.training import distributed

ROOT = Path(__file__).parents[2]
QUICK_COMPILATION = "--xla_backend_optimization_level=0"
PROGRAM = "from tests.training import together; together.main()"


def start(frames, *jobs, processes=1, number=0, coordinator="-", devices=1):
    flags = f"{QUICK_COMPILATION} --xla_force_host_platform_device_count={devices}"
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, frames.path, str(processes), coordinator, str(number), *jobs],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": "jax", "XLA_FLAGS": flags},
        stderr=subprocess.PIPE,
        text=True,
    )


def alone(frames, *jobs, devices=1):
    _, said = (process := start(frames, *jobs, devices=devices)).communicate(timeout=200)
    assert process.returncode == 0, said


def together(frames, first, second):
    """Runs a job in process 0 and one in process 1; their exit statuses and messages."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{free.getsockname()[1]}"
    options = {"processes": 2, "coordinator": coordinator}
    running = [start(frames, job, number=i, **options) for i, job in enumerate((first, second))]
    said = [process.communicate(timeout=200)[1] for process in running]
    return [process.returncode for process in running], said


def assert_same(one, other):
    one, other = training.open_run(one), training.open_run(other)
    for name in one.history.keys() - {"seconds"}:
        assert one.history[name] == pytest.approx(other.history[name], abs=1e-3), name
    assert one.metrics["mean_iou"] == pytest.approx(other.metrics["mean_iou"], abs=1e-3)
    weights = (networks.load(run.best).get_weights() for run in (one, other))
    for values, others in zip(*weights, strict=True):
        np.testing.assert_allclose(values, others, atol=1e-4)


def test_two_processes_train_as_one_with_one_device(frames, tmp_path):
    """With batch normalisation, which must see the whole batch."""
    codes, said = together(frames, f"{tmp_path}/two:norm:8:2", f"{tmp_path}/two:norm:8:2")
    assert codes == [0, 0], said
    alone(frames, f"{tmp_path}/one:norm:8:2")
    assert_same(tmp_path / "one", tmp_path / "two")


def test_two_devices_fill_a_short_batch_and_ignore_what_fills_it(frames, tmp_path):
    alone(frames, f"{tmp_path}/two:plain:7:1", devices=2)
    alone(frames, f"{tmp_path}/one:plain:7:1")
    one, two = (training.open_run(tmp_path / name) for name in ("one", "two"))
    for values, others in zip(one.load_best().get_weights(), two.load_best().get_weights(), strict=True):
        np.testing.assert_allclose(values, others, atol=1e-4)


def test_a_process_that_trains_otherwise_stops_all(frames, tmp_path):
    """Process 1 has another split."""
    codes, said = together(frames, f"{tmp_path}:plain:11:3", f"{tmp_path}:plain:9:3")
    assert codes == [1, 1]
    assert "holds a run with other settings (split)" in said[1]
    assert "process 1 cannot start" in said[0]


def test_only_jax_trains_in_several_processes():
    with pytest.raises(ValueError, match="KERAS_BACKEND=jax"):
        distributed.connect(2, "localhost:1234", 0)
