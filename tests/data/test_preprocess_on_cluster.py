"""Preprocessing on a cluster of two worker processes: the same frames, whatever is killed."""

import os
import pickle
import subprocess
import sys

import pytest

from roadseg import cli
from roadseg.data import preprocess, sources, store
from roadseg.data.preprocess_frame import Compressor
from roadseg.data.preprocess_job import Job
from roadseg.errors import DataError
from roadseg.parallel import on_cluster
from tests import clusters, raw_data

FRAMES = 600


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    return raw_data.virtual_kitti_1(tmp_path_factory.mktemp("raw") / "raw", frames=FRAMES)


@pytest.fixture(scope="module")
def expected(raw, tmp_path_factory):
    """What one thread writes."""
    folder = tmp_path_factory.mktemp("expected")
    preprocess.to_hdf5(sources.open(raw), folder, workers=1, progress=False)
    return contents(folder)


@pytest.fixture
def cluster(tmp_path):
    (tmp_path / "cluster").mkdir()
    with clusters.running(tmp_path / "cluster") as cluster:
        yield cluster


def contents(folder):
    """All but how frames are compressed: isal has once compressed one to a byte less than before."""
    assert {path.name for path in folder.iterdir()} == {store.FRAMES_FILE, store.CLASS_MAPS_FILE}
    with store.open(folder) as frames:
        images, labels = frames.read(range(len(frames)))
        attributes = {name: repr(value) for name, value in frames.attributes.items()}
        class_maps = (folder / store.CLASS_MAPS_FILE).read_bytes()
        return frames.names, images.tobytes(), labels.tobytes(), attributes, class_maps


def killing(process, target):
    """After the first frames are staged, before the HDF5 file is there."""
    staged, finished = target / f"{store.FRAMES_FILE}.partial", target / store.FRAMES_FILE

    def is_begun():  # an empty one has 260 kB
        return staged.is_file() and staged.stat().st_size > 400_000

    return clusters.killing(process, is_begun, finished.exists)


def test_a_killed_worker_costs_only_its_frames(raw, expected, cluster, tmp_path, monkeypatch):
    target = tmp_path / "store"
    monkeypatch.chdir(raw.parent)  # a relative name means nothing to workers in other folders
    with killing(cluster.workers[0], target), on_cluster(cluster.address):
        report = preprocess.to_hdf5(sources.open(raw.name), target, progress=False)
    assert report.written == FRAMES
    assert contents(target) == expected
    store.verify(target)


def test_a_lost_scheduler_is_one_error_and_the_rest_is_preprocessed_later(
    raw, expected, cluster, tmp_path, capsys
):
    target = tmp_path / "store"
    command = ["preprocess", str(raw), "--output", str(target)]
    with killing(cluster.scheduler, target):
        assert cli.main([*command, "--dask", cluster.address]) == 1
    message = capsys.readouterr().err.strip()
    assert message.startswith(f"roadseg preprocess: {target}: the Dask ")
    assert message.endswith("Frames finished so far are kept: run again to continue")
    assert "\n" not in message
    report = preprocess.to_hdf5(sources.open(raw), target, progress=False)
    assert 0 < report.written < FRAMES
    assert contents(target) == expected


def test_a_killed_caller_is_continued_on_the_same_cluster(raw, expected, cluster, tmp_path, capsys):
    target = tmp_path / "store"
    command = ["preprocess", str(raw), "--output", str(target), "--dask", cluster.address]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    caller = subprocess.Popen(
        [sys.executable, "-m", "roadseg", *command], env=environment, stdout=subprocess.DEVNULL
    )
    with killing(caller, target):
        caller.wait()
    assert cli.main(command) == 0
    assert f"{FRAMES} frames of 32 x 21" in capsys.readouterr().out
    assert contents(target) == expected


def test_a_bad_frame_on_a_cluster_is_named(cluster, tmp_path):
    tree = raw_data.virtual_kitti_1(tmp_path / "raw")
    path = tree / "vkitti_1.3.1_rgb/0001/clone/00002.png"
    path.write_bytes(path.read_bytes()[:-20])
    with on_cluster(cluster.address), pytest.raises(DataError, match=r"00002\.png"):
        preprocess.to_hdf5(sources.open(tree), tmp_path / "store", progress=False)


def test_copies_of_the_compressor_are_small_and_one_object(raw):
    job = Job.of(sources.open(raw), None, 3)
    compress = Compressor(job.source, job.downscale)
    frame = job.source.frames()[0]
    made = compress(frame)  # builds the look-up table of its colours
    copied = pickle.dumps(compress)
    assert len(copied) < 4000
    copy = pickle.loads(copied)
    assert copy is pickle.loads(copied)
    assert copy(frame) == made


def test_workers_and_a_cluster_are_not_given_both(raw, capsys):
    with pytest.raises(SystemExit):
        cli.main(["preprocess", str(raw), "--workers", "2", "--dask", "tcp://127.0.0.1:1"])
    assert "not allowed with argument" in capsys.readouterr().err
