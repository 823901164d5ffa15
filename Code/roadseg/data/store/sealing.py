"""A seal in front of the HDF5 file: a digest of everything in it but the pixels.

The pixels have a checksum a frame. The rest of an HDF5 file has none, and the library that reads it
loops for ever when some of its bytes are damaged. So the seal is checked first. It lies in the file's
user block, which HDF5 readers skip. Stores of earlier versions have no user block and no seal.
"""

import hashlib
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from roadseg.files import open_regular

_HDF5 = b"\x89HDF\r\n\x1a\n"
_MAGIC = b"roadseg\n"
_HEADER = struct.Struct("<8sQQQ")  # magic, size of the block, size of the file, number of ranges
_OPEN_FLAGS = (20, 24)  # bytes behind the block in which HDF5 notes that a program has it open
_DIGEST = hashlib.sha256().digest_size
_RANGE = struct.Struct("<QQ")  # first byte, and the one after the last
_MAX_BLOCK = 1 << 30
_MAX_FILE = 1 << 62
_PIECE = 1 << 20

Ranges = list[tuple[int, int]]


def block_size(frames: int) -> int:
    """Of a user block that can hold the seal: HDF5 wants a power of two from 512 up."""
    needed = (
        _HEADER.size + _DIGEST + _RANGE.size * (2 * frames + 1)
    )  # with an image and its labels a frame
    return max(512, 1 << (needed - 1).bit_length())


def seal(path: Path, block: int, pixels: Iterable[tuple[int, int]]) -> None:
    """Writes the seal of a finished file.

    Args:
        path: of the file, with a user block that holds nothing yet.
        block: the size of the user block.
        pixels: where the pixels of each frame lie: first byte, and the one after the last.
    """
    ranges: Ranges = []
    flags = tuple(block + place for place in _OPEN_FLAGS)
    for start, stop in sorted([flags, *pixels]):
        if ranges and ranges[-1][1] == start:
            start, _ = ranges.pop()
        ranges.append((start, stop))
    with path.open("r+b") as file:
        header = _HEADER.pack(_MAGIC, block, path.stat().st_size, len(ranges))
        table = b"".join(_RANGE.pack(*each) for each in ranges)
        digest = _digest(file, header + table, block, path.stat().st_size, ranges)
        file.seek(0)
        file.write((header + digest + table).ljust(block, b"\0"))


def check_seal(path: Path) -> None:
    """Raises ValueError when anything but pixels has changed since, OSError for no regular file."""
    with open_regular(path, _MAX_FILE) as file:
        start, size = file.read(_HEADER.size), file.seek(0, 2)
        if start.startswith(_HDF5):
            return  # of an earlier version
        if len(start) < _HEADER.size or not start.startswith(_MAGIC):
            raise ValueError("its first bytes are damaged")
        _, block, sealed_size, count = _HEADER.unpack(start)
        table_end = _HEADER.size + _DIGEST + _RANGE.size * count
        if sealed_size != size or not table_end <= block <= min(size, _MAX_BLOCK):
            raise ValueError(f"{size} bytes instead of {sealed_size}, or a damaged beginning")
        file.seek(_HEADER.size)
        digest, table = file.read(_DIGEST), file.read(_RANGE.size * count)
        padding = file.read(block - table_end)
        ranges = list(_RANGE.iter_unpack(table))
        places = [block, *(place for each in ranges for place in each), size]
        if any(padding) or places != sorted(places):
            raise ValueError("its beginning is damaged")
        if _digest(file, start + table, block, size, ranges) != digest:
            raise ValueError("it was damaged, or changed by another program")


def _digest(file: BinaryIO, beginning: bytes, block: int, size: int, ranges: Ranges) -> bytes:
    """SHA-256 of the seal's own numbers, and of all that lies behind the block but for the ranges."""
    digest = hashlib.sha256(beginning)
    places = [block, *(place for each in ranges for place in each), size]
    for start, stop in zip(places[::2], places[1::2], strict=True):
        file.seek(start)
        while start < stop and (piece := file.read(min(stop - start, _PIECE))):
            digest.update(piece)
            start += len(piece)
    return digest.digest()
