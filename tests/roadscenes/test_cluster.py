"""Rendering on a cluster of two worker processes: the same bytes, whatever is killed."""

import os
import subprocess
import sys

import pytest

import roadscenes
from roadscenes import tasks
from roadseg import cli
from roadseg.errors import DataError
from roadseg.parallel import on_cluster
from tests import clusters
from tests.roadscenes.small_scenes import digests

FRAMES = range(0, 24, 3)  # of one section of the drive
ASKED = {"worlds": ["0018"], "frames": FRAMES, "progress": False}
COMMAND = ["render", "--worlds", "0018", "--frames", "0:24:3"]


@pytest.fixture(autouse=True)
def two_frames_a_task(monkeypatch):
    monkeypatch.setattr(tasks, "_LARGEST_TASK", 2)


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What one process renders."""
    folder = tmp_path_factory.mktemp("expected") / "scenes"
    roadscenes.render(folder, **ASKED, workers=1)
    return digests(folder)


@pytest.fixture
def cluster(tmp_path):
    (tmp_path / "cluster").mkdir()
    with clusters.running(tmp_path / "cluster") as cluster:
        yield cluster


def images(target):
    return list(target.glob("vkitti_1.3.1_rgb/0018/clone/[0-9]*.png"))


def killing(process, target):
    """After the first image, before the last one."""
    return clusters.killing(process, lambda: images(target), lambda: len(images(target)) == len(FRAMES))


def test_a_killed_worker_costs_only_its_frames(cluster, expected, tmp_path):
    target = tmp_path / "scenes"
    with killing(cluster.workers[0], target), on_cluster(cluster.address):
        roadscenes.render(target, **ASKED)
    assert {name: found for name, found in digests(target).items() if ".part-" not in name} == expected
    (frame,) = images(target)[:1]
    frame.unlink()  # the next call renders it, and removes what the killed worker has left
    with on_cluster(cluster.address):
        roadscenes.render(target, **ASKED)
    assert digests(target) == expected


def test_a_lost_scheduler_is_one_error_and_the_rest_is_rendered_later(
    cluster, expected, tmp_path, capsys
):
    target = tmp_path / "scenes"
    with killing(cluster.scheduler, target):
        assert cli.main([*COMMAND, "--output", str(target), "--dask", cluster.address]) == 1
    message = capsys.readouterr().err.strip()
    assert message == (
        f"roadseg render: {target}: the Dask scheduler is gone; what is rendered is kept, "
        "so call again to continue"
    )
    kept = {path: path.stat().st_mtime_ns for path in images(target)}
    for worker in cluster.workers:
        worker.kill()
        worker.wait()
    roadscenes.render(target, **ASKED, workers=1)
    assert digests(target) == expected
    assert kept == {path: path.stat().st_mtime_ns for path in kept}


def test_a_killed_caller_is_continued_on_the_same_cluster(cluster, expected, tmp_path):
    target = tmp_path / "scenes"
    command = [*COMMAND, "--output", str(target), "--dask", cluster.address]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    program = "import sys; from roadscenes import tasks; tasks._LARGEST_TASK = 2\n"
    program += "from roadseg import cli; cli.main(sys.argv[1:])"
    caller = subprocess.Popen(
        [sys.executable, "-c", program, *command], env=environment, stdout=subprocess.DEVNULL
    )
    with killing(caller, target):
        caller.wait()
    assert cli.main(command) == 0
    assert digests(target) == expected


def test_a_worker_that_does_not_see_the_folder_renders_nothing(tmp_path):
    task = tasks.RenderTask(tmp_path / "elsewhere", "0018", 0, False, 0, (0,), ("clone",))
    with pytest.raises(DataError, match="does not see this folder"):
        tasks.render_frames(task)
    assert list(tmp_path.iterdir()) == []


def test_what_a_lost_worker_has_finished_of_a_task_is_left_alone(tmp_path):
    roadscenes.render(tmp_path, ["0018"], frames=1, progress=False)
    (image,) = images(tmp_path)
    written = image.stat().st_mtime_ns
    task = tasks.RenderTask(tmp_path, "0018", 0, False, 0, (0,), ("clone",))
    assert tasks.render_frames(task) == 1
    assert image.stat().st_mtime_ns == written
