"""Several processes and several devices train as one does. All is computed on the CPU."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from roadseg import networks, training
from roadseg.training.feed import Share
from roadseg.training.manifest import Manifest
from roadseg.training.processes import Processes

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
    _, said = (process := start(frames, *jobs, devices=devices)).communicate(timeout=120)
    assert process.returncode == 0, said


def together(frames, first, second):
    """Runs a job in process 0 and one in process 1; their exit statuses and messages."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{free.getsockname()[1]}"
    options = {"processes": 2, "coordinator": coordinator}
    running = [start(frames, job, number=i, **options) for i, job in enumerate((first, second))]
    said = [process.communicate(timeout=120)[1] for process in running]
    return [process.returncode for process in running], said


@pytest.fixture(scope="module")
def folders(frames, tmp_path_factory):
    """A run of two processes in which first one died, then the other; and a copy from in between."""
    run = tmp_path_factory.mktemp("together") / "run"
    job = f"{run}:plain:11:3"  # the last of three batches has three frames, so one is filled in
    codes, said = together(frames, job, f"{job}:1")
    assert codes == [1, -signal.SIGKILL]
    assert "TrainingError: process 0 lost another one" in said[0]
    assert Manifest.load(run / "manifest.json").epochs == 1
    shutil.copytree(run, copy := run.with_name("copy"))

    codes, said = together(frames, f"{job}:2", job)
    assert codes == [-signal.SIGKILL, 1]
    assert "TrainingError: " in said[1]
    assert "start all processes again" in said[1]
    assert Manifest.load(run / "manifest.json").epochs == 2

    codes, said = together(frames, job, job)
    assert codes == [0, 0], said
    return run, copy


@pytest.fixture(scope="module")
def two_devices(frames, tmp_path_factory):
    """The same, and a shorter one with batch normalisation, in one process with two devices."""
    folder = tmp_path_factory.mktemp("devices")
    alone(frames, f"{folder}/plain:plain:11:3", f"{folder}/norm:norm:8:2", devices=2)
    return folder


def assert_same(one, other, but=()):
    one, other = training.open_run(one), training.open_run(other)
    for name in one.history.keys() - {"seconds", *but}:
        assert one.history[name] == pytest.approx(other.history[name], abs=1e-3), name
    assert one.metrics["mean_iou"] == pytest.approx(other.metrics["mean_iou"], abs=1e-3)
    weights = (networks.load(run.best).get_weights() for run in (one, other))
    for values, others in zip(*weights, strict=True):
        np.testing.assert_allclose(values, others, atol=1e-4)


def test_two_processes_of_which_each_died_once_train_as_one_with_two_devices(folders, two_devices):
    assert_same(folders[0], two_devices / "plain")


def test_one_process_with_one_device_trains_on_and_ignores_nothing_but_what_was_filled_in(
    frames, folders
):
    run, copy = folders
    alone(frames, f"{copy}:plain:11:3")
    # A batch that was filled in counts as a whole one in the mean of the epoch's losses.
    assert_same(copy, run, but={"loss"})


def test_batch_normalisation_sees_the_whole_batch_of_all_devices(frames, two_devices, tmp_path):
    alone(frames, f"{tmp_path}/norm:norm:8:2")
    assert_same(tmp_path / "norm", two_devices / "norm")


def test_a_process_that_cannot_start_tells_the_others(frames, tmp_path):
    """Process 1 has another split."""
    codes, said = together(frames, f"{tmp_path}:plain:11:3", f"{tmp_path}:plain:9:3")
    assert codes == [1, 1]
    assert all("process 1 has another split than process 0" in each for each in said)


@pytest.mark.parametrize(("count", "devices"), [(4, 2), (3, 2), (1, 4), (5, 4)])
def test_a_share_is_as_large_as_the_others_and_repeats_frames_only_to_fill(count, devices):
    shares = [Share(process, 2, devices).of(count) for process in range(2)]
    places, filling = (np.concatenate(each) for each in zip(*shares, strict=True))
    assert len(shares[0][0]) == len(shares[1][0])
    assert len(places) % devices == 0
    assert len(places) < count + devices
    assert places[~filling].tolist() == list(range(count))
    assert set(places[filling]) <= set(range(count))


def test_processes_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="process 2 of 2"):
        Processes(2, "localhost:1234", 2)
    for nowhere in ("localhost", "localhost:", ":80", "host:port"):
        with pytest.raises(ValueError, match="HOST:PORT"):
            Processes(2, nowhere, 0)


def test_only_jax_trains_in_several_processes():
    with pytest.raises(ValueError, match="KERAS_BACKEND=jax"):
        training.connect(Processes(2, "localhost:1234", 0))
