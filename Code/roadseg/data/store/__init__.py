"""The preprocessed frames in one HDF5 file, which any HDF5 reader can open.

Datasets: images uint8 (N, H, W, 3), labels uint8 (N, H, W) with 255 = ignore, sequence str (N),
index int (N), checksum uint32 (N); one frame a chunk, deflate ("gzip") compressed.
Attributes: format_version, source, scale, class_names, palette, job, class_maps, complete.
A user block in front of them holds a digest of all but the pixels.
"""

from roadseg.data.store.frame_store import FrameStore, open
from roadseg.data.store.layout import (
    CLASS_MAPS_FILE,
    FORMAT_VERSION,
    FRAMES_FILE,
    checksum,
    class_maps_digest,
    plain_positions,
)
from roadseg.data.store.verification import verify
from roadseg.data.store.writing import GZIP_LEVEL, CompressedFrame, write

__all__ = [
    "CLASS_MAPS_FILE",
    "FORMAT_VERSION",
    "FRAMES_FILE",
    "GZIP_LEVEL",
    "CompressedFrame",
    "FrameStore",
    "checksum",
    "class_maps_digest",
    "open",
    "plain_positions",
    "verify",
    "write",
]
