"""Files that are whole under their name, or not there, also when the process is killed at any moment.

One process at a time writes into a folder, and only regular files are read.
"""

import contextlib
import errno
import os
import platform
import re
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock, Timeout

from roadseg.errors import DataError

_HOST = quote(platform.node(), safe="")  # without "@" and "/"
_PART = re.compile(r"\.part-([0-9]{1,10})(?:@([^@]*)@|-).+", re.DOTALL)  # earlier versions had no host
_ABANDONED = 24 * 3600  # seconds since somebody on another host wrote into a file
_WAIT = 1.0  # seconds for a process that is about to finish
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


def user_path(path: str | Path) -> Path:
    """The path with "~" replaced by the home directory; raises DataError when there is no such home."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise DataError(f"{path}: {error}; write the folder's whole name")


def atomic_write(path: Path, write: Callable[[Path], object]) -> None:
    """`write` makes a hidden file with the same suffix beside it, which then takes its name.

    The file is on the disk before it gets its name. What killed processes have left there is removed.
    Processes on several hosts may write into a folder that they share.
    """
    remove_leftovers(path.parent)
    part = path.with_name(f".part-{os.getpid()}@{_HOST}@{path.name}")
    try:
        write(part)
        flush_to_disk(part)
        part.replace(path)
        flush_to_disk(path.parent)
    finally:
        part.unlink(missing_ok=True)


def flush_to_disk(path: Path) -> None:
    """Waits until a file, or the list of names in a folder, is on the disk."""
    is_folder = path.is_dir()
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        if not is_folder:  # some file systems cannot flush a folder
            raise
    finally:
        os.close(descriptor)


def read_regular(path: Path, at_most: int) -> bytes:
    """The content of a file; raises OSError unless it is a regular file of at most so many bytes.

    A pipe or device is refused without waiting for it.
    """
    with open_regular(path, at_most) as file:
        content = file.raw.readall()
    if len(content) > at_most:
        raise OSError(errno.EFBIG, f"larger than {at_most} bytes", str(path))
    return content


def open_regular(path: Path, at_most: int):
    """A file, open for reading; raises OSError as `read_regular` does."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        if status.st_size > at_most:
            raise OSError(errno.EFBIG, f"larger than {at_most} bytes", str(path))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


@contextlib.contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Keeps other processes that ask for it out of a folder.

    The lock ends with the process, however that ends. Raises DataError while another one holds it, and
    where the file system has no locks.
    """
    path = folder / ".lock"
    lock = FileLock(path, timeout=_WAIT, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        raise DataError(f"{folder}: another process is writing into this folder; wait for it")
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        raise DataError(
            f"{folder}: its file system has no locks ({error.strerror}), which keep two processes from "
            "mixing their files; choose a folder on a local disk, and copy the result"
        )
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()  # one who waits for this very file sees that, and makes a new one
        lock.release()


def remove_leftovers(folder: Path) -> None:
    """Removes the hidden files of processes that are gone; those of other hosts after a day."""
    for path in folder.iterdir():
        if match := _PART.fullmatch(path.name):
            with contextlib.suppress(OSError):
                if _is_abandoned(path, int(match[1]), match[2] or _HOST):
                    path.unlink()


def _is_abandoned(path: Path, process: int, host: str) -> bool:
    if host == _HOST:
        return not _is_running(process)
    return time.time() - path.lstat().st_mtime > _ABANDONED


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except PermissionError:  # somebody else's
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True
