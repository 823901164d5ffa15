"""FrameStore: the preprocessed frames in one HDF5 file that any HDF5 reader can open.

Datasets: images uint8 (N, H, W, 3), labels uint8 (N, H, W) with 255 = ignore, sequence str (N),
index int (N), checksum uint32 (N); one frame a chunk, deflate ("gzip") compressed.
Attributes: format_version, source, scale, class_names, palette, job, class_maps, complete.
"""

import hashlib
import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
from isal import isal_zlib
from tqdm import tqdm

from roadseg.data.classes import IGNORE, load_class_maps
from roadseg.errors import DataError

FORMAT_VERSION = 1
FRAMES = "frames.hdf5"
CLASS_MAPS = "class_maps.pkl"
_REMEDY = f"delete {FRAMES} and preprocess again"
# isal's fastest level that still looks for matches; benchmarks/compression.py measured the choice.
GZIP_LEVEL = 1


class Chunk(NamedTuple):
    """One frame as it stands in the file."""

    image: bytes  # deflate stream of uint8 (H, W, 3)
    labels: bytes  # deflate stream of uint8 (H, W)
    checksum: int  # of the uncompressed bytes

    @classmethod
    def of(cls, image: np.ndarray, labels: np.ndarray) -> "Chunk":
        """Compresses one frame: image uint8 (H, W, 3), labels uint8 (H, W)."""
        return cls(
            isal_zlib.compress(np.ascontiguousarray(image), GZIP_LEVEL),
            isal_zlib.compress(np.ascontiguousarray(labels), GZIP_LEVEL),
            checksum(image, labels),
        )


def checksum(image: np.ndarray, labels: np.ndarray) -> int:
    """CRC-32 of the image's bytes followed by the labels' bytes."""
    return zlib.crc32(np.ascontiguousarray(labels), zlib.crc32(np.ascontiguousarray(image)))


def class_maps_digest(pickled: bytes) -> str:
    return hashlib.sha256(pickled).hexdigest()


def write(
    path: Path,
    frames: Sequence[tuple[str, int]],
    chunks: Iterable[Chunk],
    image_shape: tuple[int, int, int],
    attributes: Mapping[str, object],
) -> None:
    """Writes the HDF5 file from chunks that are already compressed, one for each (sequence, index)."""
    height, width, _ = image_shape
    with h5py.File(path, "w") as file:
        images, labels = (
            file.create_dataset(
                name,
                shape=(len(frames), *shape),
                chunks=(1, *shape),
                dtype=np.uint8,
                compression="gzip",
                compression_opts=GZIP_LEVEL,
            )
            for name, shape in (("images", image_shape), ("labels", (height, width)))
        )
        checksums = np.zeros(len(frames), np.uint32)
        for position, chunk in zip(range(len(frames)), chunks, strict=True):
            images.id.write_direct_chunk((position, 0, 0, 0), chunk.image)
            labels.id.write_direct_chunk((position, 0, 0), chunk.labels)
            checksums[position] = chunk.checksum
        sequences, indices = zip(*frames, strict=True)
        file.create_dataset("sequence", data=list(sequences), dtype=h5py.string_dtype())
        file.create_dataset("index", data=np.array(indices, np.int64))
        file.create_dataset("checksum", data=checksums)
        file.attrs.update(attributes)
        file.attrs["format_version"] = FORMAT_VERSION
        file.attrs["complete"] = True
    with path.open("rb") as written:
        os.fsync(written.fileno())


class FrameStore:
    """Preprocessed frames, read from disk as they are asked for.

    A copy that is pickled to another process opens the file there by itself.
    """

    def __init__(self, target: str | Path):
        self.path = Path(target)

    def __reduce__(self):
        return FrameStore, (self.path,)

    @cached_property
    def _file(self) -> h5py.File:
        path = self.path / FRAMES
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

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        return tuple(self._file.attrs["class_names"].tolist())

    @cached_property
    def palette(self) -> np.ndarray:
        """uint8 (C, 3): the colour in which each class is painted."""
        return self._file.attrs["palette"]

    @property
    def digest(self) -> str:
        """Of the frames and classes, wherever and whenever they were preprocessed."""
        hashed = hashlib.sha256(self._file["checksum"][:].tobytes())
        hashed.update(repr((self.sequence, self.index.tolist(), self.class_names)).encode())
        return hashed.hexdigest()[:16]

    @property
    def attributes(self) -> dict[str, object]:
        return dict(self._file.attrs)

    @property
    def image_shape(self) -> tuple[int, int, int]:
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
        if "_file" in self.__dict__:
            self.__dict__.pop("_file").close()

    def __enter__(self) -> "FrameStore":
        return self

    def __exit__(self, *_):
        self.close()


def open(target: str | Path) -> FrameStore:
    """The store that preprocess.to_hdf5 wrote into the folder `target`; raises DataError."""
    store = FrameStore(target)
    len(store)  # an unreadable store is reported here, not at the first batch
    return store


def verify(target: str | Path, progress: bool = False) -> FrameStore:
    """Re-reads a whole store and returns it; raises DataError that names the first thing wrong."""
    store = open(target)
    path = store.path / FRAMES
    _verify_shapes(store, path)
    frames = list(zip(store.sequence, store.index.tolist(), strict=True))
    if frames != sorted(set(frames)):
        raise DataError(f"{path}: frames are not sorted or occur twice; {_REMEDY}")
    checksums = store._file["checksum"][:]
    shown = tqdm(frames, desc="verify", unit="frame", disable=not progress)
    for position, (sequence, index) in enumerate(shown):
        name = f"{path}: frame {position} ({sequence}, {index})"
        try:
            (image,), (labels,) = store.read([position])
        except OSError as error:
            raise DataError(f"{name} cannot be read ({error}); {_REMEDY}")
        if checksum(image, labels) != checksums[position]:
            raise DataError(f"{name} does not match its checksum; {_REMEDY}")
        wrong = labels[(labels >= store.num_classes) & (labels != IGNORE)]
        if wrong.size:
            raise DataError(
                f"{name} holds class id {wrong[0]}, beyond {store.num_classes} classes; {_REMEDY}"
            )
    _verify_class_maps(store)
    return store


def _verify_shapes(store: FrameStore, path: Path) -> None:
    counts = {name: len(data) for name, data in store._file.items()}
    if len(set(counts.values())) != 1 or not len(store):
        raise DataError(f"{path}: numbers of frames differ or are zero: {counts}; {_REMEDY}")
    images, labels = store.images, store.labels
    shapes_match = images.shape == (*labels.shape, 3)
    if not shapes_match or images.dtype != np.uint8 or labels.dtype != np.uint8:
        raise DataError(
            f"{path}: images {images.dtype} {images.shape} and labels {labels.dtype} {labels.shape} "
            "do not belong together; " + _REMEDY
        )
    if store.palette.shape != (store.num_classes, 3):
        raise DataError(f"{path}: {store.num_classes} classes, palette {store.palette.shape}; {_REMEDY}")


def _verify_class_maps(store: FrameStore) -> None:
    path = store.path / CLASS_MAPS
    tables = load_class_maps(path)
    if class_maps_digest(path.read_bytes()) != store.attributes["class_maps"]:
        raise DataError(f"{path}: not the one written with {FRAMES}; preprocess again")
    if tuple(tables["id_to_name"].values()) != store.class_names:
        raise DataError(f"{path}: other classes than in {FRAMES}; preprocess again")
