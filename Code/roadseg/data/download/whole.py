"""Fetching a compressed archive as a whole, checked against the md5 sum that its server publishes."""

import gzip
import hashlib
import re
import zlib
from pathlib import Path

from roadseg.data.download.catalogue import Archive
from roadseg.data.download.remote import NotFound, Patience, Remote
from roadseg.errors import DataError

_LARGEST_LIST = 1_000_000  # bytes of a list of sums
_PIECE = 1 << 20


def fetch_whole(remote: Remote, archive: Archive, path: Path, md5: str | None) -> None:
    """Brings a whole archive; what an interrupted call has of it is used, unless it does not fit.

    It gets its name only with the right sum (None: not known) and when it can be read to its end.
    Raises DataError.
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
        if (wrong := _wrong_with(part, md5)) is None:
            part.replace(path)
            return
    part.unlink()
    raise DataError(f"{remote.address}: {wrong}; try again")


def _wrong_with(path: Path, md5: str | None) -> str | None:
    """What speaks against a gzip file; None when it is whole."""
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


def published_md5(address: str, archive: Archive, patience: Patience) -> str | None:
    """The md5 sum of an archive in the list at an address; None when there is no such list.

    Raises DataError when the list lacks the archive.
    """
    try:
        listed = Remote(address, patience, lambda _: None)
    except NotFound:
        return None
    text = b""
    for piece in listed.parts(0, None):
        text += piece
        if len(text) > _LARGEST_LIST:
            raise DataError(f"{address}: not a list of checksums")
    for line in text.decode("utf-8", "replace").splitlines():
        if archive.name in re.split(r"[\s*()/]+", line):
            found = re.search(r"\b[0-9a-fA-F]{32}\b", line)
            if found:
                return found[0].lower()
    raise DataError(f"{address}: has no sum for {archive.name}")
