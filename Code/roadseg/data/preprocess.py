"""Raw frames -> one compressed HDF5 file and one pickle of class maps.

Label images are decoded to class ids at full size, then sampled, so that no class is invented at an
edge. Threads decode and compress (Pillow, NumPy and isal all release the interpreter lock), the
caller's thread alone writes: first to a staging file that survives a kill, at the end, as finished
chunks, to the HDF5 file, which gets its name when it is complete.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from roadseg.data import store
from roadseg.data.classes import dump_class_maps
from roadseg.data.downscale import Downscale
from roadseg.data.sources import Frame, Source
from roadseg.data.staging import Staging
from roadseg.data.store import Chunk
from roadseg.errors import DataError
from roadseg.files import atomic_write


@dataclass(frozen=True)
class Report:
    """What a call of `to_hdf5` did."""

    path: Path
    frames: int
    written: int  # of them by this call; the others were there before
    size: tuple[int, int]  # (width, height) of the stored frames
    cropped: tuple[int, int]  # full-size columns and rows that did not divide by the scale
    seconds: float
    file_bytes: int

    def __str__(self) -> str:
        width, height = self.size
        columns, rows = self.cropped
        rate = f", {self.written / self.seconds:.0f} frames/s" if self.written else ""
        return (
            f"{self.path}: {self.frames} frames of {width} x {height} ({self.written} of them new"
            f"{rate}), {self.file_bytes / 1e6:.1f} MB"
            + (f"; {columns} columns and {rows} rows cropped" if columns or rows else "")
        )


def folder_name(source: Source, sequences: Iterable[str] | None, scale: float) -> str:
    """A name for the target that other data, sequences or scales do not share."""
    folders = {(frame.sequence, frame.image.parent) for frame in source.frames(sequences)}
    places = sorted(f"{sequence}: {folder.resolve()}" for sequence, folder in folders)
    return f"{source.kind}-{scale:g}-{_digest(*places)[:8]}"


def to_hdf5(
    source: Source,
    target: str | Path,
    sequences: Iterable[str] | None = None,
    scale: float = 3,
    workers: int | None = None,
    progress: bool = True,
) -> Report:
    """Writes target/frames.hdf5 and target/class_maps.pkl.

    sequences: names as in `source.frames`; None: all.
    scale: full-size pixels to a new pixel's width, 3 or 1.5.
    workers: decoding threads; None: one a core.

    Does nothing when the files are there already, and continues where an interrupted call stopped.
    Another scale or other sequences start anew, a frame whose files changed is read again; older
    files stay until the new ones are complete. Raises DataError, keeping what is finished, and
    ValueError for another scale.
    """
    start = time.monotonic()
    target = Path(target)
    frames = source.frames(sequences)
    class_maps = {name: source.class_map(name) for name in sorted({f.sequence for f in frames})}
    grid = Downscale.of(source.read(frames[0])[0].size, scale)
    pickled = dump_class_maps(class_maps)
    settings = _digest(store.FORMAT_VERSION, source.kind, repr(grid), pickled.hex())
    states = {_name(frame): _state(frame) for frame in frames}
    attributes = {
        "source": source.kind,
        "scale": float(grid.scale),
        "class_names": list(source.class_names),
        "palette": np.array(source.palette, np.uint8),
        "class_maps": store.class_maps_digest(pickled),
        "job": _digest(settings, *states.items()),
    }

    written = 0
    try:
        target.mkdir(parents=True, exist_ok=True)
        partial = target / f"{store.FRAMES}.partial"
        if _is_done(target, attributes["job"]):
            if partial.exists():  # killed just before it was deleted
                with Staging(partial, settings) as staging:
                    staging.discard()
        else:
            with Staging(partial, settings) as staging:
                missing = _missing(staging, frames, states)
                written = len(missing)
                bar = tqdm(
                    desc="preprocess",
                    total=len(frames),
                    initial=len(frames) - written,
                    unit="frame",
                    disable=not progress,
                )
                with bar:
                    for frame, chunk in _process(source, missing, grid, workers):
                        staging.add(_name(frame), states[_name(frame)], chunk)
                        bar.update()
                _publish(staging, list(states), grid, attributes, target)
        if not _holds(target / store.CLASS_MAPS, pickled):
            atomic_write(target / store.CLASS_MAPS, lambda part: part.write_bytes(pickled))
    except (sqlite3.Error, OSError, RuntimeError) as error:
        raise DataError(_explain(error, target)) from error
    return Report(
        path=target / store.FRAMES,
        frames=len(frames),
        written=written,
        size=grid.size,
        cropped=grid.cropped,
        seconds=time.monotonic() - start,
        file_bytes=(target / store.FRAMES).stat().st_size,
    )


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _name(frame: Frame) -> tuple[str, int]:
    return frame.sequence, frame.index


def _state(frame: Frame) -> str:
    """Changes when one of the frame's files does."""
    files = (path.stat() for path in (frame.image, frame.label))
    return " ".join(f"{status.st_size} {status.st_mtime_ns}" for status in files)


def _is_done(target: Path, job: str) -> bool:
    try:
        with store.open(target) as existing:
            return existing.attributes.get("job") == job
    except DataError:
        return False


def _missing(
    staging: Staging, frames: list[Frame], states: Mapping[tuple[str, int], str]
) -> list[Frame]:
    """The frames that are not staged, or whose files have changed since."""
    finished = staging.states()
    return [frame for frame in frames if finished.get(_name(frame)) != states[_name(frame)]]


def _process(
    source: Source, frames: list[Frame], grid: Downscale, workers: int | None
) -> Iterator[tuple[Frame, Chunk]]:
    """Decodes, shrinks and compresses frames in threads; results come in the order of the frames."""

    def chunk(frame: Frame) -> Chunk:
        image, labels = source.read(frame)
        if image.size != grid.full_size:
            raise DataError(
                f"{frame.image}: {image.width} x {image.height} pixels, but the first frame has "
                f"{grid.full_size[0]} x {grid.full_size[1]}; preprocess them apart"
            )
        return Chunk.of(grid.image(image), grid.labels(labels))

    workers = workers or os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        running = deque()
        try:
            for frame in frames:
                running.append((frame, pool.submit(chunk, frame)))
                if len(running) > 4 * workers:  # bounded, so that memory does not grow with the list
                    frame, result = running.popleft()
                    yield frame, result.result()
            for frame, result in running:
                yield frame, result.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _publish(
    staging: Staging,
    names: list[tuple[str, int]],
    grid: Downscale,
    attributes: Mapping[str, object],
    target: Path,
) -> None:
    """Staged chunks -> the HDF5 file under its final name."""
    unfinished = target / f"{store.FRAMES}.unfinished"
    width, height = grid.size
    try:
        store.write(unfinished, names, staging.chunks(names), (height, width, 3), attributes)
        os.replace(unfinished, target / store.FRAMES)
    finally:
        unfinished.unlink(missing_ok=True)
    staging.discard()


def _holds(path: Path, data: bytes) -> bool:
    return path.is_file() and path.read_bytes() == data


def _explain(error: Exception, target: Path) -> str:
    if "locked" in str(error):
        return f"{target}: another process is preprocessing into this folder; wait for it"
    free = f"{shutil.disk_usage(target).free / 1e6:.0f} MB free" if target.is_dir() else "no folder"
    return (
        f"{target}: cannot be written ({error}; {free}). Frames finished so far and any older files "
        "are kept: make room, or choose another folder, and run again to continue"
    )
