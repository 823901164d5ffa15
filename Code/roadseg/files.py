"""Files that are whole under their name, or not there; one process at a time writes into a folder."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from roadseg.errors import DataError

_WAIT = 1.0  # seconds for a process that is about to finish


def user_path(path: str | Path) -> Path:
    """The path with "~" replaced by the home directory; raises DataError when there is no such home."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise DataError(f"{path}: {error}; write the folder's whole name")


def atomic_write(path: Path, write: Callable[[Path], object]) -> None:
    """`write` makes a hidden file with the same suffix beside it, which then takes its name.

    The file is on the disk before it gets its name. What a killed process has left of the same file is
    written over: one process at a time writes into a folder, which is made where it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part-{path.name}")
    try:
        write(part)
        _flush_to_disk(part)
        part.replace(path)
        _flush_to_disk(path.parent)
    finally:
        part.unlink(missing_ok=True)


def _flush_to_disk(path: Path) -> None:
    """Waits until a file, or the list of names in a folder, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        if not path.is_dir():  # some file systems cannot flush a folder
            raise
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Keeps other processes that ask for it out of a folder.

    The lock ends with the process, however that ends. Raises DataError while another one holds it, and
    OSError where the file system has no locks.
    """
    path = folder / ".lock"
    lock = FileLock(path, timeout=_WAIT, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        raise DataError(f"{folder}: another process is writing into this folder; wait for it")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()  # one who waits for this very file sees that, and makes a new one
        lock.release()
