"""Whether exported networks label as the Keras network does, and how fast."""

import os
import statistics
import time
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from roadseg.evaluation import metrics
from roadseg.inference.export_runtimes import Exported
from roadseg.inference.export_source import Samples, Source

KERAS = "keras float32"
MINIMUM_AGREEMENT = {"float32": 0.999}  # of all pixels
MAXIMUM_LOSS = {"bfloat16": 0.002, "int8": 0.01}  # of mean IoU
_TIMED_FRAMES = 16
# Threads of one runtime keep spinning for a while after its last frame, and caches are cold: the first
# frames of a turn are not counted.
_TURNS, _FRAMES_PER_TURN, _UNCOUNTED = 12, 20, 6


def prove(source: Source, exported: Mapping[str, Exported]) -> pd.DataFrame:
    """Runs Keras and exported networks over the same frames, one frame at a time, on all cores.

    Args:
        source: the network that was exported, and held-out frames.
        exported: by the name of the row.

    Returns:
        A row for Keras and one for each exported network: "precision", "MB" of the file, "frames/s" in
        turns, "agreement" with Keras in the share of all pixels, "mean IoU" with the labels.
    """
    runs = {KERAS: source.network.predict_on_batch} | {name: each.run for name, each in exported.items()}
    agreement, mean_iou = _labels(runs, source.held_out, len(source.description.class_names))
    table = {
        "precision": ["float32", *(each.precision for each in exported.values())],
        "MB": [source.megabytes, *(each.megabytes for each in exported.values())],
        "frames/s": _frames_per_second(runs, source.held_out.images(_TIMED_FRAMES)),
        "agreement": agreement,
        "mean IoU": mean_iou,
    }
    title = f"{os.cpu_count()} cores, {len(source.held_out)} frames"
    return pd.DataFrame(table, pd.Index(runs, name=title))


def as_text(table: pd.DataFrame) -> str:
    """The table of `prove` with as many digits as they mean something."""
    columns = {"MB": "{:.2f}", "frames/s": "{:.0f}", "agreement": "{:.4f}", "mean IoU": "{:.4f}"}
    return table.drop(columns="precision").to_string(
        formatters={name: form.format for name, form in columns.items()}
    )


def shortfalls(table: pd.DataFrame) -> list[str]:
    """What is wrong with the exported networks in the table of `prove`, in words; empty: nothing."""
    found = []
    for name, row in table.drop(index=KERAS).iterrows():
        needed = MINIMUM_AGREEMENT.get(row["precision"], 0.0)
        if row["agreement"] < needed:
            found.append(
                f"{name} agrees in {row['agreement']:.2%} of the pixels; {needed:.1%} are needed"
            )
        loss = table.loc[KERAS, "mean IoU"] - row["mean IoU"]
        allowed = MAXIMUM_LOSS.get(row["precision"], 1.0)
        if loss > allowed:
            found.append(
                f"{name} loses {100 * loss:.2f} points of mean IoU; {100 * allowed:.1f} are allowed"
            )
    return found


def _labels(
    runs: Mapping[str, Callable[[np.ndarray], np.ndarray]], samples: Samples, classes: int
) -> tuple[list[float], list[float]]:
    """Of each run, the share of pixels that are labelled as by the first, and the mean IoU."""
    equal = np.zeros(len(runs), np.int64)
    confusion = np.zeros((len(runs), classes, classes), np.int64)
    for image, labels in samples:
        ids = [np.argmax(run(image[None])[0], -1).astype(np.uint8) for run in runs.values()]
        for place, predicted in enumerate(ids):
            equal[place] += np.count_nonzero(predicted == ids[0])
            confusion[place] += metrics.confusion_matrix(labels, predicted, classes)
    pixels = len(samples) * samples.size[0] * samples.size[1]
    return (equal / pixels).tolist(), [metrics.mean_iou(each) for each in confusion]


def _frames_per_second(
    runs: Mapping[str, Callable[[np.ndarray], np.ndarray]], images: np.ndarray
) -> list[float]:
    """The median of each over turns, so that a busy machine is as busy for all."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(_TURNS):
        for name, run in runs.items():
            times = [_seconds(run, images[[i % len(images)]]) for i in range(_FRAMES_PER_TURN)]
            seconds[name] += times[_UNCOUNTED:]
    return [1 / statistics.median(times) for times in seconds.values()]


def _seconds(run: Callable[[np.ndarray], np.ndarray], image: np.ndarray) -> float:
    start = time.perf_counter()
    run(image)
    return time.perf_counter() - start
