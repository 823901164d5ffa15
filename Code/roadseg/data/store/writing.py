"""Writing a store from frames that are compressed already."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
from isal import isal_zlib

from roadseg.data.store.layout import FORMAT_VERSION, checksum
from roadseg.data.store.sealing import block_size, seal

# isal's fastest level that still looks for matches; benchmarks/compression.py measured the choice.
GZIP_LEVEL = 1


class CompressedFrame(NamedTuple):
    """The two chunks of one frame as they stand in the file."""

    image: bytes  # deflate stream of uint8 (H, W, 3)
    labels: bytes  # deflate stream of uint8 (H, W)
    checksum: int  # of the uncompressed bytes

    @classmethod
    def of(cls, image: np.ndarray, labels: np.ndarray) -> "CompressedFrame":
        """Compresses an image uint8 (H, W, 3) and its labels uint8 (H, W)."""
        return cls(
            isal_zlib.compress(np.ascontiguousarray(image), GZIP_LEVEL),
            isal_zlib.compress(np.ascontiguousarray(labels), GZIP_LEVEL),
            checksum(image, labels),
        )


def write(
    path: Path,
    names: Sequence[tuple[str, int]],
    frames: Iterable[CompressedFrame],
    image_shape: tuple[int, int, int],
    attributes: Mapping[str, object],
) -> None:
    """Writes the HDF5 file.

    Args:
        path: of the file; an existing one is overwritten.
        names: (sequence, index) of each frame.
        frames: one for each name, in the same order; they are read one at a time.
        image_shape: (H, W, 3) of every frame.
        attributes: of the file, beside those that mark its format and that it is complete.

    Raises:
        ValueError: there are fewer frames than names.
        OSError: the file cannot be written.
    """
    block = block_size(len(names))
    try:
        # A folder that may be written into is locked already, and some file systems have no locks.
        with h5py.File(path, "w", userblock_size=block, locking=False) as file:
            pixels = _write_content(file, names, frames, image_shape, attributes)
    except RuntimeError as error:  # of HDF5, when the disk is full
        raise OSError(f"{path}: {error}") from error
    seal(path, block, pixels)


def _write_content(file: h5py.File, names, frames, image_shape, attributes) -> list[tuple[int, int]]:
    """Returns where the pixels lie: first byte, and the one after the last."""
    images = _create_compressed(file, "images", (len(names), *image_shape))
    labels = _create_compressed(file, "labels", (len(names), *image_shape[:2]))
    checksums = np.zeros(len(names), np.uint32)
    for position, frame in zip(range(len(names)), frames, strict=True):
        images.id.write_direct_chunk((position, 0, 0, 0), frame.image)
        labels.id.write_direct_chunk((position, 0, 0), frame.labels)
        checksums[position] = frame.checksum
    sequences, indices = zip(*names, strict=True)
    file.create_dataset("sequence", data=list(sequences), dtype=h5py.string_dtype())
    file.create_dataset("index", data=np.array(indices, np.int64))
    file.create_dataset("checksum", data=checksums)
    file.attrs.update({**attributes, "format_version": FORMAT_VERSION, "complete": True})
    chunks: list[h5py.h5d.StoreInfo] = []
    for data in (images, labels):
        data.id.chunk_iter(chunks.append)
    return [(chunk.byte_offset, chunk.byte_offset + chunk.size) for chunk in chunks]


def _create_compressed(file: h5py.File, name: str, shape: tuple[int, ...]) -> h5py.Dataset:
    return file.create_dataset(
        name,
        shape=shape,
        chunks=(1, *shape[1:]),
        dtype=np.uint8,
        compression="gzip",
        compression_opts=GZIP_LEVEL,
    )
