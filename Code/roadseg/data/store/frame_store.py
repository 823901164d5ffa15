"""FrameStore: the frames of a store, read from disk as they are asked for."""

import hashlib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import h5py
import numpy as np
from isal import isal_zlib

from roadseg.data.classes import IGNORE
from roadseg.data.store.layout import FRAMES_FILE, REMEDY, checksum, plain_positions
from roadseg.data.store.opening import OpenStore, open_file
from roadseg.errors import DataError
from roadseg.files import user_path


class FrameStore:
    """Preprocessed frames in the order of (sequence, index); a position counts from 0.

    A copy that is pickled to another process opens the file there by itself.
    """

    def __init__(self, target: str | Path):
        self.path = user_path(target).absolute()

    def __reduce__(self):
        return FrameStore, (self.path,)

    @cached_property
    def _opened(self) -> OpenStore:
        return open_file(self.path / FRAMES_FILE)

    def __len__(self) -> int:
        return len(self._opened.names)

    @property
    def images(self) -> h5py.Dataset:
        """uint8 (N, H, W, 3), RGB; `read` compares what it reads with the checksums, this does not."""
        return self._opened.file["images"]

    @property
    def labels(self) -> h5py.Dataset:
        """uint8 (N, H, W), class ids, 255 = ignore; as `images`."""
        return self._opened.file["labels"]

    @property
    def names(self) -> list[tuple[str, int]]:
        """(sequence, index) of each frame."""
        return self._opened.names

    @cached_property
    def sequence(self) -> list[str]:
        """The sequence of each frame."""
        return [sequence for sequence, _ in self.names]

    @cached_property
    def index(self) -> np.ndarray:
        """int64 (N): the number of each frame within its sequence."""
        return np.array([index for _, index in self.names], np.int64)

    @property
    def checksums(self) -> np.ndarray:
        """uint32 (N): CRC-32 of each frame's image and labels, uncompressed."""
        return self._opened.checksums

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """In the order of their ids."""
        return tuple(self.attributes["class_names"].tolist())

    @cached_property
    def palette(self) -> np.ndarray:
        """uint8 (C, 3): the colour in which each class is painted."""
        return self.attributes["palette"]

    @property
    def digest(self) -> str:
        """Of the frames and classes: the same wherever and whenever they were preprocessed."""
        hashed = hashlib.sha256(self.checksums.tobytes())
        hashed.update(repr((self.sequence, self.index.tolist(), self.class_names)).encode())
        return hashed.hexdigest()[:16]

    @property
    def attributes(self) -> dict[str, object]:
        """Of the HDF5 file."""
        return self._opened.attributes

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, 3) of every image."""
        return self.images.shape[1:]

    @property
    def num_classes(self) -> int:
        return len(self.class_names)

    def read(self, indices: Iterable[int]) -> tuple[np.ndarray, np.ndarray]:
        """Images uint8 (B, H, W, 3) and labels uint8 (B, H, W) of the frames at these positions.

        Raises ValueError for a position that is not in the store (-1 is not), and DataError for a frame
        that does not match its checksum.
        """
        positions = plain_positions(indices, len(self))
        images = np.empty((len(positions), *self.images.shape[1:]), np.uint8)
        labels = np.empty((len(positions), *self.labels.shape[1:]), np.uint8)
        for row, position in enumerate(positions):
            self._read_frame(position, images[row], labels[row])
        return images, labels

    def _read_frame(self, position: int, image: np.ndarray, labels: np.ndarray) -> None:
        """Fills both arrays."""
        try:
            _read_chunk(self.images, position, image)
            _read_chunk(self.labels, position, labels)
        except (OSError, RuntimeError, ValueError, TypeError, isal_zlib.error) as error:
            raise DataError(f"{self.describe(position)} cannot be read ({error}); {REMEDY}")
        if checksum(image, labels) != self.checksums[position]:
            raise DataError(f"{self.describe(position)} does not match its checksum; {REMEDY}")

    def describe(self, position: int) -> str:
        """The file and the name of a frame, for messages."""
        sequence, index = self.names[position]
        return f"{self.path / FRAMES_FILE}: frame {position} ({sequence}, {index})"

    def class_pixels(self, indices: Iterable[int]) -> np.ndarray:
        """int64 (C): labelled pixels of each class in the frames at these positions."""
        pixels = np.zeros(IGNORE + 1, np.int64)
        for index in indices:
            _, labels = self.read([index])
            pixels += np.bincount(labels.ravel(), minlength=len(pixels))
        return pixels[: self.num_classes]

    def close(self) -> None:
        """Closes the file; reading on opens it again."""
        if "_opened" in self.__dict__:
            self.__dict__.pop("_opened").file.close()

    def __enter__(self) -> "FrameStore":
        return self

    def __exit__(self, *_):
        self.close()


def open(target: str | Path) -> FrameStore:
    """The store that preprocess.to_hdf5 wrote into the folder `target`; raises DataError."""
    frames = FrameStore(target)
    len(frames)  # an unreadable store is reported here, not at the first batch
    return frames


def _read_chunk(data: h5py.Dataset, position: int, values: np.ndarray) -> None:
    """Fills an array with one frame; HDF5's own filter would believe any size that a chunk claims."""
    buffer = np.empty(values.nbytes + values.nbytes // 64 + 1024, np.uint8)
    offset = (position, *(0 for _ in values.shape))
    filter_mask, compressed = data.id.read_direct_chunk(offset, out=buffer)
    stream = isal_zlib.decompressobj()
    content = stream.decompress(compressed, values.nbytes + 1)
    if filter_mask or len(content) != values.nbytes or not stream.eof:
        raise ValueError("not one complete deflate stream")
    values[...] = np.frombuffer(content, np.uint8).reshape(values.shape)
