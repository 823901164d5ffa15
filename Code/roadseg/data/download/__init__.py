"""Brings the sequences asked for, and only those, out of the official archives of Virtual KITTI.

A tar archive has no table of contents, but its headers can be hopped: each says how far it is to the
next. So a header is read, its member skipped or fetched, and the place of every member noted for the
next sequence.
"""

import gzip
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tqdm import tqdm

from roadseg.data import sources
from roadseg.data.download.archives import Index, Readable, extract
from roadseg.data.download.catalogue import LICENCE, VERSIONS, Archive, Version
from roadseg.data.download.remote import Patience, RangeFile, Remote, StreamFile
from roadseg.data.download.whole import fetch_whole, published_md5
from roadseg.data.sources.image_files import decode_image
from roadseg.errors import DataError
from roadseg.files import atomic_write

__all__ = ["LICENCE", "Patience", "Plan", "fetch", "plan"]

_PATIENCE = Patience()
_FORMATS = {".png": "PNG", ".jpg": "JPEG"}
_MARGIN = 1.1  # of the disk space that is asked for


@dataclass(frozen=True)
class Plan:
    """What has to be fetched for some sequences, and about how much that is.

    missing: for each archive, the names of the files that are not there yet; bytes: of each, about.
    """

    sequences: tuple[str, ...]
    target: Path
    missing: dict[Archive, list[str]]
    bytes: dict[Archive, int]

    def __str__(self) -> str:
        files, size = sum(map(len, self.missing.values())), sum(self.bytes.values())
        return (
            f"{', '.join(self.sequences)}: {files:,} files, about {size / 1e6:,.0f} MB, to fetch "
            f"into {self.target}"
        )


def plan(sequences: str | Iterable[str], target: str | Path, version: str = "1.3.1") -> Plan:
    """What `fetch` would do; nothing is fetched. Raises DataError as it does."""
    target, edition = Path(target), _version(version)
    names = edition.sequences(sequences)
    missing, sizes = {}, {}
    for archive in edition.archives:
        files = dict.fromkeys(name for each in names for name in edition.files(archive, each))
        missing[archive] = [name for name in files if not _is_there(target / name)]
        share = len(missing[archive]) / len(edition.all_files(archive))
        if archive.is_small:
            share = bool(missing[archive]) and not _is_there(target / archive.name)
        sizes[archive] = round(archive.size * share)
    return Plan(tuple(names), target, missing, sizes)


def fetch(
    sequences: str | Iterable[str],
    target: str | Path,
    version: str = "1.3.1",
    url: str | Path | None = None,
    accept_licence: bool = False,
    progress: bool = True,
    patience: Patience = _PATIENCE,
) -> None:
    """Brings sequences of Virtual KITTI into `target`, laid out as the archives are.

    sequences: "0001/sunset" or "Scene01/sunset/Camera_0"; "0001" stands for all below it.
    version: "1.3.1" or "2.0.3".
    url: another place of the archives: an address, or a folder with them. Archives that lie in
        `target` itself are used first. None: the official server.
    accept_licence: that you accept LICENCE, under which the data is.

    Files that are there are kept, so an interrupted call can be made again, and goes on. A file has its
    final name only when it is complete: of a PNG file every checksum is right, a JPEG file is decoded to
    its end, an encoding file is understood. Beside them stay the small archive of version 2.0.3 and
    hidden files that say where an archive holds what. Raises DataError.
    """
    chosen, edition = plan(sequences, target, version), _version(version)
    if not any(chosen.missing.values()):
        return
    if not accept_licence:
        raise DataError(
            f"{LICENCE}Nothing was fetched; accept_licence=True (for `make data`: ACCEPT_LICENCE=yes) "
            "accepts this."
        )
    try:
        _prepare(edition, chosen)
        for archive, names in chosen.missing.items():
            if names:
                _take(edition, archive, chosen, str(url or edition.address), progress, patience)
    except OSError as error:
        raise DataError(
            f"{error.filename or target}: {error.strerror or error}; what is complete is kept, so call "
            "again to continue"
        )


def _version(name: str) -> Version:
    if name not in VERSIONS:
        raise DataError(f"no version {name!r} of Virtual KITTI: {' or '.join(VERSIONS)}")
    return VERSIONS[name]


def _is_there(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _prepare(edition: Version, chosen: Plan) -> None:
    """Sees whether the folder is fit and has space, and shows the licence the first time."""
    target = chosen.target
    target.mkdir(parents=True, exist_ok=True)
    others = {name for name, kind in sources.KINDS.items() if kind.recognises(target)} - {edition.kind}
    if others or any(target.glob("vkitti_2.0.3_*/Scene*")):
        raise DataError(
            f"{target}: holds {' and '.join(others) or 'archives in folders of their own'} already; "
            "fetch into another folder, so that each holds one data set in one layout"
        )
    needed, free = _MARGIN * sum(chosen.bytes.values()), shutil.disk_usage(target).free
    if needed > free:
        raise DataError(
            f"{target}: {needed / 1e6:,.0f} MB are needed, {free / 1e6:,.0f} MB are free; make room, or "
            "fetch fewer sequences"
        )
    shown = target / ".licence_shown"
    if not shown.exists():
        print(LICENCE)
        shown.touch()


def _take(
    edition: Version, archive: Archive, chosen: Plan, place: str, progress: bool, patience: Patience
) -> None:
    """The missing files of one archive."""
    target = chosen.target

    def save(name: str, content: bytes) -> None:
        _check(edition, f"{archive.name}: {name}", content)
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, lambda part: part.write_bytes(content))

    size, known = chosen.bytes[archive], edition.all_files(archive)
    with (
        tqdm(total=size, unit="B", unit_scale=True, desc=archive.name, disable=not progress) as bar,
        _opened(edition, archive, target, place, patience, bar) as (file, state),
        Index(target / f".{archive.name}.index.json", state) as index,
    ):
        extract(archive.name, file, index, known, chosen.missing[archive], save)
        bar.total = bar.n  # what was expected was an estimate


@contextmanager
def _opened(
    edition: Version, archive: Archive, target: Path, place: str, patience: Patience, bar: tqdm
) -> Iterator[tuple[Readable, object]]:
    """The archive, uncompressed, and what tells it from another one; on disk if it is there."""
    folders = [target] if "://" in place else [target, Path(place).expanduser()]
    local = next((path for each in folders if (path := each / archive.name).is_file()), None)
    if local is None:
        if "://" not in place:
            raise DataError(f"{place}: no {archive.name} in this folder, nor is it an address")
        remote = Remote(f"{place.rstrip('/')}/{archive.name}", patience, bar.update)
        if not archive.is_small:
            if not remote.has_ranges:
                bar.total = remote.size
            yield (RangeFile if remote.has_ranges else StreamFile)(remote), [remote.size, remote.state]
            return
        local = target / archive.name
        checksums = f"{place.rstrip('/')}/{edition.checksums}"
        fetch_whole(remote, archive, local, published_md5(checksums, archive, patience))
    with gzip.open(local) if archive.is_small else local.open("rb") as file:
        state = local.stat()
        yield _Watched(file, bar), [state.st_size, state.st_mtime_ns]


class _Watched:
    """A file on disk whose reading moves a progress bar."""

    def __init__(self, file: BinaryIO, bar: tqdm):
        self.seek, self.tell, self._read, self._bar = file.seek, file.tell, file.read, bar

    def read(self, size: int) -> bytes:
        content = self._read(size)
        self._bar.update(len(content))
        return content


def _check(edition: Version, name: str, content: bytes) -> None:
    """Raises DataError unless it is a complete picture or encoding file."""
    suffix = Path(name).suffix
    if suffix in _FORMATS:
        decode_image(content, name, _FORMATS[suffix], "RGB")
    else:
        sources.KINDS[edition.kind].parse_encoding(content.decode("utf-8", "replace"), name)
