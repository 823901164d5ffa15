"""The preprocessed frames in one HDF5 file, which any HDF5 reader can open.

Datasets: images uint8 (N, H, W, 3), labels uint8 (N, H, W) with 255 = ignore, sequence str (N),
index int (N); one frame a chunk, deflate ("gzip") compressed.
Attributes: format_version, source, scale, class_names, palette, job, digest, class_maps.

Every byte that matters has a checksum: Fletcher-32 of each chunk, and those of HDF5's own structures
(libver "latest"). Damage is an error, never other pixels.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
from isal import isal_zlib

from roadseg.data.classes import IGNORE
from roadseg.errors import DataError
from roadseg.files import user_path
from roadseg.progress import progress_bar

FORMAT_VERSION = 2
FRAMES_FILE = "frames.hdf5"
CLASS_MAPS_FILE = "class_maps.pkl"

_DAMAGE = (OSError, RuntimeError, ValueError, TypeError, LookupError)  # h5py raises all of them


class CompressedFrame(NamedTuple):
    """The two chunks of one frame as they stand in the file, and the CRC-32 of what they hold."""

    image: bytes  # deflate stream and its Fletcher-32
    labels: bytes
    checksum: int


class FrameStore:
    """Preprocessed frames in the order of (sequence, index); a position counts from 0.

    The file is opened again in every other process that gets a copy.

    Attributes:
        path: of the folder.
        attributes: of the HDF5 file.
        class_names: in the order of their ids.
        palette: uint8 (C, 3), the colour in which each class is painted.
        digest: of the frames and classes: the same wherever and whenever they were preprocessed.
        sequence: of each frame.
        index: int64 (N), the number of each frame within its sequence.
        names: (sequence, index) of each frame.
        image_shape: (H, W, 3) of every image.
    """

    def __init__(self, target: str | Path):
        """Raises whatever h5py does where `open` raises DataError."""
        self.path = user_path(target).absolute()
        self._opened: tuple[int, h5py.File] | None = None  # by which process
        self.attributes = {name: _decoded(value) for name, value in self._file.attrs.items()}
        self.class_names: tuple[str, ...] = self.attributes["class_names"]
        self.palette: np.ndarray = self.attributes["palette"]
        self.digest: str = self.attributes["digest"]
        self.sequence: list[str] = self._file["sequence"].asstr()[:].tolist()
        self.index: np.ndarray = self._file["index"][:]
        self.names = list(zip(self.sequence, self.index.tolist(), strict=True))
        self.image_shape: tuple[int, int, int] = self.images.shape[1:]
        self.num_classes = len(self.class_names)

    def __reduce__(self):
        return _store_of_process, (self.path,)

    @property
    def _file(self) -> h5py.File:
        if self._opened is None or self._opened[0] != os.getpid():
            # Nobody writes into a finished file, and some file systems have no locks.
            self._opened = os.getpid(), h5py.File(self.path / FRAMES_FILE, "r", locking=False)
        return self._opened[1]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def images(self) -> h5py.Dataset:
        """uint8 (N, H, W, 3), RGB."""
        return self._file["images"]

    @property
    def labels(self) -> h5py.Dataset:
        """uint8 (N, H, W), class ids, 255 = ignore."""
        return self._file["labels"]

    def read(self, indices: Iterable[int]) -> tuple[np.ndarray, np.ndarray]:
        """Images uint8 (B, H, W, 3) and labels uint8 (B, H, W) of the frames at these positions.

        Raises ValueError for a position that is not in the store (-1 is not), and DataError for a frame
        that is damaged.
        """
        positions, stored = [*indices], (self.images, self.labels)
        images, labels = (np.empty((len(positions), *each.shape[1:]), np.uint8) for each in stored)
        for row, position in enumerate(positions):
            if not 0 <= position < len(self):
                raise ValueError(f"position {position}: there are {len(self)} frames, counted from 0")
            try:
                images[row], labels[row] = (each[position] for each in stored)
            except _DAMAGE as error:
                sequence, index = self.names[position]
                what = f"frame {position} ({sequence}, {index}) is damaged ({error}); preprocess again"
                raise DataError(f"{self.path / FRAMES_FILE}: {what}")
        return images, labels

    def class_pixels(self, indices: Iterable[int]) -> np.ndarray:
        """int64 (C): labelled pixels of each class in the frames at these positions."""
        every = (np.bincount(self.read([i])[1].ravel(), minlength=IGNORE + 1) for i in indices)
        return sum(every, np.zeros(IGNORE + 1, np.int64))[: self.num_classes]

    def image_checksums(self, indices: Iterable[int]) -> list[int]:
        """CRC-32 of the pixels of each image, by which frames are known again in another store."""
        return [isal_zlib.crc32(self.read([position])[0]) for position in indices]

    def close(self) -> None:
        """Closes the file; reading on opens it again."""
        if self._opened is not None:
            self._file.close()
            self._opened = None

    def __enter__(self) -> "FrameStore":
        return self

    def __exit__(self, *_):
        self.close()


def open(target: str | Path) -> FrameStore:
    """The store that preprocess.to_hdf5 wrote into the folder `target`; raises DataError."""
    path = user_path(target).absolute() / FRAMES_FILE
    if path.parent.is_file():
        raise DataError(f"{target}: a file; give the folder that `roadseg preprocess` wrote")
    try:
        frames = FrameStore(target)
        version = frames.attributes["format_version"]
        if version == FORMAT_VERSION and frames.labels.shape == (len(frames), *frames.image_shape[:2]):
            return frames
        reason = f"a store of format {version}, where {FORMAT_VERSION} is expected"
    except FileNotFoundError:
        reason = "no such file"
    except _DAMAGE as error:
        reason = f"not a readable store of frames ({error})"
    raise DataError(f"{path}: {reason}; preprocess again")


@lru_cache(maxsize=4)
def _store_of_process(path: Path) -> FrameStore:
    """A worker gets a copy with each call, but opens the file once."""
    return open(path)


def verify(target: str | Path, progress: bool = False) -> FrameStore:
    """Reads a whole store and returns it; raises DataError that names the first thing wrong."""
    frames, checksums = open(target), []
    with progress_bar(len(frames), 0, unit="frame", description="verify", shown=progress) as bar:
        for position in range(len(frames)):
            (image,), (labels,) = frames.read([position])
            checksums.append(_checksum(image, labels))
            bar.update()
    maps = frames.path / CLASS_MAPS_FILE
    written = maps.read_bytes() if maps.is_file() else b""
    for path, found, expected in (
        (frames.path / FRAMES_FILE, _digest(checksums, frames.names, frames.class_names), frames.digest),
        (maps, hashlib.sha256(written).hexdigest(), frames.attributes["class_maps"]),
    ):
        if found != expected:
            raise DataError(f"{path}: not as it was written; preprocess again")
    return frames


def compress(image: np.ndarray, labels: np.ndarray) -> CompressedFrame:
    """What `write` takes of an image uint8 (H, W, 3) and its labels uint8 (H, W)."""
    image, labels = np.ascontiguousarray(image), np.ascontiguousarray(labels)
    return CompressedFrame(_chunk(image), _chunk(labels), _checksum(image, labels))


def _chunk(values: np.ndarray) -> bytes:
    """As HDF5's filters write it; Fletcher-32 is two sums of big-endian words, modulo 65535."""
    stream = isal_zlib.compress(values, 1)
    sums = np.cumsum(np.frombuffer(stream + bytes(len(stream) % 2), ">u2"), dtype=np.uint64)
    first, second = int(sums[-1]) % 65535 or 65535, int(sums.sum()) % 65535 or 65535  # never 0
    return stream + (second << 16 | first).to_bytes(4, "little")


def write(
    path: Path,
    names: Sequence[tuple[str, int]],
    frames: Iterable[CompressedFrame],
    image_shape: tuple[int, int, int],
    attributes: Mapping[str, object],
) -> None:
    """Writes the HDF5 file; raises OSError or RuntimeError when it cannot.

    Args:
        path: of the file; an existing one is overwritten.
        names: (sequence, index) of each frame.
        frames: one for each name, in the same order; they are read one at a time.
        image_shape: (H, W, 3) of every frame.
        attributes: of the file, beside format_version and digest.
    """
    with h5py.File(path, "w", libver="latest", locking=False) as file:
        images, labels = (
            file.create_dataset(
                name, (len(names), *shape), "u1", chunks=(1, *shape), compression=1, fletcher32=True
            )
            for name, shape in (("images", image_shape), ("labels", image_shape[:2]))
        )
        checksums = []
        for position, frame in zip(range(len(names)), frames, strict=True):
            # Threads have compressed the chunks; HDF5's own filter would keep all others waiting.
            images.id.write_direct_chunk((position, 0, 0, 0), frame.image)
            labels.id.write_direct_chunk((position, 0, 0), frame.labels)
            checksums.append(frame.checksum)
        sequences, indices = zip(*names, strict=True)
        for name, values in (("sequence", _encoded(sequences)), ("index", np.array(indices, np.int64))):
            file.create_dataset(name, data=values, chunks=(len(names),), fletcher32=True)
        file.attrs["format_version"] = FORMAT_VERSION
        file.attrs["digest"] = _encoded(_digest(checksums, names, attributes["class_names"]))
        file.attrs.update({name: _encoded(value) for name, value in attributes.items()})


def _checksum(image: np.ndarray, labels: np.ndarray) -> int:
    return isal_zlib.crc32(labels, isal_zlib.crc32(image))


def _digest(checksums: Sequence[int], names: Sequence[tuple[str, int]], class_names) -> str:
    sequences, indices = zip(*names, strict=True)
    hashed = hashlib.sha256(np.array(checksums, np.uint32).tobytes())
    hashed.update(repr((list(sequences), list(indices), tuple(class_names))).encode())
    return hashed.hexdigest()[:16]


def _encoded(value: object) -> object:
    """Texts as UTF-8 of a fixed length: HDF5 keeps those of any length where no checksum is."""
    if not isinstance(value, str | list | tuple):
        return value
    encoded = np.char.encode(value, "utf-8")
    return encoded.astype(h5py.string_dtype("utf-8", encoded.dtype.itemsize))


def _decoded(value: object) -> object:
    if isinstance(value, np.ndarray) and value.dtype.kind == "S":
        return tuple(np.char.decode(value, "utf-8").tolist())
    return value.decode() if isinstance(value, bytes) else value
