"""FrameStore: the frames of a store, read from disk as they are asked for."""

import hashlib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import h5py
import numpy as np

from roadseg.data.classes import IGNORE
from roadseg.data.store.layout import FORMAT_VERSION, FRAMES_FILE
from roadseg.errors import DataError


class FrameStore:
    """Preprocessed frames in the order of (sequence, index); a position counts from 0.

    A copy that is pickled to another process opens the file there by itself.
    """

    def __init__(self, target: str | Path):
        self.path = Path(target)

    def __reduce__(self):
        return FrameStore, (self.path,)

    @cached_property
    def _file(self) -> h5py.File:
        path = self.path / FRAMES_FILE
        if not path.is_file():
            raise DataError(f"{path}: no such file; write it with preprocess.to_hdf5")
        try:
            file = h5py.File(path, "r")
        except OSError as error:
            raise DataError(f"{path}: not a readable HDF5 file ({error}); preprocess again")
        missing = {"images", "labels", "sequence", "index", "checksum"} - set(file)
        version = file.attrs.get("format_version")
        if missing or version != FORMAT_VERSION or not file.attrs.get("complete"):
            file.close()
            raise DataError(
                f"{path}: not a complete store of format version {FORMAT_VERSION} (version {version}, "
                f"{len(missing)} data sets missing); preprocess again"
            )
        return file

    def __len__(self) -> int:
        return len(self.index)

    @property
    def images(self) -> h5py.Dataset:
        """uint8 (N, H, W, 3), RGB."""
        return self._file["images"]

    @property
    def labels(self) -> h5py.Dataset:
        """uint8 (N, H, W), class ids, 255 = ignore."""
        return self._file["labels"]

    @cached_property
    def sequence(self) -> list[str]:
        """The sequence of each frame."""
        return self._file["sequence"].asstr()[:].tolist()

    @cached_property
    def index(self) -> np.ndarray:
        """int64 (N): the number of each frame within its sequence."""
        return self._file["index"][:]

    @property
    def checksums(self) -> np.ndarray:
        """uint32 (N): CRC-32 of each frame's image and labels, uncompressed."""
        return self._file["checksum"][:]

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """In the order of their ids."""
        return tuple(self._file.attrs["class_names"].tolist())

    @cached_property
    def palette(self) -> np.ndarray:
        """uint8 (C, 3): the colour in which each class is painted."""
        return self._file.attrs["palette"]

    @property
    def digest(self) -> str:
        """Of the frames and classes: the same wherever and whenever they were preprocessed."""
        hashed = hashlib.sha256(self.checksums.tobytes())
        hashed.update(repr((self.sequence, self.index.tolist(), self.class_names)).encode())
        return hashed.hexdigest()[:16]

    @property
    def attributes(self) -> dict[str, object]:
        """Of the HDF5 file."""
        return dict(self._file.attrs)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, 3) of every image."""
        return self.images.shape[1:]

    @property
    def num_classes(self) -> int:
        return len(self.class_names)

    def read(self, indices: Iterable[int]) -> tuple[np.ndarray, np.ndarray]:
        """Images uint8 (B, H, W, 3) and labels uint8 (B, H, W) of the frames at these positions."""
        indices = list(indices)
        images = np.empty((len(indices), *self.images.shape[1:]), np.uint8)
        labels = np.empty((len(indices), *self.labels.shape[1:]), np.uint8)
        for row, index in enumerate(indices):
            self.images.read_direct(images, np.s_[index], np.s_[row])
            self.labels.read_direct(labels, np.s_[index], np.s_[row])
        return images, labels

    def class_pixels(self, indices: Iterable[int]) -> np.ndarray:
        """int64 (C): labelled pixels of each class in the frames at these positions."""
        pixels = np.zeros(IGNORE + 1, np.int64)
        for index in indices:
            pixels += np.bincount(self.labels[index].ravel(), minlength=len(pixels))
        return pixels[: self.num_classes]

    def close(self) -> None:
        """Closes the file; reading on opens it again."""
        if "_file" in self.__dict__:
            self.__dict__.pop("_file").close()

    def __enter__(self) -> "FrameStore":
        return self

    def __exit__(self, *_):
        self.close()


def open(target: str | Path) -> FrameStore:
    """The store that preprocess.to_hdf5 wrote into the folder `target`; raises DataError."""
    frames = FrameStore(target)
    len(frames)  # an unreadable store is reported here, not at the first batch
    return frames
