"""Fetches a compressed archive as a whole; checks it against the MD5 sum that its server publishes."""

import gzip
import hashlib
import re
import zlib
from pathlib import Path

from roadseg.data.download.catalogue import Archive
from roadseg.data.download.remote import NotFound, RemoteFile, RetryPolicy
from roadseg.errors import DataError

MAX_LIST = 1_000_000  # bytes of a list of sums
_PIECE = 1 << 20


def fetch_whole(remote: RemoteFile, archive: Archive, path: Path, md5: str | None) -> None:
    """Fetches a whole archive, continuing what an interrupted call has left of it if that fits.

    Args:
        remote: the archive on its server.
        archive: its entry in the catalogue.
        path: where to write it; it gets this name only when it is complete.
        md5: the sum that it must have, in hexadecimal digits; None: not known.

    Raises:
        DataError: it is too large, has another sum or cannot be decompressed to its end.
    """
    part = path.with_name(f".{path.name}.part")
    begun = part.stat().st_size if part.exists() else 0
    for start in (begun, 0) if begun else (0,):
        if remote.size is not None and start > remote.size:
            continue
        with part.open("r+b" if start else "wb") as file:
            file.seek(start)
            for piece in remote.parts(start, None) if start != remote.size else ():
                file.write(piece)
                if file.tell() > 2 * archive.size:
                    raise DataError(f"{remote.address}: far larger than {archive.size} bytes; refused")
        if (damage := _find_damage(part, md5)) is None:
            part.replace(path)
            return
    part.unlink()
    raise DataError(f"{remote.address}: {damage}; try again")


def check_whole(path: Path, archive: Archive, md5: str | None) -> None:
    """Raises DataError unless an archive on disk is complete and has that sum, if one is known."""
    if path.stat().st_size > 2 * archive.size:
        raise DataError(f"{path}: far larger than {archive.size} bytes; refused")
    if (damage := _find_damage(path, md5)) is not None:
        raise DataError(f"{path}: {damage}; remove it and try again")


def _find_damage(path: Path, md5: str | None) -> str | None:
    """Why a gzip file is not the right one or not complete; None when it is."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "md5").hexdigest()
    if md5 not in (None, found):
        return f"its md5 sum is {found}, the published one {md5}"
    try:
        with gzip.open(path) as file:
            while file.read(_PIECE):
                pass
    except (OSError, EOFError, zlib.error) as error:
        return f"not a complete gzip file ({error})"
    return None


def published_md5(address: str, archive: Archive, retries: RetryPolicy) -> str | None:
    """The MD5 sum of an archive in the list at an address; None when there is no such list.

    Raises DataError when the list lacks the archive.
    """
    try:
        listed = RemoteFile(address, retries, lambda _: None)
    except NotFound:
        return None
    text = b""
    for piece in listed.parts(0, None):
        text += piece
        if len(text) > MAX_LIST:
            raise DataError(f"{address}: not a list of checksums")
    return listed_md5(text, address, archive)


def listed_md5(text: bytes, place: object, archive: Archive) -> str:
    """The MD5 sum of an archive in a list; place: of the list, for messages. Raises DataError."""
    for line in text.decode("utf-8", "replace").splitlines():
        if archive.name in re.split(r"[\s*()/]+", line):
            found = re.search(r"\b[0-9a-fA-F]{32}\b", line)
            if found:
                return found[0].lower()
    raise DataError(f"{place}: has no sum for {archive.name}")
