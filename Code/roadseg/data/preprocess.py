"""Raw frames -> one compressed HDF5 file and one pickle of class maps.

Label images are decoded to class ids at full size, then sampled, so that no class is invented at an
edge. Threads decode and compress (Pillow, NumPy and isal all release the interpreter lock), or the
workers of a cluster. The caller's thread alone writes, into a hidden file that gets its name when it
is complete: an interrupted preprocessing starts again.
"""

import functools
import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from roadseg.data import store
from roadseg.data.classes import dump_class_maps
from roadseg.data.resize import Downscale
from roadseg.data.sources import Frame, Source
from roadseg.data.store import CompressedFrame
from roadseg.errors import DataError
from roadseg.files import atomic_write, folder_lock, user_path
from roadseg.parallel import spread
from roadseg.progress import progress_bar

_PIECE = 512  # frames that may be in memory at once, however fast a cluster is
_LAST_BYTES = 32


@dataclass(frozen=True)
class Report:
    """What a call of `to_hdf5` did."""

    path: Path
    frames: int
    written: int  # of them by this call: all, or none where they were there before
    size: tuple[int, int]  # (width, height) of the stored frames
    cropped: tuple[int, int]  # full-size columns and rows that did not divide by the scale
    seconds: float

    def __str__(self) -> str:
        rate = f", {self.written / self.seconds:.0f} frames/s" if self.written else ""
        text = "{}: {} frames of {} x {} ({} of them new{}), {:.1f} MB".format(
            self.path, self.frames, *self.size, self.written, rate, self.path.stat().st_size / 1e6
        )
        cropped = "; {} columns and {} rows cropped".format(*self.cropped)
        return text + (cropped if any(self.cropped) else "")


def folder_name(source: Source, sequences: Iterable[str] | None, scale: float) -> str:
    """A name for the target, the same for the same data wherever it lies, and only for that."""
    frames = source.frames(sequences)
    digest = _digest(source, frames, _class_maps(source, frames))
    return f"{source.kind}-{float(scale):g}-{digest[:8]}"


def to_hdf5(
    source: Source,
    target: str | Path,
    sequences: Iterable[str] | None = None,
    scale: float = 3,
    workers: int | None = None,
    progress: bool = True,
) -> Report:
    """Writes target/frames.hdf5 and target/class_maps.pkl.

    Does nothing when the files are there already, made of the same raw files. Older frames stay until
    the new ones are complete.

    Args:
        source: the raw data set.
        target: the folder to write into; it is created.
        sequences: names as in `source.frames`; None: all.
        scale: full-size pixels to a new pixel's width, such as 3 or 1.5.
        workers: decoding threads; None: one a core. On a cluster (`joblib.parallel_config("dask")`) all
            of its workers, which must see the raw files under the same names.
        progress: whether to show a progress bar.

    Raises DataError when a frame is not what its format promises, the target cannot be written, another
    process writes into it, or a cluster was lost; ValueError unless the scale is a simple ratio >= 1.
    """
    start = time.monotonic()
    target, frames = user_path(target), source.frames(sequences)
    image, _ = source.read(frames[0])
    downscale = Downscale.of(image.size, scale)
    path, maps_path = target / store.FRAMES_FILE, target / store.CLASS_MAPS_FILE
    maps = _class_maps(source, frames)
    attributes = {
        "source": source.kind,
        "scale": float(downscale.scale),
        "class_names": source.class_names,
        "palette": np.array(source.palette, np.uint8),
        "class_maps": hashlib.sha256(maps).hexdigest(),
        "job": _digest(source, frames, maps, store.FORMAT_VERSION, str(downscale.scale), image.size),
    }

    def write(part: Path) -> None:
        width, height = downscale.size
        names = [(frame.sequence, frame.index) for frame in frames]
        compressed = _compress_all(source, frames, downscale, workers, progress)
        store.write(part, names, compressed, (height, width, 3), attributes)

    written = 0
    try:
        has_maps = maps_path.is_file() and maps_path.read_bytes() == maps
        if not has_maps or not _has_frames(target, attributes["job"]):
            target.mkdir(parents=True, exist_ok=True)
            with folder_lock(target):
                atomic_write(maps_path, lambda part: part.write_bytes(maps))
                if not _has_frames(target, attributes["job"]):  # which another process may have written
                    atomic_write(path, write)
                    written = len(frames)
    except (OSError, RuntimeError) as error:  # the second one of HDF5
        raise DataError(f"{target}: cannot be written ({error}); make room, or choose another folder")
    seconds = time.monotonic() - start
    return Report(path, len(frames), written, downscale.size, downscale.cropped, seconds)


def _compress_all(
    source: Source, frames: Sequence[Frame], downscale: Downscale, workers: int | None, progress: bool
) -> Iterator[CompressedFrame]:
    """In the order of the frames; a piece is written before the next one begins."""
    compress = functools.partial(_compress, source, downscale)
    # A worker of a cluster has another current folder.
    absolute = [replace(f, image=f.image.absolute(), label=f.label.absolute()) for f in frames]
    with progress_bar(len(frames), 0, unit="frame", description="preprocess", shown=progress) as bar:
        for start in range(0, len(frames), _PIECE):
            for frame in spread(compress, absolute[start : start + _PIECE], workers, threads=True):
                yield frame
                bar.update()


def _compress(source: Source, downscale: Downscale, frame: Frame) -> CompressedFrame:
    image, labels = source.read(frame)
    width, height = downscale.full_size
    if image.size != (width, height):
        what = f"{image.width} x {image.height} pixels, but the first frame has {width} x {height}"
        remedy = "fit all to one size: sources.open(..., size=(H, W)), or --size"
        raise DataError(f"{frame.image}: {what}; preprocess them apart, or {remedy}")
    return store.compress(downscale.image(image), downscale.labels(labels))


def _has_frames(target: Path, job: str) -> bool:
    try:
        with store.open(target) as existing:
            return existing.attributes["job"] == job
    except DataError:
        return False


def _class_maps(source: Source, frames: Iterable[Frame]) -> bytes:
    sequences = sorted({frame.sequence for frame in frames})
    return dump_class_maps({name: source.class_map(name) for name in sequences})


def _digest(source: Source, frames: Sequence[Frame], class_maps: bytes, *settings: object) -> str:
    """SHA-256 of what decides about the frames, wherever and since whenever their files lie.

    Of an image it takes the size and the last bytes, which survive copying and are quickly read.
    """
    states, labels = [], {}
    for frame in frames:
        if frame.label not in labels:  # one file may label many images
            labels[frame.label] = hashlib.sha256(frame.label.read_bytes()).hexdigest()
        with frame.image.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - _LAST_BYTES, 0))
            state = f"{size} {file.read().hex()} {labels[frame.label]}"
        states.append(((frame.sequence, frame.index), state))
    parts = *settings, source.identity, class_maps.hex(), states
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
