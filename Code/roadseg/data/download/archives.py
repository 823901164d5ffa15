"""Takes some files out of a tar archive, on disk or on a server, without trusting anything in it."""

import gzip
import tarfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Protocol

from roadseg.data.download.member_index import MAX_POSITION, MemberIndex
from roadseg.data.download.remote import Unreachable
from roadseg.errors import DataError

_MAX_MEMBER = 8_000_000  # bytes: 1242 x 375 pixels take 1.4 MB without any compression
_MAX_HEADER = 8192  # bytes of a header with its extensions; a plain one has 512


class Readable(Protocol):
    """The part of a file's interface that tarfile needs."""

    def seek(self, position: int) -> object: ...
    def tell(self) -> int: ...
    def read(self, size: int) -> bytes: ...


def extract(
    name: str,
    file: Readable | BinaryIO,
    index: MemberIndex,
    known: Collection[str],
    wanted: Collection[str],
    save: Callable[[str, bytes], object],
) -> None:
    """Gives the wanted members of a tar archive to `save`.

    Nothing else in it is used: other names, links, devices and folders are passed over. The file is
    read forwards only, and no further than to the last wanted member.

    Args:
        name: of the archive, for messages.
        file: the uncompressed archive.
        index: spares reading headers that an earlier call has read; it is brought up to date.
        known: the members whose positions the index keeps.
        wanted: the members to extract.
        save: called with the name and the content of each wanted member.

    Raises:
        DataError: a wanted member is missing, too large or no plain file, or the archive is damaged.
    """
    archive = _BoundedReader(name, file)
    try:
        missing = _save_indexed(archive, index, wanted, save)
        if missing:
            missing = _save_scanned(archive, index, known, missing, save)
        if missing:
            raise DataError(
                f"{name}: {len(missing)} of the {len(wanted)} files asked for are not in it, such as "
                f"{min(missing)}; it is damaged or another archive"
            )
    except Unreachable:
        raise
    except DataError:
        index.clear()  # the fault may lie there
        raise


def _save_indexed(
    archive: "_BoundedReader",
    index: MemberIndex,
    wanted: Collection[str],
    save: Callable[[str, bytes], object],
) -> set[str]:
    """Saves the wanted members that the index knows; returns the others."""
    indexed = set(wanted) & index.places.keys()
    for member in sorted(indexed, key=index.places.get):
        save(member, _read_indexed(archive, member, index.places[member]))
    return set(wanted) - indexed


def _save_scanned(
    archive: "_BoundedReader",
    index: MemberIndex,
    known: Collection[str],
    wanted: Collection[str],
    save: Callable[[str, bytes], object],
) -> set[str]:
    """Reads on from where the index ends until all wanted members are saved; returns those not found."""
    missing = set(wanted)
    for member, place, read_to in _members(archive, index.read_to):
        if member in missing:
            if place is None:
                raise DataError(f"{archive.name}: {member} is not a plain file there; refused")
            save(member, _read(archive, member, *place))
            missing.discard(member)
        if place is not None and member in known:
            index.places.setdefault(member, place)
        index.advance(read_to)
        if not missing:
            break
    return missing


class _BoundedReader:
    """Reads no more than `budget` bytes at a time, however many a forged header asks for."""

    def __init__(self, name: str, file: Readable | BinaryIO):
        self.name, self.tell, self._file = name, file.tell, file
        self.budget = 0

    def seek(self, position: int) -> None:
        with self._decompressing():
            self._file.seek(position)

    def read(self, size: int) -> bytes:
        self.budget -= size
        if size < 0 or self.budget < 0:
            raise DataError(f"{self.name}: a header asks for too many bytes; forged or damaged")
        with self._decompressing():
            return self._file.read(size)

    @contextmanager
    def _decompressing(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(f"{self.name}: not a complete gzip file ({error}); remove it and try again")


def _members(archive: _BoundedReader, start: int) -> Iterator[tuple[str, tuple[int, int] | None, int]]:
    """From byte `start` on: name, place (None: no plain file) and the byte of the next header."""
    try:
        archive.seek(start)
        archive.budget = _MAX_HEADER
        tar = tarfile.TarFile(fileobj=archive)
        while (member := tar.next()) is not None:
            if not start < tar.offset < MAX_POSITION:  # else reading might never end
                raise DataError(f"{archive.name}: the size of {member.name} is forged; refused")
            start = tar.offset
            tar.members.clear()  # tarfile keeps all
            is_plain = member.isreg() and not member.issparse()
            place = (member.offset_data, member.size) if is_plain else None
            yield member.name.removeprefix("./"), place, start
            archive.budget = _MAX_HEADER
    except DataError:
        raise
    except (tarfile.TarError, ValueError, IndexError, OverflowError, RecursionError) as error:
        raise DataError(f"{archive.name}: not a readable archive ({error}); get it again")


def _read_indexed(archive: _BoundedReader, member: str, place: tuple[int, int]) -> bytes:
    """The content at an indexed place; raises DataError unless the header before it is the member's."""
    first, size = place
    both = _read(archive, member, first - tarfile.BLOCKSIZE, tarfile.BLOCKSIZE + size)
    header, content = both[: tarfile.BLOCKSIZE], both[tarfile.BLOCKSIZE :]
    try:
        found = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
        is_right = found.name.removeprefix("./") == member and found.size == size
    except (tarfile.TarError, ValueError):
        is_right = False
    if not is_right:
        raise DataError(f"{archive.name}: {member} is no longer where it was noted; try again")
    return content


def _read(archive: _BoundedReader, member: str, first: int, size: int) -> bytes:
    if not 0 < size <= _MAX_MEMBER:
        raise DataError(f"{archive.name}: {member} has {size} bytes; refused")
    archive.seek(first)
    archive.budget = size
    content = archive.read(size)
    if len(content) < size:
        raise DataError(f"{archive.name}: ends within {member}; it is not complete")
    return content
