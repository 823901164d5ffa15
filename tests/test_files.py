"""Files are whole or not there, leftovers go, and one process at a time writes into a folder."""

import errno
import subprocess
import sys

import pytest

from roadseg import files
from roadseg.errors import DataError

KILLED = """
import os, sys
from pathlib import Path
from roadseg.files import atomic_write
atomic_write(Path(sys.argv[1]), lambda part: [part.write_text("half"), os.kill(os.getpid(), 9)])
"""


def test_a_failed_write_leaves_nothing_and_what_a_killed_one_left_goes_with_the_next(tmp_path):
    def fail(part):
        part.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "a [1].txt"
    path.write_text("old")
    with pytest.raises(OSError, match="No space"):
        files.atomic_write(path, fail)
    assert ([*tmp_path.iterdir()], path.read_text()) == ([path], "old")
    subprocess.run([sys.executable, "-c", KILLED, path], check=False)
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2
    files.atomic_write(path, lambda part: part.write_text("whole"))
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "whole"


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


def test_a_folder_of_the_home_directory_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert files.user_path("~/data") == tmp_path / "data"
    with pytest.raises(DataError, match="~nobody-of-this-name"):
        files.user_path("~nobody-of-this-name/data")
