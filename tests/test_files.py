"""Files are whole or not there, leftovers go, and one process at a time writes into a folder."""

import errno
import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from roadseg import files
from roadseg.errors import DataError


def test_a_file_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    synced = []

    def fsync(descriptor):
        names = sorted(path.name for path in tmp_path.iterdir())
        synced.append((str(Path(f"/proc/self/fd/{descriptor}").readlink()), names))

    monkeypatch.setattr(os, "fsync", fsync)
    files.atomic_write(tmp_path / "a.txt", lambda part: part.write_text("whole"))
    part = f".part-{os.getpid()}@{files._HOST}@a.txt"
    assert synced == [(str(tmp_path / part), [part]), (str(tmp_path), ["a.txt"])]


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail(part):
        part.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        files.atomic_write(path, fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_killed_processes_left_is_removed_and_what_others_write_is_not(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as alive:
        for number in (dead.pid, 99999999, 9999999999, alive.pid):
            for host in ("-", f"@{files._HOST}@"):  # "-": as earlier versions named them
                (tmp_path / f".part-{number}{host}last.weights.h5").write_text("half")
        files.atomic_write(tmp_path / "a.txt", lambda part: part.write_text("whole"))
        left = {path.name for path in tmp_path.iterdir()}
        alive.communicate()
    kept = {f".part-{alive.pid}{host}last.weights.h5" for host in ("-", f"@{files._HOST}@")}
    assert left == {"a.txt", *kept}


def test_what_another_host_writes_is_left_alone_for_a_day(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_HOST", "another-host")
    old, new = (tmp_path / f".part-99999999@node-7@{name}.png" for name in ("old", "new"))

    def write(part):
        assert part.name == f".part-{os.getpid()}@another-host@a.txt"
        part.write_text("whole")

    for path, hours in ((old, 25), (new, 23)):
        path.write_bytes(b"half")
        os.utime(path, times=2 * (time.time() - 3600 * hours,))
    files.atomic_write(tmp_path / "a.txt", write)
    assert sorted(path.name for path in tmp_path.iterdir()) == [new.name, "a.txt"]


def test_only_regular_files_of_a_sensible_size_are_read(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert files.read_regular(path, 5) == b"12345"
    with pytest.raises(OSError, match="larger than 4 bytes"):
        files.read_regular(path, 4)
    os.mkfifo(tmp_path / "pipe")  # without O_NONBLOCK, opening it would wait for ever
    for other in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(OSError, match="not a regular file"):
            files.read_regular(other, 5)


LOCKING = """
import sys, time
from pathlib import Path
from roadseg.files import folder_lock
with folder_lock(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""


def test_a_lock_keeps_other_processes_out_and_ends_with_its_process(tmp_path):
    with subprocess.Popen([sys.executable, "-c", LOCKING, tmp_path], stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"locked\n"
        with pytest.raises(DataError, match="another process is writing"), files.folder_lock(tmp_path):
            pass
        other.kill()
    with files.folder_lock(tmp_path), pytest.raises(DataError), files.folder_lock(tmp_path):
        pass  # not even another part of the same process
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    with (
        pytest.raises(DataError, match=r"file system has no locks \(No locks available\)"),
        files.folder_lock(tmp_path),
    ):
        pass


def test_a_folder_of_the_home_directory_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert files.user_path("~/data") == tmp_path / "data"
    with pytest.raises(DataError, match="~nobody-of-this-name"):
        files.user_path("~nobody-of-this-name/data")
