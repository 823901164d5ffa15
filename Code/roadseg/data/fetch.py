"""Fetches single sequences of Virtual KITTI out of its official tar archives, by HTTP ranges.

A tar archive has no table of contents, but each header says how far it is to the next one. So a header
is read, its member skipped or fetched, and the position of every member noted for the next sequence.
"""

import gzip
import io
import json
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO
from urllib.request import getproxies, proxy_bypass

import urllib3

from roadseg.data.catalogue import LICENCE, RELEASES, Archive, Release
from roadseg.data.sources.images import decode_image
from roadseg.errors import DataError
from roadseg.files import atomic_write, folder_lock, user_path
from roadseg.progress import progress_bar

TIMEOUT = 30.0  # seconds without a byte, until a request is made again
RETRIES = urllib3.Retry(
    total=8,
    connect=4,  # a wrong address or no network: about 14 seconds
    other=0,  # an invalid certificate stays invalid
    backoff_factor=1,
    backoff_max=60,
    status_forcelist=(408, 425, 429, 500, 502, 503, 504),
)
_FAILURES = OSError, EOFError, zlib.error, tarfile.TarError, urllib3.exceptions.HTTPError
_AHEAD = 1024  # bytes that hold the padding of a member and the next header
_MEMBERS_PER_SAVE = 200  # of the index: what a kill can cost


@dataclass(frozen=True)
class Plan:
    """What a call of `fetch` has to fetch."""

    release: Release
    sequences: tuple[str, ...]
    target: Path
    missing: dict[Archive, list[str]]  # names of the files that are not in `target` yet
    size: int  # bytes to fetch, an estimate

    def __str__(self) -> str:
        files = sum(map(len, self.missing.values()))
        return (
            f"{', '.join(self.sequences)}: {files:,} files, about {self.size / 1e6:,.0f} MB, to fetch "
            f"into {self.target}"
        )


def plan(sequences: str | Iterable[str], target: str | Path, version: str = "1.3.1") -> Plan:
    """What `fetch` with the same arguments would do; nothing is fetched.

    Raises DataError for an unknown sequence or version.
    """
    if version not in RELEASES:
        raise DataError(f"no version {version!r} of Virtual KITTI: {' or '.join(RELEASES)}")
    target, release = user_path(target), RELEASES[version]
    names = release.sequences(sequences)
    missing, size = {}, 0
    for archive in release.archives:
        files = dict.fromkeys(name for each in names for name in release.files(archive, each))
        missing[archive] = [name for name in files if not (target / name).is_file()]
        share = len(missing[archive]) / release.frames
        if archive.is_compressed:
            share = bool(missing[archive]) and not (target / archive.name).is_file()
        size += round(archive.size * share)
    return Plan(release, tuple(names), target, missing, size)


def fetch(
    sequences: str | Iterable[str],
    target: str | Path,
    version: str = "1.3.1",
    url: str | Path | None = None,
    accept_licence: bool = False,
    progress: bool = True,
) -> None:
    """Fetches sequences of Virtual KITTI into `target`, laid out as the archives are.

    Files that are there are kept, so an interrupted call continues when it is made again. A file has
    its final name only when it is complete. The small archive of version 2.0.3 stays in the target, and
    so do hidden files that say where each member of an archive begins.

    Args:
        sequences: "0001/sunset" or "Scene01/sunset/Camera_0"; "0001" stands for all below it.
        target: a folder for this version alone; it is created.
        version: "1.3.1" or "2.0.3".
        url: another address of the archives, or a folder with them; None: the official server.
            Archives that lie in `target` itself are used first.
        accept_licence: whether you accept LICENCE, the terms of the data.
        progress: shows progress bars.

    Raises DataError for all that goes wrong; what is complete is kept.
    """
    chosen = plan(sequences, target, version)
    where = target = chosen.target
    if not any(chosen.missing.values()):
        return
    if not accept_licence:
        raise DataError(
            f"{LICENCE}Nothing was fetched; accept_licence=True (`roadseg fetch --accept-licence`, "
            "`make data ACCEPT_LICENCE=yes`) accepts this."
        )
    try:
        target.mkdir(parents=True, exist_ok=True)
        with folder_lock(target):
            chosen = plan(sequences, target, version)  # another process may have fetched some of it
            for archive, names in chosen.missing.items():
                if names:
                    where = archive.name
                    file, state = _open(archive, str(url or chosen.release.address), target)
                    with file:
                        _extract(archive.name, file, state, set(names), target, progress)
    except _FAILURES as error:
        raise DataError(f"{where}: {error}; what is complete is kept, so call again to continue")


def _open(archive: Archive, place: str, target: Path) -> tuple[BinaryIO, object]:
    """The uncompressed archive in a folder or at an address, and a state that changes when it does."""
    path = target / archive.name
    if not path.is_file():
        path = None if "://" in place else user_path(place) / archive.name
    remote = None if path else _RemoteFile(f"{place.rstrip('/')}/{archive.name}")
    if not archive.is_compressed:
        return (remote, remote.state) if remote else (path.open("rb"), path.stat().st_mtime_ns)
    content = path.read_bytes() if path else b"".join(iter(lambda: remote.read(1 << 20), b""))
    tar = gzip.decompress(content)
    if remote:
        atomic_write(target / archive.name, lambda part: part.write_bytes(content))
    return io.BytesIO(tar), zlib.crc32(content)


def _extract(name: str, file: BinaryIO, state, missing: set[str], target: Path, progress: bool) -> None:
    """Writes the missing members of an archive, first those whose headers an earlier call has read."""
    index_file = target / f".{name}.index.json"
    index = {"state": state, "read_to": 0, "offsets": {}}
    with suppress(OSError, ValueError, KeyError):  # none yet, or damaged
        noted = json.loads(index_file.read_text("utf-8"))
        if noted["state"] == state:
            index |= noted
    offsets = index["offsets"]  # name -> first byte of its header
    known = sorted(offsets[each] for each in missing & offsets.keys())
    members = chain(
        *(islice(_members(file, each), 1) for each in known), _members(file, index["read_to"])
    )
    with progress_bar(len(missing), 0, unit="file", description=name, shown=progress) as bar:
        try:
            for number, (tar, member) in enumerate(members, 1):
                path = member.name.removeprefix("./")
                offsets[path] = member.offset
                content = tar.extractfile(member).read() if path in missing and member.isreg() else b""
                if content and len(content) == member.size:  # the archive may end within it
                    if not path.endswith(".txt"):
                        decode_image(content, f"{name}: {path}")  # refused unless it is complete
                    atomic_write(target / path, lambda part, content=content: part.write_bytes(content))
                    missing.remove(path)
                    bar.update()
                index["read_to"] = max(index["read_to"], tar.offset)
                if not missing:
                    break
                if number % _MEMBERS_PER_SAVE == 0:
                    _write_index(index_file, index)
        finally:
            _write_index(index_file, index)
    if missing:
        index_file.unlink()  # the fault may lie there
        what = f"{len(missing)} files are not in it, such as {min(missing)}"
        raise DataError(f"{name}: {what}; it is not complete or another archive: get it again")


def _members(file: BinaryIO, start: int) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """Those from the header at byte `start` on."""
    file.seek(start)
    tar = tarfile.TarFile(fileobj=file)
    while (member := tar.next()) is not None:
        tar.members.clear()  # tarfile keeps all
        yield tar, member


def _write_index(path: Path, index: dict) -> None:
    atomic_write(path, lambda part: part.write_text(json.dumps(index), "utf-8"))


class _RemoteFile(io.RawIOBase):
    """A file on a server that answers range requests, with what tarfile needs of a file.

    state: size and version (ETag or date); another one means another file.
    """

    def __init__(self, url: str):
        address = urllib3.util.parse_url(url)
        proxy = None if proxy_bypass(address.host or "") else getproxies().get(address.scheme)
        pool = urllib3.ProxyManager if proxy else urllib3.PoolManager
        self._http = pool(*[proxy] if proxy else [], retries=RETRIES, timeout=TIMEOUT)
        self.url, self._position = url, 0
        self._start, self._held = 0, b""  # the bytes that the last request brought
        with self._get(0, 1, preload_content=False) as first:  # unread: it may be the whole file
            self._size = int(first.headers["Content-Range"].rpartition("/")[2])
            self.state = [self._size, first.headers.get("ETag") or first.headers.get("Last-Modified")]

    def _get(self, start: int, stop: int, **options) -> urllib3.BaseHTTPResponse:
        headers = {"Range": f"bytes={start}-{stop - 1}"}
        answer = self._http.request("GET", self.url, headers=headers, **options)
        if answer.status != 206:
            what = f"status {answer.status} {answer.reason} in place of a part of the file"
            raise DataError(f"{self.url}: {what}; check the address")
        return answer

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, fewer only at the file's end.

        A request brings a little more, so that one is enough for a member and the next header.
        """
        stop = min(self._position + size, self._size)
        if self._position < self._start or stop > self._start + len(self._held):
            self._start = self._position
            self._held = self._get(self._start, min(stop + _AHEAD, self._size)).data
        first = self._position - self._start
        self._position = max(stop, self._position)
        return self._held[first : stop - self._start]

    def seek(self, position: int) -> None:
        self._position = position

    def tell(self) -> int:
        return self._position
