"""How well `roadseg predict` labels with each option: the whole image, its mirror image, windows.

    .venv/bin/python Code/benchmarks/labelling_options.py [--stride 20] [--output FILE]

On frames of two rendered worlds of a seed that the weights were not trained on, at the full 1242 x 375
pixels. The images that the networks were trained on had been shrunk by 3.
"""

import tempfile

import numpy as np

import roadscenes
from benchmarks import harness
from roadseg import inference
from roadseg.data import sources
from roadseg.evaluation import metrics
from roadseg.inference.model import open_model

NETWORKS = "simple", "simple_plus"
WORLDS, SEED = ("0001", "0002"), 8
OPTIONS = {
    "whole": {},
    "flip": {"flip": True},
    "windows, shrunk by 2": {"tile": True, "scale": 2},
    "whole, shrunk by 2": {"scale": 2},
    "windows, full size": {"tile": True, "scale": 1},
    "whole, full size": {"scale": 1},
}


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("--stride", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        numbers = range(0, 233, options.stride)
        roadscenes.render(folder, WORLDS, frames=numbers, seed=SEED, progress=False)
        source = sources.open(folder)
        measured = {name: measure(open_model(name), source) for name in NETWORKS}
    harness.report({"stride": options.stride, "seed": SEED, "results": measured}, options.output)


def measure(model, source: sources.Source) -> dict[str, dict[str, float]]:
    """Pixel accuracy and mean IoU by option."""
    labellers = {name: inference.Labeller(model, **options) for name, options in OPTIONS.items()}
    count = len(model.description.class_names)
    confusion = {name: np.zeros((count, count), np.int64) for name in OPTIONS}
    for frame in source.frames():
        image, labels = source.read(frame)
        for name, labeller in labellers.items():
            confusion[name] += metrics.confusion_matrix(labels, labeller.segment(image).ids, count)
    return {
        name: {
            "pixel_accuracy": round(float(np.trace(counts) / counts.sum()), 4),
            "mean_iou": round(float(metrics.mean_iou(counts)), 4),
        }
        for name, counts in confusion.items()
    }


if __name__ == "__main__":
    main()
