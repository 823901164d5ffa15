"""Taking some files out of a tar archive, on disk or on a server, without trusting anything in it."""

import gzip
import json
import operator
import tarfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from roadseg.data.download.remote import Unreachable
from roadseg.errors import DataError
from roadseg.files import atomic_write

_LARGEST = 8_000_000  # bytes of one member: 1242 x 375 pixels take 1.4 MB without any compression
_LARGEST_HEADER = 8192  # bytes of a header with its extensions; a plain one has 512
_FURTHEST = 1 << 62  # byte
_SAVE_EVERY = 200  # members: what a kill can cost of an index


class Readable(Protocol):
    """What tarfile needs of a file."""

    def seek(self, position: int) -> object: ...
    def tell(self) -> int: ...
    def read(self, size: int) -> bytes: ...


class _Careful:
    """An archive that reads no more at a time than `budget` bytes, whatever a forged header asks for."""

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


class Index:
    """Where the known files of an archive lie, as far as it was read; kept in a file.

    state: of the archive; what was noted of another one, or makes no sense, is not used.
    """

    def __init__(self, path: Path, state: object):
        self._path, self._state, self._unsaved = path, json.loads(json.dumps(state)), 0
        self.places: dict[str, tuple[int, int]] = {}  # name -> first byte, number of bytes
        self.read_to = 0  # byte
        try:
            saved = json.loads(path.read_text("utf-8"))
            read_to = operator.index(saved["read_to"])
            places = {name: (first, size) for name, (first, size) in saved["places"].items()}
            sensible = all(
                tarfile.BLOCKSIZE <= first < first + size <= read_to for first, size in places.values()
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return  # none yet, or damaged: it is made again
        if sensible and saved["state"] == self._state:
            self.places, self.read_to = places, read_to

    def __enter__(self) -> "Index":
        return self

    def __exit__(self, *_):
        if self._unsaved:
            self._save()

    def note(self, read_to: int) -> None:
        self.read_to = read_to
        self._unsaved += 1
        if self._unsaved == _SAVE_EVERY:
            self._save()

    def forget(self) -> None:
        self.places, self.read_to = {}, 0
        self._save()

    def _save(self) -> None:
        content = {"state": self._state, "read_to": self.read_to, "places": self.places}
        atomic_write(self._path, lambda part: part.write_text(json.dumps(content), "utf-8"))
        self._unsaved = 0


def extract(
    name: str,
    file: Readable | BinaryIO,
    index: Index,
    known: Collection[str],
    wanted: Collection[str],
    save: Callable[[str, bytes], object],
) -> None:
    """Gives the wanted members of a tar archive, as (name, content), to `save`.

    Nothing else in it is used: other names, links, devices and folders are passed over. The file is
    read forwards only.
    index: spares reading the headers that it has; notes the places of all `known` members.
    Raises DataError when a wanted member is missing, no plain file or too large, or the archive damaged.
    """
    try:
        _extract(_Careful(name, file), index, known, wanted, save)
    except Unreachable:
        raise
    except DataError:
        index.forget()  # it may be what is wrong
        raise


def _extract(
    careful: _Careful,
    index: Index,
    known: Collection[str],
    wanted: Collection[str],
    save: Callable[[str, bytes], object],
) -> None:
    name, missing = careful.name, set(wanted)
    for member in sorted(missing & index.places.keys(), key=index.places.get):
        save(member, _noted(careful, member, index.places[member]))
        missing.discard(member)
    if not missing:
        return
    for member, place, read_to in _members(careful, index.read_to):
        if member in missing:
            if place is None:
                raise DataError(f"{name}: {member} is not a plain file there; refused")
            save(member, _read(careful, member, *place))
            missing.discard(member)
        if place is not None and member in known:
            index.places.setdefault(member, place)
        index.note(read_to)
        if not missing:
            return
    raise DataError(
        f"{name}: {len(missing)} of the {len(wanted)} files asked for are not in it, such as "
        f"{min(missing)}; it is damaged or another archive"
    )


def _members(file: _Careful, start: int) -> Iterator[tuple[str, tuple[int, int] | None, int]]:
    """From byte `start` on: name, place (None: not a plain file) and where the next header begins."""
    try:
        file.seek(start)
        file.budget = _LARGEST_HEADER
        tar = tarfile.TarFile(fileobj=file)
        while (member := tar.next()) is not None:
            if not start < tar.offset < _FURTHEST:  # some would be read for ever
                raise DataError(f"{file.name}: the size of {member.name} is forged; refused")
            start = tar.offset
            tar.members.clear()  # tarfile keeps all
            plain = member.isreg() and not member.issparse()
            place = (member.offset_data, member.size) if plain else None
            yield member.name.removeprefix("./"), place, start
            file.budget = _LARGEST_HEADER
    except DataError:
        raise
    except (tarfile.TarError, ValueError, IndexError, OverflowError, RecursionError) as error:
        raise DataError(f"{file.name}: not a readable archive ({error}); get it again")


def _noted(file: _Careful, member: str, place: tuple[int, int]) -> bytes:
    """The content at a noted place; raises DataError unless the header before it is the member's."""
    first, size = place
    both = _read(file, member, first - tarfile.BLOCKSIZE, tarfile.BLOCKSIZE + size)
    header, content = both[: tarfile.BLOCKSIZE], both[tarfile.BLOCKSIZE :]
    try:
        found = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
        right = found.name.removeprefix("./") == member and found.size == size
    except (tarfile.TarError, ValueError):
        right = False
    if not right:
        raise DataError(f"{file.name}: {member} is no longer where it was noted; try again")
    return content


def _read(file: _Careful, member: str, first: int, size: int) -> bytes:
    if not 0 < size <= _LARGEST:
        raise DataError(f"{file.name}: {member} has {size} bytes; refused")
    file.seek(first)
    file.budget = size
    content = file.read(size)
    if len(content) < size:
        raise DataError(f"{file.name}: ends within {member}; it is not complete")
    return content
