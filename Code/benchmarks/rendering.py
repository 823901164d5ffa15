"""Measures rendered scenes: speed, and each class's share of the pixels.

    .venv/bin/python Code/benchmarks/rendering.py [--stride 9] [--seed 0] [--output FILE]

Renders every STRIDE-th frame of all five worlds, variation clone, and every tenth of these in all
variations, which share what does not change with the light. The shares are weighted by the worlds'
numbers of frames, as in Virtual KITTI.
"""

import resource
import tempfile
import time
from collections.abc import Collection
from pathlib import Path

import joblib
import numpy as np
from joblib.externals.loky import get_reusable_executor

import roadscenes
from benchmarks import harness
from roadscenes import VARIATIONS, WORLDS
from roadseg.data import sources

# Percent of all pixels of Virtual KITTI 1.3.1, approximately.
VIRTUAL_KITTI = {
    "Terrain": 16, "Sky": 15, "Tree": 27, "Vegetation": 2, "Building": 4, "Road": 24, "GuardRail": 1.2,
    "TrafficSign": 1, "TrafficLight": 0.5, "Pole": 0.24, "Misc": 0.7, "Truck": 1, "Car": 9, "Van": 1,
}  # fmt: skip


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("--stride", type=int, default=9)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        one = time_rendering(Path(folder) / "one", ["clone"], options.stride, options.seed)
        one["megabytes"] = peak_megabytes()
        every = time_rendering(Path(folder) / "all", VARIATIONS, 10 * options.stride, options.seed)
        one["frames_per_second_all_variations"] = every["frames_per_second"]
        one["shares_percent"] = class_shares(sources.open(Path(folder) / "one"))
    harness.report({"stride": options.stride, "seed": options.seed} | one, options.output)


def time_rendering(
    folder: Path, variations: Collection[str], stride: int, seed: int
) -> dict[str, object]:
    """Renders one world at a time."""
    rates, total, start = {}, 0, time.perf_counter()
    for name, world in WORLDS.items():
        numbers, begun = range(0, world.frames, stride), time.perf_counter()
        roadscenes.render(folder, [name], variations, numbers, seed)
        frames = len(numbers) * len(variations)
        rates[name] = round(frames / (time.perf_counter() - begun), 2)
        total += frames
    return {
        "frames": total,
        "frames_per_second": round(total / (time.perf_counter() - start), 2),
        "frames_per_second_by_world": rates,
    }


def peak_megabytes() -> int:
    """Of this process, and of the largest worker times the CPUs."""
    get_reusable_executor().shutdown(wait=True)  # so that its processes count as children
    who = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    own, largest = (resource.getrusage(each).ru_maxrss for each in who)
    return round((own + joblib.cpu_count() * largest) / 1024)


def class_shares(source: sources.Source) -> dict[str, dict[str, float]]:
    """Percent of the pixels of each class: in rendered scenes, in Virtual KITTI, and the ratio."""
    share, frames = np.zeros(len(source.class_names)), sum(world.frames for world in WORLDS.values())
    for name, world in WORLDS.items():
        labels = [source.read_labels(frame) for frame in source.frames(name)]
        pixels = np.bincount(np.ravel(labels), minlength=len(share))
        share += pixels / pixels.sum() * world.frames / frames
    return {
        name: {
            "rendered": round(100 * rendered, 2),
            "virtual_kitti": VIRTUAL_KITTI[name],
            "ratio": round(100 * rendered / VIRTUAL_KITTI[name], 2),
        }
        for name, rendered in zip(source.class_names, share, strict=True)
    }


if __name__ == "__main__":
    main()
