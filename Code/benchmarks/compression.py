"""Compares ways to compress the store: size, writing and reading of each on real frames.

    .venv/bin/python Code/benchmarks/compression.py FOLDER [--scale 3] [--frames 60] [--output FILE]

FOLDER is a raw data set. All times are of one core, in milliseconds a frame.
"""

import itertools
import tempfile
from collections.abc import Mapping
from pathlib import Path

import h5py
import hdf5plugin
import numpy as np

from benchmarks import harness
from roadseg.data import sources
from roadseg.data.resize import Downscale
from roadseg.data.store import GZIP_LEVEL, CompressedFrame

CANDIDATES = {
    "none": {},
    "lzf": {"compression": "lzf"},
    "gzip 1": {"compression": "gzip", "compression_opts": 1},
    "gzip 4": {"compression": "gzip", "compression_opts": 4},
    "gzip 9": {"compression": "gzip", "compression_opts": 9},
    "Zstandard 3": hdf5plugin.Zstd(clevel=3),
    "Blosc2 Zstandard 3, bitshuffle": hdf5plugin.Blosc2(
        cname="zstd", clevel=3, filters=hdf5plugin.Blosc2.BITSHUFFLE
    ),
    "Blosc2 LZ4 5, shuffle": hdf5plugin.Blosc2(cname="lz4", clevel=5, filters=hdf5plugin.Blosc2.SHUFFLE),
    "bitshuffle LZ4": hdf5plugin.Bitshuffle(cname="lz4"),
}
CHOSEN = f"gzip by isal {GZIP_LEVEL}"


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=3)
    parser.add_argument("--frames", type=int, default=60)
    options = parser.parse_args()

    images, labels = load(options.folder, options.scale, options.frames)
    table = {name: measure(images, labels, filters) for name, filters in CANDIDATES.items()}
    table[CHOSEN] = measure(images, labels, {"compression": "gzip", "compression_opts": 1}, isal=True)
    for name, row in table.items():
        print(f"{name:32s}", *(f"{key} {value:8.2f}" for key, value in row.items()), sep="  ")
    harness.report({"frames": len(images), "compression": table}, options.output)


def load(folder: Path, scale: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of `count` frames of a data set, at the store's size."""
    source = sources.open(folder)
    frames = source.frames()
    chosen = frames[:: max(1, len(frames) // count)][:count]
    images, labels = [], []
    for frame in itertools.islice(itertools.cycle(chosen), count):
        image, ids = source.read(frame)
        downscale = Downscale.of(image.size, scale)
        images.append(downscale.image(image))
        labels.append(downscale.labels(ids))
    return np.stack(images), np.stack(labels)


def measure(
    images: np.ndarray, labels: np.ndarray, filters: Mapping[str, object], isal: bool = False
) -> dict[str, float]:
    """Kilobytes a frame, and milliseconds to write and to read one.

    Args:
        images: uint8 (N, H, W, 3).
        labels: uint8 (N, H, W).
        filters: options of h5py's create_dataset.
        isal: whether isal compresses the chunks, as the store does, instead of HDF5.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frames.hdf5"

        def write() -> None:
            with h5py.File(path, "w") as file:
                for name, values in (("images", images), ("labels", labels)):
                    chunk = (1, *values.shape[1:])
                    file.create_dataset(name, values.shape, np.uint8, chunks=chunk, **filters)
                for index, pair in enumerate(zip(images, labels, strict=True)):
                    if isal:
                        made = CompressedFrame.of(*pair)
                        file["images"].id.write_direct_chunk((index, 0, 0, 0), made.image)
                        file["labels"].id.write_direct_chunk((index, 0, 0), made.labels)
                    else:
                        file["images"][index], file["labels"][index] = pair

        def read() -> None:
            with h5py.File(path, "r") as file:
                for index in range(len(images)):
                    file["images"][index], file["labels"][index]

        writing = harness.median_ms(write, rounds=3) / len(images)
        reading = harness.median_ms(read, rounds=3) / len(images)
        return {
            "kB": path.stat().st_size / len(images) / 1000,
            "write_ms": writing,
            "read_ms": reading,
        }


if __name__ == "__main__":
    main()
