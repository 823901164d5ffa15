"""Brings the sequences asked for, and only those, out of the official archives of Virtual KITTI.

A tar archive has no table of contents, but its headers can be hopped: each says how far it is to the
next. So a header is read, its member skipped or fetched, and the place of every member noted for the
next sequence.
"""

import gzip
import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tqdm import tqdm

from roadseg.download.archives import Index, Readable, extract
from roadseg.download.catalogue import LICENCE, VERSIONS, Archive, Version
from roadseg.download.remote import NotFound, Patience, RangeFile, Remote, StreamFile
from roadseg.errors import DataError
from roadseg.sources.image_files import decode_image
from roadseg.sources.virtual_kitti import VirtualKitti1, VirtualKitti2
from roadseg.whole_files import replace_file

__all__ = ["LICENCE", "Patience", "Plan", "fetch", "plan"]

_PATIENCE = Patience()
_FORMATS = {".png": "PNG", ".jpg": "JPEG"}
_HEADERS = (VirtualKitti1.header, VirtualKitti2.header)


@dataclass(frozen=True)
class Plan:
    """What has to be fetched for some sequences, and about how much that is.

    missing: for each archive, the names of the files that are not there yet.
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
        missing[archive] = [name for name in files if not (target / name).is_file()]
        share = len(missing[archive]) / len(edition.all_files(archive))
        if archive.is_small:
            share = min(1, len(missing[archive]))
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
    final name only when it is complete and could be read to its last byte. Raises DataError.
    """
    chosen, edition = plan(sequences, target, version), _version(version)
    if not accept_licence:
        raise DataError(
            f"{LICENCE}Nothing was fetched; accept_licence=True (for `make data`: ACCEPT_LICENCE=yes) "
            "accepts this."
        )
    try:
        _prepare(chosen)
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


def _prepare(chosen: Plan) -> None:
    """Shows the licence the first time, and sees whether there is space."""
    chosen.target.mkdir(parents=True, exist_ok=True)
    licence = chosen.target / "LICENCE_Virtual_KITTI.txt"
    if not licence.exists():
        print(LICENCE)
        replace_file(licence, lambda part: part.write_text(LICENCE, "utf-8"))
    needed, free = sum(chosen.bytes.values()), shutil.disk_usage(chosen.target).free
    if needed > free:
        raise DataError(
            f"{chosen.target}: {needed / 1e6:,.0f} MB are needed, {free / 1e6:,.0f} MB are free; make "
            "room, or fetch fewer sequences"
        )


def _take(
    edition: Version, archive: Archive, chosen: Plan, place: str, progress: bool, patience: Patience
) -> None:
    """The missing files of one archive."""
    target = chosen.target

    def save(name: str, content: bytes) -> None:
        _check(f"{archive.name}: {name}", content)
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, lambda part: part.write_bytes(content))

    size, known = chosen.bytes[archive], edition.all_files(archive)
    with (
        tqdm(total=size, unit="B", unit_scale=True, desc=archive.name, disable=not progress) as bar,
        _opened(edition, archive, target, place, patience, bar.update) as (file, state),
        Index(target / f".{archive.name}.index.json", state) as index,
    ):
        extract(archive.name, file, index, known, chosen.missing[archive], save)
        bar.total = bar.n  # what was expected was an estimate


@contextmanager
def _opened(
    edition: Version,
    archive: Archive,
    target: Path,
    place: str,
    patience: Patience,
    received: Callable[[int], object],
) -> Iterator[tuple[Readable | BinaryIO, object]]:
    """The archive, uncompressed, and what tells it from another one; on disk if it is there."""
    folders = [target] if "://" in place else [target, Path(place)]
    local = next((path for each in folders if (path := each / archive.name).is_file()), None)
    if local is None:
        if "://" not in place:
            raise DataError(f"{place}: no {archive.name} in this folder, nor an address that has it")
        address = f"{place.rstrip('/')}/{archive.name}"
        remote = Remote(address, patience, received)
        if not archive.is_small:
            yield (RangeFile if remote.has_ranges else StreamFile)(remote), [remote.size, remote.state]
            return
        local = target / archive.name
        _fetch_whole(remote, local, _checksum(edition, archive, place, patience))
    with gzip.open(local) if archive.is_small else local.open("rb") as file:
        state = local.stat()
        yield file, [state.st_size, state.st_mtime_ns]


def _fetch_whole(remote: Remote, path: Path, md5: str | None) -> None:
    """A whole file; what an interrupted call has of it is used, unless the sum is wrong then."""
    part = path.with_name(f".{path.name}.part")
    for start in (part.stat().st_size if part.exists() else 0, 0):
        if start and remote.size is not None and start >= remote.size:
            continue
        with part.open("r+b" if start else "wb") as file:
            file.seek(start)
            for piece in remote.parts(start, None):
                file.write(piece)
        with part.open("rb") as file:
            found = hashlib.file_digest(file, "md5").hexdigest()
        if md5 in (None, found):
            part.replace(path)
            return
    part.unlink()
    raise DataError(f"{remote.address}: its md5 sum is {found}, the published one {md5}; try again")


def _checksum(edition: Version, archive: Archive, place: str, patience: Patience) -> str | None:
    """The md5 sum that the server publishes; None when it publishes none."""
    try:
        listed = Remote(f"{place.rstrip('/')}/{edition.checksums}", patience, lambda _: None)
    except NotFound:
        return None
    lines = b"".join(listed.parts(0, None)).decode("utf-8", "replace").splitlines()
    sums = {name: md5 for md5, name in (line.split() for line in lines if len(line.split()) == 2)}
    return sums.get(archive.name)


def _check(name: str, content: bytes) -> None:
    """Raises DataError unless it is a complete picture, or an encoding file."""
    suffix = Path(name).suffix
    if suffix in _FORMATS:
        decode_image(content, name, _FORMATS[suffix], "RGB")
    elif content.split(b"\n")[0].decode("utf-8", "replace").strip() not in _HEADERS:
        raise DataError(f"{name}: not an encoding file; the archive is damaged or another one")
