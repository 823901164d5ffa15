"""Measures stores of few and of many frames: whether time and memory a frame stay the same.

    .venv/bin/python Code/benchmarks/large_store.py [--frames 2000 50000] [--output FILE]

Renders 40 frames, preprocesses them at a third of their size, and repeats their compressed chunks under
the names of five worlds in ten variations. 50,000 frames take 5 GB in the folder for temporary files,
which `TMPDIR` names.
"""

import itertools
import resource
import shutil
import statistics
import tempfile
import time
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from roadseg.data.staging import Staging

import roadscenes
from benchmarks import harness
from roadscenes import VARIATIONS, WORLDS
from roadseg.data import preprocess, sources, splits, store
from roadseg.data.batches import Batches
from roadseg.data.store import CompressedFrame, FrameStore

BATCH = 8
READ = 800  # frames that are read at random places, and in batches


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("--frames", type=int, nargs="+", default=[2000, 50_000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pattern = render_pattern(Path(folder), range(0, 230, 29))
        table = {str(count): measure(pattern, Path(folder), count) for count in sorted(options.frames)}
        shape = list(pattern.image_shape)
    print_table(table)
    harness.report({"image_shape": shape, "large_store": table}, options.output)


def render_pattern(folder: Path, frames: range) -> FrameStore:
    """The frames that are repeated, as a store."""
    roadscenes.render(folder / "scenes", WORLDS, frames=frames)
    preprocess.to_hdf5(sources.open(folder / "scenes"), folder / "pattern")
    return store.open(folder / "pattern")


def measure(pattern: FrameStore, folder: Path, count: int) -> dict[str, float]:
    """Makes a store of so many frames in a folder, measures what is done with it, and removes it."""
    target = folder / f"frames-{count}"
    staging = seconds(lambda: stage(pattern, folder / "staging", count))
    writing = seconds(lambda: repeat(pattern, target, count))
    opening = harness.median_ms(lambda: store.open(target).close(), rounds=3)
    index = memory_of_index(target)
    with store.open(target) as frames:
        measured = {
            "stage_ms_a_frame": 1000 * staging / count,
            "write_ms_a_frame": 1000 * writing / count,
            "megabytes": (target / store.FRAMES_FILE).stat().st_size / 1e6,
            "open_ms": opening,
            "open_ms_a_thousand_frames": 1000 * opening / count,
            "index_megabytes": index,
            **time_splits(frames),
            **time_reading(frames),
        }
    measured["verify_ms_a_frame"] = 1000 * seconds(lambda: store.verify(target)) / count
    measured["peak_memory_megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    shutil.rmtree(target)
    return {name: float(f"{value:.4g}") for name, value in measured.items()}


def repeat(pattern: FrameStore, target: Path, count: int) -> None:
    """Writes a store whose frames are those of the pattern, over and over."""
    target.mkdir()
    chunks = [compressed(pattern, position) for position in range(len(pattern))]
    frames = itertools.islice(itertools.cycle(chunks), count)
    shape, attributes = pattern.image_shape, pattern.attributes
    store.write(target / store.FRAMES_FILE, names_of(count), frames, shape, attributes)
    shutil.copy(pattern.path / store.CLASS_MAPS_FILE, target)


def stage(pattern: FrameStore, path: Path, count: int) -> None:
    """Keeps that many frames as preprocessing does before they are all there, and removes them."""
    chunks = [compressed(pattern, position) for position in range(len(pattern))]
    with Staging(path, "benchmark") as staged:
        for name, frame in zip(names_of(count), itertools.cycle(chunks), strict=False):
            staged.add(name, "", frame)
        staged.commit()
    path.unlink()


def compressed(pattern: FrameStore, position: int) -> CompressedFrame:
    _, image = pattern.images.id.read_direct_chunk((position, 0, 0, 0))
    _, labels = pattern.labels.id.read_direct_chunk((position, 0, 0))
    return CompressedFrame(image, labels, int(pattern.checksums[position]))


def names_of(count: int) -> list[tuple[str, int]]:
    """Sequences of equal length, those of all worlds in all variations."""
    sequences = sorted(f"{world}/{variation}" for world in WORLDS for variation in VARIATIONS)
    return sorted((sequences[i % len(sequences)], i // len(sequences)) for i in range(count))


def memory_of_index(target: Path) -> float:
    """Megabytes that an open store keeps in memory."""
    tracemalloc.start()
    frames = store.open(target)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    frames.close()
    return size / 1e6


def time_splits(frames: FrameStore) -> dict[str, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a random split leaks
        by_sequence = harness.median_ms(lambda: splits.by_sequence(frames, ["0020"]), rounds=3)
        random = harness.median_ms(lambda: splits.random(frames), rounds=3)
    return {"split_by_sequence_ms": by_sequence, "split_random_ms": random}


def time_reading(frames: FrameStore) -> dict[str, float]:
    """Milliseconds a frame: at random places, in the batches of an epoch, and for the class counts.

    Medians where that can be, as another program may be running.
    """
    chosen = np.random.default_rng(0).permutation(len(frames))[:READ]
    reading = [seconds(lambda i=i: frames.read([i])) for i in chosen]
    batches = Batches(frames, range(len(frames)), BATCH)
    numbers = range(min(READ // BATCH, len(batches)))
    in_batches = [seconds(lambda i=i: batches.batch(0, i)) for i in numbers]
    # The first batch of an epoch draws its order, the same one again does not.
    drawing = [
        seconds(lambda i=i: batches.batch(i, 0)) - seconds(lambda i=i: batches.batch(i, 0))
        for i in range(1, 10)
    ]
    counting = seconds(lambda: frames.class_pixels(range(len(frames))))
    return {
        "epoch_order_ms": 1000 * max(statistics.median(drawing), 0),
        "read_ms_a_frame": 1000 * statistics.median(reading),
        "batches_ms_a_frame": 1000 * statistics.median(in_batches) / BATCH,
        "class_counts_ms_a_frame": 1000 * counting / len(frames),
    }


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def print_table(table: dict[str, dict[str, float]]) -> None:
    """A row for each measurement, a column for each number of frames."""
    print(f"{'frames':28s}", *(f"{int(count):>10,d}" for count in table))
    for name in next(iter(table.values())):
        print(f"{name:28s}", *(f"{column[name]:10.4g}" for column in table.values()))


if __name__ == "__main__":
    main()
