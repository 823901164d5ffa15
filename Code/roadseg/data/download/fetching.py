"""Fetches the planned files, from a server or a folder, and checks each one before it gets its name."""

import gzip
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from tqdm import tqdm

from roadseg.data import sources
from roadseg.data.download.archives import Readable, extract
from roadseg.data.download.catalogue import LICENCE, Archive, Release, release_of
from roadseg.data.download.member_index import MemberIndex
from roadseg.data.download.planning import Plan, plan
from roadseg.data.download.remote import RemoteFile, RetryPolicy, Unreachable
from roadseg.data.download.remote_readers import RangeReader, StreamReader
from roadseg.data.download.whole_archives import (
    check_whole,
    fetch_whole,
    listed_md5,
    published_md5,
)
from roadseg.data.sources.images import decode_image
from roadseg.errors import DataError
from roadseg.files import atomic_write, folder_lock, user_path
from roadseg.progress import progress_bar

_DEFAULT_RETRIES = RetryPolicy()
_FORMATS = ".png", ".jpg"
_MARGIN = 1.1  # of the disk space that is asked for


def fetch(
    sequences: str | Iterable[str],
    target: str | Path,
    version: str = "1.3.1",
    url: str | Path | None = None,
    accept_licence: bool = False,
    progress: bool = True,
    retries: RetryPolicy = _DEFAULT_RETRIES,
) -> None:
    """Fetches sequences of Virtual KITTI into `target`, laid out as the archives are.

    Files that are there are kept, so an interrupted call continues when it is made again. A file has
    its final name only when it is complete: the checksums of a PNG file are right, a JPEG file decodes
    to its end, an encoding file can be parsed. The small archive of version 2.0.3 stays in the target,
    and so do hidden files that say where each member of an archive begins.

    Args:
        sequences: "0001/sunset" or "Scene01/sunset/Camera_0"; "0001" stands for all below it.
        target: a folder for this version alone; it is created.
        version: "1.3.1" or "2.0.3".
        url: another address of the archives, or a folder with them; None: the official server.
            Archives that lie in `target` itself are used first.
        accept_licence: whether you accept LICENCE, the terms of the data.
        progress: whether to show progress bars.
        retries: how often and how patiently to try when the server fails.

    Raises:
        DataError: the licence is not accepted, a name is unknown, the target is unfit or too small,
            another process fetches into it, the server fails for good, or an archive is damaged. What
            is complete is kept.
    """
    chosen, release = plan(sequences, target, version), release_of(version)
    if not any(chosen.missing.values()):
        return
    if not accept_licence:
        raise DataError(
            f"{LICENCE}Nothing was fetched; accept_licence=True (`roadseg fetch --accept-licence`, "
            "`make data ACCEPT_LICENCE=yes`) accepts this."
        )
    try:
        chosen.target.mkdir(parents=True, exist_ok=True)
        with folder_lock(chosen.target):
            chosen = plan(sequences, target, version)  # another process may have fetched some of it
            _prepare_target(release, chosen)
            for archive, names in chosen.missing.items():
                if names:
                    address = str(url or release.address)
                    _fetch_missing(release, archive, chosen, address, progress, retries)
    except OSError as error:
        raise DataError(
            f"{error.filename or target}: {error.strerror or error}; what is complete is kept, so call "
            "again to continue"
        )


def _prepare_target(release: Release, chosen: Plan) -> None:
    """Checks that the folder is fit and has space, and shows the licence the first time."""
    target = chosen.target
    others = {name for name, kind in sources.KINDS.items() if kind.recognises(target)} - {release.kind}
    if others or any(target.glob("vkitti_2.0.3_*/Scene*")):
        raise DataError(
            f"{target}: holds {' and '.join(others) or 'archives in folders of their own'} already; "
            "fetch into another folder, so that each holds one data set in one layout"
        )
    needed, free = _MARGIN * sum(chosen.sizes.values()), shutil.disk_usage(target).free
    if needed > free:
        raise DataError(
            f"{target}: {needed / 1e6:,.0f} MB are needed, {free / 1e6:,.0f} MB are free; make room, or "
            "fetch fewer sequences"
        )
    shown = target / ".licence_shown"
    if not shown.exists():
        print(LICENCE)
        shown.touch()


def _fetch_missing(
    release: Release, archive: Archive, chosen: Plan, place: str, progress: bool, retries: RetryPolicy
) -> None:
    """The missing files of one archive; place: an address or a folder."""
    target = chosen.target

    def save(name: str, content: bytes) -> None:
        _check_content(release, f"{archive.name}: {name}", content)
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, lambda part: part.write_bytes(content))

    size, known = chosen.sizes[archive], release.all_files(archive)
    with (
        progress_bar(
            size, 0, unit="B", description=archive.name, shown=progress, unit_scale=True
        ) as bar,
        _opened(release, archive, target, place, retries, bar) as (file, state),
        MemberIndex(target / f".{archive.name}.index.json", state) as index,
    ):
        extract(archive.name, file, index, known, chosen.missing[archive], save)
        bar.total = bar.n  # it began as an estimate


@contextmanager
def _opened(
    release: Release, archive: Archive, target: Path, place: str, retries: RetryPolicy, bar: tqdm
) -> Iterator[tuple[Readable, object]]:
    """The uncompressed archive, from disk if it is there, and a state that changes when it does."""
    folders = [target] if "://" in place else [target, user_path(place)]
    local = next((path for each in folders if (path := each / archive.name).is_file()), None)
    if local is None:
        if "://" not in place:
            raise DataError(f"{place}: no {archive.name} in this folder, nor is it an address")
        remote = RemoteFile(f"{place.rstrip('/')}/{archive.name}", retries, bar.update)
        if not archive.is_fetched_whole:
            if not remote.has_ranges:
                bar.total = remote.size
            reader = RangeReader if remote.has_ranges else StreamReader
            yield reader(remote), [remote.size, remote.state]
            return
        local = target / archive.name
        checksums = f"{place.rstrip('/')}/{release.checksums}"
        fetch_whole(remote, archive, local, published_md5(checksums, archive, retries))
    elif archive.is_fetched_whole:
        check_whole(local, archive, _md5_of_local(local, release, archive, place, retries))
    with gzip.open(local) if archive.is_fetched_whole else local.open("rb") as file:
        state = local.stat()
        yield _ProgressReader(file, bar), [state.st_size, state.st_mtime_ns]


def _md5_of_local(
    local: Path, release: Release, archive: Archive, place: str, retries: RetryPolicy
) -> str | None:
    """The sum that an archive on disk must have, from the list beside it or on the server; else None."""
    beside = local.with_name(release.checksums)
    if beside.is_file():
        return listed_md5(beside.read_bytes(), beside, archive)
    if "://" not in place:
        return None
    try:
        once = replace(retries, attempts=1)
        return published_md5(f"{place.rstrip('/')}/{release.checksums}", archive, once)
    except Unreachable:  # without a network, what is on disk must do
        return None


class _ProgressReader:
    """A file on disk that moves a progress bar when it is read."""

    def __init__(self, file: BinaryIO, bar: tqdm):
        self.seek, self.tell, self._read, self._bar = file.seek, file.tell, file.read, bar

    def read(self, size: int) -> bytes:
        content = self._read(size)
        self._bar.update(len(content))
        return content


def _check_content(release: Release, name: str, content: bytes) -> None:
    """Raises DataError unless it is a complete image or encoding file."""
    suffix = Path(name).suffix
    if suffix in _FORMATS:
        decode_image(content, name)
    else:
        sources.KINDS[release.kind].parse_encoding(content.decode("utf-8", "replace"), name)
