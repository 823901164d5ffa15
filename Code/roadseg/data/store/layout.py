"""File names, version and checksums: what reading, writing and verifying a store agree on."""

import hashlib
import zlib

import numpy as np

FORMAT_VERSION = 1
FRAMES_FILE = "frames.hdf5"
CLASS_MAPS_FILE = "class_maps.pkl"


def checksum(image: np.ndarray, labels: np.ndarray) -> int:
    """CRC-32 of the image's bytes followed by the labels' bytes."""
    return zlib.crc32(np.ascontiguousarray(labels), zlib.crc32(np.ascontiguousarray(image)))


def class_maps_digest(pickled: bytes) -> str:
    """SHA-256 of the pickle that is written with the frames."""
    return hashlib.sha256(pickled).hexdigest()
