"""Preprocessing again after damage, copies, full disks and other processes gives the same store."""

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from roadseg import files
from roadseg.data import preprocess, sources, staging, store
from roadseg.errors import DataError
from tests import raw_data

BAD = "vkitti_1.3.1_scenegt/0001/clone/00003.png"


def run(tree, target, **options):
    return preprocess.to_hdf5(sources.open(tree), target, progress=False, **options)


@pytest.fixture
def tree(tmp_path):
    return raw_data.virtual_kitti_1(tmp_path / "raw", frames=6)


@pytest.fixture
def interrupted(tree, tmp_path):
    """A target with some staged frames, and the digest of the store that it has to become."""
    run(tree, tmp_path / "whole")
    path = tree / BAD
    good = path.read_bytes()
    path.write_bytes(good[:50])
    with pytest.raises(DataError, match="00003"):
        run(tree, tmp_path / "store", workers=1)
    path.write_bytes(good)
    return tmp_path / "store", store.open(tmp_path / "whole").digest


def sql(statement):
    def damage(path):
        connection = sqlite3.connect(path)
        with connection:
            connection.execute(statement)
        connection.close()

    return damage


def overwrite_page(path):
    content = bytearray(path.read_bytes())
    content[100:3000] = b"\xff" * 2900
    path.write_bytes(content)


STAGING_DAMAGES = {
    "overwritten": lambda path: path.write_bytes(b"no database" * 1000),
    "a page": overwrite_page,
    "zeroed image": sql("UPDATE chunk SET image = zeroblob(length(image)) WHERE number = 1"),
    "NULL": sql("UPDATE chunk SET image = NULL"),
    "checksum -1": sql("UPDATE chunk SET checksum = -1"),
    "swapped images": sql("UPDATE chunk SET image = (SELECT image FROM chunk WHERE number = 2)"),
    "no table": sql("DROP TABLE chunk"),
    "a pipe": lambda path: [path.unlink(), os.mkfifo(path)],
}


@pytest.mark.parametrize("damage", STAGING_DAMAGES)
def test_a_damaged_staging_file_changes_nothing(tree, interrupted, damage):
    target, digest = interrupted
    STAGING_DAMAGES[damage](target / f"{store.FRAMES_FILE}.partial")
    run(tree, target)
    assert store.verify(target).digest == digest
    assert sorted(path.name for path in target.iterdir()) == [store.CLASS_MAPS_FILE, store.FRAMES_FILE]


def test_the_same_data_elsewhere_has_the_same_folder_and_is_not_done_again(tree, tmp_path):
    run(tree, tmp_path / "store")
    copy = tmp_path / "elsewhere" / "deep" / "data"
    shutil.copytree(tree, copy, copy_function=shutil.copyfile)  # with new times
    shutil.copytree(tmp_path / "store", tmp_path / "elsewhere" / "store")
    one, other = sources.open(tree), sources.open(copy)
    assert preprocess.folder_name(one, None, 3) == preprocess.folder_name(other, None, 3)
    assert run(copy, tmp_path / "elsewhere" / "store").written == 0


def test_an_interrupted_call_is_continued_in_a_copy(tree, interrupted, tmp_path):
    target, digest = interrupted
    shutil.copytree(tree, tmp_path / "copy" / "raw", copy_function=shutil.copyfile)
    shutil.copytree(target, tmp_path / "copy" / "store")
    report = run(tmp_path / "copy" / "raw", tmp_path / "copy" / "store")
    assert report.written == 3
    assert store.verify(tmp_path / "copy" / "store").digest == digest


@pytest.mark.parametrize("name", [BAD, "vkitti_1.3.1_rgb/0001/clone/00003.png"])
def test_an_image_of_the_same_size_with_other_pixels_is_noticed(tree, tmp_path, name):
    run(tree, tmp_path / "store")
    before = preprocess.folder_name(sources.open(tree), None, 3)
    content, status = (tree / name).read_bytes(), (tree / name).stat()
    other = (tree / name.replace("00003", "00004")).read_bytes()
    (tree / name).write_bytes(other + bytes(max(0, len(content) - len(other))))
    os.utime(tree / name, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert preprocess.folder_name(sources.open(tree), None, 3) != before
    assert run(tree, tmp_path / "store").written == 6


def test_another_encoding_has_another_folder(tree):
    before = preprocess.folder_name(sources.open(tree), None, 3)
    path = next(tree.glob("*/*encoding.txt"))
    path.write_text(path.read_text() + "Van:3 1 2 3\n")
    assert preprocess.folder_name(sources.open(tree), None, 3) != before


def test_a_call_that_waits_while_another_finishes_does_its_own_work(tree, tmp_path, monkeypatch):
    """The second one, of another scale, is made while the first writes the HDF5 file."""
    publish, second = preprocess._publish, []

    def publish_slowly(*arguments):
        monkeypatch.undo()
        report = threading.Thread(target=lambda: second.append(run(tree, tmp_path / "store", scale=1.5)))
        report.start()
        report.join(0.3)
        assert report.is_alive()
        publish(*arguments)
        second.append(report)

    monkeypatch.setattr(preprocess, "_publish", publish_slowly)
    assert run(tree, tmp_path / "store").size == (32, 21)
    second[0].join()
    assert second[1].size == (64, 42)
    assert run(tree, tmp_path / "store").size == (32, 21)


def test_a_call_that_waits_for_its_own_work_finds_it_done(tree, tmp_path, monkeypatch):
    write, waited = preprocess._write, []

    def write_after_another(*arguments):
        monkeypatch.undo()
        run(tree, tmp_path / "store")
        waited.append(True)
        return write(*arguments)

    monkeypatch.setattr(preprocess, "_write", write_after_another)
    assert run(tree, tmp_path / "store").written == 0
    assert waited


@pytest.mark.parametrize("failing", ["class maps", "removing what was staged"])
def test_a_disk_that_fails_after_the_frames_are_written_costs_nothing(
    tree, tmp_path, monkeypatch, failing
):
    def fail(path, *_):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    def write_but_class_maps(path, write):
        return fail(path) if path.name == store.CLASS_MAPS_FILE else files.atomic_write(path, write)

    if failing == "class maps":
        monkeypatch.setattr(preprocess, "atomic_write", write_but_class_maps)
        with pytest.raises(DataError, match=r"cannot be written .*Read-only"):
            run(tree, tmp_path / "store")
        monkeypatch.undo()
    else:
        monkeypatch.setattr(staging, "remove", fail)
        assert run(tree, tmp_path / "store").written == 6
        assert run(tree, tmp_path / "store").written == 0
        monkeypatch.undo()
    assert run(tree, tmp_path / "store").written == 0
    store.verify(tmp_path / "store")
    assert len(list((tmp_path / "store").iterdir())) == 2


def test_a_runtime_error_is_not_taken_for_a_full_disk(tree, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "roadseg.data.sources.base.read_image", lambda *_: (_ for _ in ()).throw(RuntimeError("a bug"))
    )
    with pytest.raises(RuntimeError, match="a bug"):
        run(tree, tmp_path / "store")


NO_LOCKS = """
import errno, fcntl, os, sys
def refuse(*_):
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
fcntl.flock = fcntl.lockf = refuse
from roadseg.data import preprocess, sources, store
store.verify(sys.argv[2])
assert preprocess.to_hdf5(sources.open(sys.argv[1]), sys.argv[2], progress=False).written == 0
preprocess.to_hdf5(sources.open(sys.argv[1]), sys.argv[2] + "-new", progress=False)
"""


def test_without_locks_a_store_is_read_and_writing_one_says_what_is_missing(tree, tmp_path):
    run(tree, tmp_path / "store")
    command = [sys.executable, "-c", NO_LOCKS, tree, tmp_path / "store"]
    ended = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    assert "store-new: its file system has no locks (No locks available)" in ended.stderr
    assert ended.returncode == 1


def test_settings_of_numpy_types_and_a_target_below_the_home_directory(tree, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    report = run(
        tree, "~/store", scale=np.float32(1.5), workers=np.int64(1), sequences=np.array(["0001"])
    )
    assert report.path == tmp_path / "store" / store.FRAMES_FILE
    assert run(tree, tmp_path / "store", scale=1.5).written == 0
    names = {preprocess.folder_name(sources.open(tree), None, kind(1.5)) for kind in (float, np.float32)}
    assert len(names) == 1


@pytest.mark.parametrize("workers", [0, -1])
def test_workers_are_at_least_one(tree, tmp_path, workers):
    with pytest.raises(ValueError, match="at least 1"):
        run(tree, tmp_path / "store", workers=workers)


def test_a_frame_that_becomes_a_pipe_is_named(tree, tmp_path):
    source = sources.open(tree)
    frames = source.frames()
    source.frames = lambda _: frames
    (tree / BAD).unlink()
    os.mkfifo(tree / BAD)
    with pytest.raises(DataError, match=r"00003\.png: cannot be read \(not a regular file\)"):
        preprocess.to_hdf5(source, tmp_path / "store", progress=False)


def test_what_killed_calls_left_is_removed(tree, tmp_path):
    run(tree, tmp_path / "store")
    (tmp_path / "store" / ".part-99999999-frames.hdf5").write_bytes(b"half")
    run(tree, tmp_path / "store")
    assert len(list(Path(tmp_path / "store").iterdir())) == 2
