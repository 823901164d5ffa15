"""Raw frames -> one compressed HDF5 file and one pickle of class maps.

Label images are decoded to class ids at full size, then sampled, so that no class is invented at an
edge. Threads decode and compress (Pillow, NumPy and isal all release the interpreter lock), or the
workers of a cluster, which then send finished chunks. The caller's thread alone writes: first to a
staging file that survives a kill, at the end to the HDF5 file, which gets its name when it is complete.
"""

import contextlib
import operator
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from roadseg.data import staging, store
from roadseg.data.preprocess_frame import Compressor, absolute
from roadseg.data.preprocess_job import Job, Name, content_digest
from roadseg.data.sources import Source
from roadseg.data.staging import Staging
from roadseg.data.store import CompressedFrame
from roadseg.errors import DataError
from roadseg.files import atomic_write, folder_lock, read_regular, remove_leftovers, user_path
from roadseg.parallel import LostWorkersError, spread
from roadseg.progress import progress_bar

_PIECE = 512  # frames that may be in memory at once; more cores than that would wait for the one writer
_BATCH = 4  # frames that go to a worker together


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
    """A name for the target that other data, sequences or scales do not share.

    The same data has the same name wherever it lies.
    """
    return f"{source.kind}-{float(scale):g}-{content_digest(source, sequences)[:8]}"


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
        workers: decoding threads; None: one a core. On a cluster (`joblib.parallel_config("dask")`) all
            of its workers, which must see the raw files under the same names.
        progress: whether to show a progress bar.

    Returns:
        What was written, and how fast.

    Raises:
        DataError: a frame is not what its format promises, the target cannot be written, another
            process writes into it, or a cluster was lost; what is finished is kept.
        ValueError: the scale is no simple ratio of at least 1, or there is no worker.
    """
    start = time.monotonic()
    if workers is not None and operator.index(workers) < 1:
        raise ValueError(f"workers={workers}: at least 1, or None for one a core")
    target = user_path(target)
    job = Job.of(source, sequences, scale)
    try:
        written = 0 if _is_complete(job, target) else _write(job, target, workers, progress)
    except (sqlite3.Error, OSError) as error:
        raise DataError(_explain(error, target)) from error
    except LostWorkersError as error:
        raise DataError(f"{target}: {error}. Frames finished so far are kept: run again to continue")
    return Report(
        path=target / store.FRAMES_FILE,
        frames=len(job.frames),
        written=written,
        size=job.downscale.size,
        cropped=job.downscale.cropped,
        seconds=time.monotonic() - start,
        file_bytes=(target / store.FRAMES_FILE).stat().st_size,
    )


def _is_complete(job: Job, target: Path) -> bool:
    """Whether there is nothing to do; then what killed calls have left is removed, if that can be."""
    maps = target / store.CLASS_MAPS_FILE
    if not _has_frames(job, target) or not _has_content(maps, job.class_maps):
        return False
    if any(path.name not in (store.FRAMES_FILE, store.CLASS_MAPS_FILE) for path in target.iterdir()):
        with contextlib.suppress(OSError, DataError), folder_lock(target):
            staging.remove(_staging_file(target))
            remove_leftovers(target)
    return True


def _has_frames(job: Job, target: Path) -> bool:
    try:
        with store.open(target) as existing:
            return existing.attributes["job"] == job.digest
    except DataError:
        return False


def _has_content(path: Path, content: bytes) -> bool:
    try:
        return read_regular(path, len(content)) == content
    except OSError:
        return False


def _staging_file(target: Path) -> Path:
    return target / f"{store.FRAMES_FILE}.partial"


def _write(job: Job, target: Path, workers: int | None, progress: bool) -> int:
    """Writes both files; returns how many frames had to be processed."""
    target.mkdir(parents=True, exist_ok=True)
    with folder_lock(target):
        written = 0
        if not _has_frames(job, target):  # another process may just have written them
            with Staging(_staging_file(target), job.settings) as staged:
                written = _stage_missing(job, staged, workers, progress)
                _publish(job, staged, target)
        maps = target / store.CLASS_MAPS_FILE
        atomic_write(maps, lambda part: part.write_bytes(job.class_maps))
        with contextlib.suppress(OSError):  # all is there, whatever becomes of the disk now
            staging.remove(_staging_file(target))
    return written


def _stage_missing(job: Job, staged: Staging, workers: int | None, progress: bool) -> int:
    """Stages the frames that are not there, or whose files have changed since; returns their number."""
    finished = staged.file_states()
    missing = [name for name, state in job.file_states.items() if finished.get(name) != state]
    total = len(job.frames)
    bar = progress_bar(
        total, total - len(missing), unit="frame", description="preprocess", shown=progress
    )
    with bar:
        for name, frame in _compress_all(job, missing, workers):
            staged.add(name, job.file_states[name], frame)
            bar.update()
    staged.commit()
    return len(missing)


def _compress_all(
    job: Job, names: list[Name], workers: int | None
) -> Iterator[tuple[Name, CompressedFrame]]:
    """Compresses frames; the results come in the order of the names.

    A piece is written before the next one begins, so that memory does not grow with the list, however
    fast a cluster is.
    """
    compress = Compressor(job.source, job.downscale)
    for start in range(0, len(names), _PIECE):
        piece = names[start : start + _PIECE]
        frames = (absolute(job.frames[name]) for name in piece)
        made = spread(compress, frames, workers, threads=True, batch_size=_BATCH)
        yield from zip(piece, made, strict=True)


def _publish(job: Job, staged: Staging, target: Path) -> None:
    """Staged frames -> the HDF5 file under its final name."""
    names = list(job.frames)
    width, height = job.downscale.size

    def write(part: Path) -> None:
        store.write(part, names, staged.frames(names), (height, width, 3), job.attributes)

    atomic_write(target / store.FRAMES_FILE, write)


def _explain(error: Exception, target: Path) -> str:
    free = f"{shutil.disk_usage(target).free / 1e6:.0f} MB free" if target.is_dir() else "no folder"
    return (
        f"{target}: cannot be written ({error}; {free}). Frames finished so far and any older files "
        "are kept: make room, or choose another folder, and run again to continue"
    )
