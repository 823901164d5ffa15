"""Two trainings in one folder, full disks, and files that were lost, cut or exchanged."""

import errno
import os
import shutil
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from roadseg import files, training
from roadseg.errors import TrainingError
from roadseg.training import committed_folder
from roadseg.training.run_folder import RunFolder
from tests.training.runs import TINY, StopAfter, everything_but_times, tiny_for, train_tiny

pytestmark = pytest.mark.usefixtures("eager")
NAMES = [
    "settings.json", "split.json", "initial.weights.h5", "history.csv", "best.keras", "last.weights.h5",
    "manifest.json",
]  # fmt: skip


def other_run(frames, folder):
    """Of another network and rate, interrupted as the fixture is."""
    with pytest.raises(KeyboardInterrupt):
        train_tiny(
            frames,
            folder,
            replace(TINY, learning_rate=1e-3),
            tiny_for(frames, seed=5),
            callbacks=[StopAfter(5)],
        )
    return folder


DAMAGE = {
    "lost": lambda path: path.unlink(),
    "emptied": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "one bit": lambda path: flip(path),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
}


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", NAMES)
def test_an_unfinished_run_with_a_damaged_file_is_refused_by_its_name(
    frames, tiny_unfinished, tmp_path, name, damage
):
    folder = shutil.copytree(tiny_unfinished, tmp_path / "run")
    DAMAGE[damage](folder / name)
    with pytest.raises(TrainingError, match=rf"{name}: .*delete the\s+folder to train again"):
        train_tiny(frames, folder)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_another_run_is_refused(frames, tiny_unfinished, tmp_path, name):
    other = other_run(frames, tmp_path / "other")
    folder = shutil.copytree(tiny_unfinished, tmp_path / "run")
    same = (folder / name).read_bytes() == (other / name).read_bytes()
    shutil.copyfile(other / name, folder / name)
    if same:
        train_tiny(frames, folder)
    else:
        with pytest.raises(TrainingError, match="delete the folder to train again"):
            train_tiny(frames, folder)


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", ["settings.json", "split.json", "history.csv", "best.keras"])
def test_a_finished_run_is_believed_only_as_a_whole(frames, tiny_finished, tmp_path, name, damage):
    folder = shutil.copytree(tiny_finished.folder, tmp_path / "run")
    DAMAGE[damage](folder / name)
    for use in (lambda: train_tiny(frames, folder), lambda: training.open_run(folder)):
        with pytest.raises(TrainingError, match=rf"{name}: "):
            use()


@pytest.mark.parametrize("damage", [each for each in DAMAGE if each != "lost"])
def test_damaged_metrics_can_be_deleted_and_are_measured_again(frames, tiny_finished, tmp_path, damage):
    path = shutil.copytree(tiny_finished.folder, tmp_path / "run") / "metrics.json"
    DAMAGE[damage](path)
    for use in (lambda: train_tiny(frames, path.parent), lambda: training.open_run(path.parent)):
        with pytest.raises(
            TrainingError, match=r"metrics\.json: .*delete this file, and training again"
        ):
            use()
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(TrainingError, match="holds no finished run"):
        training.open_run(path.parent)
    assert everything_but_times(train_tiny(frames, path.parent)) == everything_but_times(tiny_finished)


@pytest.mark.parametrize("name", ["initial.weights.h5", "last.weights.h5"])
def test_a_finished_run_is_read_without_the_weights_of_its_training(
    frames, tiny_finished, tmp_path, name
):
    folder = shutil.copytree(tiny_finished.folder, tmp_path / "run")
    (folder / name).unlink()
    assert everything_but_times(train_tiny(frames, folder)) == everything_but_times(tiny_finished)


def test_a_changed_network_is_not_loaded(tiny_finished, tmp_path):
    folder = shutil.copytree(tiny_finished.folder, tmp_path / "run")
    run = training.open_run(folder)
    flip(run.best)
    with pytest.raises(TrainingError, match=r"best\.keras: is not as the run wrote it"):
        run.load_best()


def test_a_run_of_an_earlier_version_is_refused(frames, tiny_finished, tmp_path):
    folder = shutil.copytree(tiny_finished.folder, tmp_path / "run")
    (folder / "manifest.json").unlink()
    with pytest.raises(
        TrainingError, match=r"manifest\.json: lost, or the run is of an earlier version"
    ):
        train_tiny(frames, folder)
    with pytest.raises(TrainingError, match="holds no finished run"):
        training.open_run(folder)


@pytest.mark.parametrize("moment", ["staged", "committed", "half moved"])
def test_an_epoch_is_there_as_a_whole_or_not_at_all(
    frames, tiny_finished, tmp_path, moment, monkeypatch
):
    """Stops in the commit of the second epoch."""

    class Stop(Exception):
        pass

    settle, moved = committed_folder.CommittedFolder._settle, []

    def stop(folder):
        if folder.manifest.epochs == 2 and not moved:
            moved.append(moment)
            if moment == "half moved":
                os.replace(folder.path / "next/history.csv", folder.path / "history.csv")
            raise Stop
        settle(folder)

    def save(manifest, path):
        if manifest.epochs == 2:
            raise Stop
        real(manifest, path)

    real = committed_folder.Manifest.save
    with monkeypatch.context() as patch:
        if moment == "staged":
            patch.setattr(committed_folder.Manifest, "save", save)
        else:
            patch.setattr(committed_folder.CommittedFolder, "_settle", stop)
        with pytest.raises(Stop):
            train_tiny(frames, tmp_path)
    assert (tmp_path / "next").exists()
    assert everything_but_times(train_tiny(frames, tmp_path)) == everything_but_times(tiny_finished)
    assert not (tmp_path / "next").exists()


def test_a_second_training_is_told_so(frames, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_WAIT", 0.01)
    said = []

    class Second(threading.Thread):
        def run(self):
            try:
                train_tiny(frames, tmp_path)
            except TrainingError as error:
                said.append(str(error))

    with RunFolder(tmp_path).lock():
        second = Second()
        second.start()
        second.join()
    assert len(said) == 1
    assert "another process is writing into this folder" in said[0]
    assert train_tiny(frames, tmp_path).folder == tmp_path


def test_a_lock_ends_with_its_process(frames, tmp_path):
    program = (
        "import os, sys; from roadseg.training.run_folder import RunFolder\n"
        "with RunFolder(sys.argv[1]).lock(): os.kill(os.getpid(), 9)\n"
    )
    process = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, check=False)
    assert process.returncode == -9
    assert (tmp_path / ".lock").exists()
    assert train_tiny(frames, tmp_path).folder == tmp_path


def test_a_finished_run_needs_no_lock(frames, tiny_finished, tmp_path):
    folder = shutil.copytree(tiny_finished.folder, tmp_path / "run")
    with RunFolder(folder).lock():
        assert everything_but_times(train_tiny(frames, folder)) == everything_but_times(tiny_finished)


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS])
def test_a_file_system_without_locks_is_named(frames, tmp_path, monkeypatch, code):
    def refuse(*_, **__):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files.FileLock, "acquire", refuse)
    with pytest.raises(TrainingError, match="its file system has no locks"):
        train_tiny(frames, tmp_path)


@pytest.mark.parametrize("calls", [0, 3, 8, 12, 20])
def test_a_full_disk_keeps_the_finished_epochs(frames, tiny_finished, tmp_path, monkeypatch, calls):
    real, left = os.fsync, [calls]

    def full(descriptor):
        left[0] -= 1
        if left[0] < 0 and stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(TrainingError, match=r"No space left.* finished epochs are kept"):
            train_tiny(frames, tmp_path)
    assert everything_but_times(train_tiny(frames, tmp_path)) == everything_but_times(tiny_finished)


def test_a_folder_that_cannot_be_made_is_named(frames, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match="cannot be written"):
        train_tiny(frames, tmp_path / "file" / "run")


def test_what_killed_processes_left_is_removed(frames, tmp_path):
    leftover = tmp_path / ".part-999999999-last.weights.h5"
    leftover.write_bytes(b"half")
    train_tiny(frames, tmp_path)
    assert not leftover.exists()


def test_a_home_is_found(frames, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    run = train_tiny(frames, "~/run")
    assert run.folder == tmp_path / "run"
    assert training.open_run(Path("~/run")) == run
