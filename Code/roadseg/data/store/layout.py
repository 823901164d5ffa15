"""File names, version and checksums: what reading, writing and verifying a store agree on."""

import hashlib
import operator
from collections.abc import Iterable

import numpy as np
from isal import isal_zlib

FORMAT_VERSION = 1
FRAMES_FILE = "frames.hdf5"
CLASS_MAPS_FILE = "class_maps.pkl"
REMEDY = f"delete {FRAMES_FILE} and preprocess again"


def checksum(image: np.ndarray, labels: np.ndarray) -> int:
    """CRC-32 of the image's bytes followed by the labels' bytes."""
    return isal_zlib.crc32(np.ascontiguousarray(labels), isal_zlib.crc32(np.ascontiguousarray(image)))


def class_maps_digest(pickled: bytes) -> str:
    """SHA-256 of the pickle that is written with the frames."""
    return hashlib.sha256(pickled).hexdigest()


def plain_positions(positions: Iterable[int], count: int | None = None) -> tuple[int, ...]:
    """Positions of frames as built-in integers, whatever they were.

    Raises ValueError for anything but integers from 0 up, and for those beyond `count` frames.
    """
    try:
        plain = tuple(map(operator.index, positions := list(positions)))
    except TypeError:
        plain = None
    if plain is None or bool in set(map(type, positions)):
        raise ValueError("positions of frames must be integers")
    if plain and min(plain) < 0:
        raise ValueError(f"position {min(plain)}: frames are counted from 0")
    if plain and count is not None and max(plain) >= count:
        raise ValueError(f"position {max(plain)}: there are only {count} frames, counted from 0")
    return plain
