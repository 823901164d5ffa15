"""Raw frames -> one compressed HDF5 file and one pickle of class maps.

Label images are decoded to class ids at full size, then sampled, so that no class is invented at an
edge. Threads decode and compress (Pillow, NumPy and isal all release the interpreter lock), the
caller's thread alone writes: first to a staging file that survives a kill, at the end, as finished
chunks, to the HDF5 file, which gets its name when it is complete.
"""

import os
import shutil
import sqlite3
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from roadseg.data import store
from roadseg.data.preprocess_job import Job, Name, sha256_of
from roadseg.data.sources import Source
from roadseg.data.staging import Staging
from roadseg.data.store import CompressedFrame
from roadseg.errors import DataError
from roadseg.files import atomic_write

_AHEAD = 4  # frames for each worker that may wait to be written


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
    return f"{source.kind}-{scale:g}-{sha256_of(*places)[:8]}"


def to_hdf5(
    source: Source,
    target: str | Path,
    sequences: Iterable[str] | None = None,
    scale: float = 3,
    workers: int | None = None,
    progress: bool = True,
) -> Report:
    """Writes target/frames.hdf5 and target/class_maps.pkl.

    Does nothing when the files are there already, and continues where an interrupted call stopped.
    Another scale or other sequences start again from the first frame; a frame whose files have
    changed is read again. Older files stay until the new ones are complete.

    Args:
        source: the raw data set.
        target: the folder to write into; it is created.
        sequences: names as in `source.frames`; None: all.
        scale: full-size pixels to a new pixel's width, such as 3 or 1.5.
        workers: decoding threads; None: one a core.
        progress: whether to show a progress bar.

    Returns:
        What was written, and how fast.

    Raises:
        DataError: a frame is not what its format promises, or the target cannot be written; what is
            finished is kept.
        ValueError: the scale is no simple ratio of at least 1.
    """
    start = time.monotonic()
    target = Path(target)
    job = Job.of(source, sequences, scale)
    try:
        target.mkdir(parents=True, exist_ok=True)
        written = _write_frames(job, target, workers, progress)
        _write_class_maps(job.class_maps, target / store.CLASS_MAPS_FILE)
    except (sqlite3.Error, OSError, RuntimeError) as error:
        raise DataError(_explain(error, target)) from error
    return Report(
        path=target / store.FRAMES_FILE,
        frames=len(job.frames),
        written=written,
        size=job.downscale.size,
        cropped=job.downscale.cropped,
        seconds=time.monotonic() - start,
        file_bytes=(target / store.FRAMES_FILE).stat().st_size,
    )


def _write_frames(job: Job, target: Path, workers: int | None, progress: bool) -> int:
    """Writes the HDF5 file unless it is there; returns how many frames had to be processed."""
    partial = target / f"{store.FRAMES_FILE}.partial"
    is_done = _is_done(job, target)
    if is_done and not partial.exists():
        return 0
    with Staging(partial, job.settings) as staging:
        if is_done:  # killed just before the staging file was deleted
            staging.discard()
            return 0
        written = _stage_missing(job, staging, workers, progress)
        _publish(job, staging, target)
        return written


def _is_done(job: Job, target: Path) -> bool:
    try:
        with store.open(target) as existing:
            return existing.attributes.get("job") == job.digest
    except DataError:
        return False


def _stage_missing(job: Job, staging: Staging, workers: int | None, progress: bool) -> int:
    """Stages the frames that are not there, or whose files have changed since; returns their number."""
    staged = staging.file_states()
    missing = [name for name, state in job.file_states.items() if staged.get(name) != state]
    bar = tqdm(
        desc="preprocess",
        total=len(job.frames),
        initial=len(job.frames) - len(missing),
        unit="frame",
        disable=not progress,
    )
    with bar:
        for name, frame in _compress_all(job, missing, workers or os.cpu_count() or 1):
            staging.add(name, job.file_states[name], frame)
            bar.update()
    return len(missing)


def _compress_all(
    job: Job, names: Iterable[Name], workers: int
) -> Iterator[tuple[Name, CompressedFrame]]:
    """Compresses frames in threads; the results come in the order of the names."""
    with ThreadPoolExecutor(workers) as pool:
        running = deque()
        try:
            for name in names:
                running.append((name, pool.submit(_compress, job, name)))
                if len(running) > _AHEAD * workers:  # so that memory does not grow with the list
                    finished, result = running.popleft()
                    yield finished, result.result()
            for finished, result in running:
                yield finished, result.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _compress(job: Job, name: Name) -> CompressedFrame:
    """Decodes, downscales and compresses one frame."""
    frame, downscale = job.frames[name], job.downscale
    image, labels = job.source.read(frame)
    if image.size != downscale.full_size:
        raise DataError(
            f"{frame.image}: {image.width} x {image.height} pixels, but the first frame has "
            f"{downscale.full_size[0]} x {downscale.full_size[1]}; preprocess them apart"
        )
    return CompressedFrame.of(downscale.image(image), downscale.labels(labels))


def _publish(job: Job, staging: Staging, target: Path) -> None:
    """Staged frames -> the HDF5 file under its final name."""
    unfinished = target / f"{store.FRAMES_FILE}.unfinished"
    names = list(job.frames)
    width, height = job.downscale.size
    try:
        store.write(unfinished, names, staging.frames(names), (height, width, 3), job.attributes)
        os.replace(unfinished, target / store.FRAMES_FILE)
    finally:
        unfinished.unlink(missing_ok=True)
    staging.discard()


def _write_class_maps(pickled: bytes, path: Path) -> None:
    if not path.is_file() or path.read_bytes() != pickled:
        atomic_write(path, lambda part: part.write_bytes(pickled))


def _explain(error: Exception, target: Path) -> str:
    if "locked" in str(error):
        return f"{target}: another process is preprocessing into this folder; wait for it"
    free = f"{shutil.disk_usage(target).free / 1e6:.0f} MB free" if target.is_dir() else "no folder"
    return (
        f"{target}: cannot be written ({error}; {free}). Frames finished so far and any older files "
        "are kept: make room, or choose another folder, and run again to continue"
    )
