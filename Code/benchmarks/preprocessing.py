"""Compares preprocessing with plain decoding and with the original repository's way, in one run.

    .venv/bin/python Code/benchmarks/preprocessing.py FOLDER [--frames 2000] [--output FILE]

FOLDER holds Virtual KITTI; its first sequence is repeated until there are enough frames.
"""

import dataclasses
import itertools
import os
import resource
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from benchmarks import harness
from roadseg.data import preprocess, sources
from roadseg.data.sources import Frame, Source


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    source = sources.open(options.folder)
    if not source.kind.startswith("virtual_kitti"):
        parser.error(f"{options.folder} is {source.kind}, but the original reads only Virtual KITTI")
    frames = repeat(source.frames(), options.frames)
    harness.report(measure(source, frames, options.rounds), options.output)


def measure(source: Source, frames: list[Frame], rounds: int) -> dict[str, object]:
    """Decoding and preprocessing in turns, so that a noisy machine is as noisy for both."""
    source.frames = lambda sequences=None: frames
    decoding, rates = [], []
    for _ in range(rounds):
        decoding.append(decode_only(frames))
        with tempfile.TemporaryDirectory() as target:
            report = preprocess.to_hdf5(source, target, progress=False)
            size = report.path.stat().st_size / report.frames / 1000
        rates.append(report.frames / report.seconds)
    rate = statistics.median(rates)
    original_ms, original_kb = original_way(source, frames[:5])
    shares = [each / plain for each, plain in zip(rates, decoding, strict=True)]
    return {
        "source": source.kind,
        "frames": len(frames),
        "decode_only_frames_per_second": statistics.median(decoding),
        "to_hdf5_frames_per_second": rate,
        "share_of_decoding": statistics.median(shares),
        "kB_per_frame": size,
        "peak_memory_MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "original_ms_per_frame": original_ms,
        "original_kB_per_frame": original_kb,
        "times_the_originals_frames_per_second": rate * original_ms / 1000,
        "times_smaller": original_kb / size,
        **class_ids(source, frames[0]),
    }


def repeat(frames: list[Frame], count: int) -> list[Frame]:
    """`count` frames of one sequence, renumbered."""
    sequence = frames[0].sequence
    own = [frame for frame in frames if frame.sequence == sequence]
    return [
        dataclasses.replace(frame, index=index)
        for index, frame in zip(range(count), itertools.cycle(own), strict=False)
    ]


def decode_only(frames: list[Frame]) -> float:
    """Frames/s of as many threads as cores that decode the same files and do nothing else."""

    def decode(frame: Frame) -> None:
        for path in (frame.image, frame.label):
            with Image.open(path) as image:
                image.load()

    start = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(decode, frames))
    return len(frames) / (time.perf_counter() - start)


def original_way(source: Source, frames: list[Frame]) -> tuple[float, float]:
    """Milliseconds and kilobytes a frame, on one core.

    Bicubic resizing to PNG and back, a look-up for each pixel in Python, one-hot uint8 labels and
    float64 images in an uncompressed file.
    """
    colours = source.class_map(frames[0].sequence).colour_to_id
    classes = np.eye(len(source.class_names), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frames.hdf5"
        start = time.perf_counter()
        images, labels = [], []
        for frame in frames:
            small = [shrink(each, Path(folder)) for each in (frame.image, frame.label)]
            images.append(np.asarray(small[0]) / 128 - 1)
            labels.append(classes[pixel_by_pixel(np.asarray(small[1]), colours)])
        with h5py.File(path, "w") as file:
            file["images"] = np.stack(images)
            file["labels"] = np.stack(labels)
        seconds = time.perf_counter() - start
        return 1000 * seconds / len(frames), path.stat().st_size / len(frames) / 1000


def pixel_by_pixel(colours: np.ndarray, colour_to_id: dict) -> np.ndarray:
    """Class ids of a label image by a dictionary look-up for each pixel."""
    return np.array([[colour_to_id[tuple(pixel)] for pixel in row] for row in colours])


def shrink(path: Path, folder: Path) -> Image.Image:
    """To a third, by way of a PNG file. Without a low-pass filter bicubic interpolation by exactly 1/3
    gives the centre of each block, so that no colour is invented."""
    with Image.open(path) as image:
        size = (image.width // 3, image.height // 3)
        third = (3, 0, 0, 0, 3, 0)
        small = image.transform(size, Image.Transform.AFFINE, third, Image.Resampling.BICUBIC)
    small.save(folder / "small.png")
    with Image.open(folder / "small.png") as image:
        image.load()
        return image


def class_ids(source: Source, frame: Frame) -> dict[str, float]:
    """A full-size label image, from colours to class ids, on one core."""
    classes = source.class_map(frame.sequence)
    colours = classes.encode(source.read_labels(frame))
    calls = {
        "class_ids_ms": lambda: classes.decode(colours),
        "class_ids_pixel_by_pixel_ms": lambda: pixel_by_pixel(colours, classes.colour_to_id),
    }
    measured = harness.median_ms_in_turns(calls, rounds=5)
    fast, slow = measured.values()
    return measured | {"class_ids_times_faster": slow / fast}


if __name__ == "__main__":
    main()
