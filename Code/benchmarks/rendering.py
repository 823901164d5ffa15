"""The rendered scenes: how fast they are made, their class shares, and what colour alone tells.

    .venv/bin/python Code/benchmarks/miniature.py [--step 9] [--seed 0] [--output FILE]

Renders every STEP-th frame of all five worlds, variation clone, and some of them in all variations,
which share what does not change with the light. The shares are weighted by the worlds'
numbers of frames, as in Virtual KITTI. The classifier sees a pixel's own colour and row, learns on
worlds 0001, 0006 and 0020, and is measured on 0002 and 0018.
"""

import resource
import tempfile
import time
from pathlib import Path

import joblib
import numpy as np
from joblib.externals.loky import get_reusable_executor
from sklearn.ensemble import HistGradientBoostingClassifier

import roadscenes
from benchmarks import harness
from roadscenes.layouts import LAYOUTS
from roadscenes.light import VARIATIONS
from roadseg.data import sources

# Percent of all pixels of Virtual KITTI 1.3.1, approximately.
VIRTUAL_KITTI = {
    "Terrain": 16, "Sky": 15, "Tree": 27, "Vegetation": 2, "Building": 4, "Road": 24, "GuardRail": 1.2,
    "TrafficSign": 1, "TrafficLight": 0.5, "Pole": 0.24, "Misc": 0.7, "Truck": 1, "Car": 9, "Van": 1,
}  # fmt: skip
LEARNED, HELD_OUT = ("0001", "0006", "0020"), ("0002", "0018")
PIXELS = 2500  # of each frame, for the classifier


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("--step", type=int, default=9)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = {"step": options.step, "seed": options.seed}
        one, all_variations = Path(folder) / "one", Path(folder) / "all"
        figures |= time_rendering(one, options.step, options.seed)
        figures |= time_all_variations(all_variations, 10 * options.step, options.seed)
        source = sources.open(one)
        figures["shares_percent"] = shares(source)
        figures["colour_and_row_accuracy"] = colour_and_row(source, np.random.default_rng(0))
    harness.report(figures, options.output)


def time_rendering(folder: Path, step: int, seed: int) -> dict[str, object]:
    """Renders every world by itself; megabytes: of this process, and of each CPU's at its largest."""
    rates, total, start = {}, 0, time.perf_counter()
    for world, layout in LAYOUTS.items():
        numbers, begun = range(0, layout.frames, step), time.perf_counter()
        roadscenes.render(folder, [world], frames=numbers, seed=seed)
        rates[world] = round(len(numbers) / (time.perf_counter() - begun), 2)
        total += len(numbers)
    get_reusable_executor().shutdown(wait=True)  # so that its processes count as children
    own, largest = (
        resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return {
        "frames": total,
        "frames_per_second": round(total / (time.perf_counter() - start), 2),
        "frames_per_second_by_world": rates,
        "megabytes": round((own + joblib.cpu_count() * largest) / 1024),
    }


def time_all_variations(folder: Path, step: int, seed: int) -> dict[str, float]:
    total, start = 0, time.perf_counter()
    for world, layout in LAYOUTS.items():
        numbers = range(0, layout.frames, step)
        roadscenes.render(folder, [world], VARIATIONS, numbers, seed)
        total += len(numbers) * len(VARIATIONS)
    return {"frames_per_second_all_variations": round(total / (time.perf_counter() - start), 2)}


def shares(source: sources.Source) -> dict[str, dict[str, float]]:
    """Percent of the pixels of each class: here, in Virtual KITTI, and the ratio."""
    count, frames = np.zeros(len(source.class_names)), sum(layout.frames for layout in LAYOUTS.values())
    for world, layout in LAYOUTS.items():
        labels = [source.read_labels(frame) for frame in source.frames(world)]
        found = np.bincount(np.ravel(labels), minlength=len(count))
        count += found / found.sum() * layout.frames / frames
    return {
        name: {
            "miniature": round(100 * share, 2),
            "virtual_kitti": VIRTUAL_KITTI[name],
            "ratio": round(100 * share / VIRTUAL_KITTI[name], 2),
        }
        for name, share in zip(source.class_names, count, strict=True)
    }


def colour_and_row(source: sources.Source, rng: np.random.Generator) -> float:
    """Pixel accuracy, on held-out worlds, of gradient-boosted trees on red, green, blue and row."""

    def sample(worlds: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
        features, classes = [], []
        for frame in source.frames(worlds):
            image, labels = source.read(frame)
            rows, columns = (rng.integers(0, size, PIXELS) for size in labels.shape)
            features.append(np.c_[np.asarray(image)[rows, columns], rows])
            classes.append(labels[rows, columns])
        return np.concatenate(features), np.concatenate(classes)

    classifier = HistGradientBoostingClassifier(max_iter=60, random_state=0).fit(*sample(LEARNED))
    return round(float(classifier.score(*sample(HELD_OUT))), 3)


if __name__ == "__main__":
    main()
