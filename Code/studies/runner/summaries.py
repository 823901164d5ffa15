"""Results as tables and as groups of scores for plots."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from roadseg.files import atomic_write
from studies.runner.results import RESULTS, Result


def table(results: Iterable[Result], milliseconds: Mapping[str, float] | None = None) -> pd.DataFrame:
    """A table of what is compared, with a row for each training.

    Args:
        results: of one study.
        milliseconds: of a training step, by the name of the trial; None: of each training's fastest
            epoch.

    Returns:
        Columns: millions of parameters, billions of multiply-adds an image (GMAC), milliseconds and
        number of training steps, then pixel accuracy and mean IoU on training and validation frames,
        mean IoU of the classes below 2 % of the training pixels, and mean boundary F-score. Index:
        trial and seed.
    """
    rows = {(each.label, each.seed): _row(each, milliseconds) for each in results}
    frame = pd.DataFrame.from_dict(rows, orient="index")
    return frame.set_index(pd.MultiIndex.from_tuples(rows, names=("trial", "seed")))


def _row(result: Result, milliseconds: Mapping[str, float] | None) -> dict[str, float]:
    record, validation = result.record, result.validation
    step = milliseconds[result.name] if milliseconds else record["ms_per_step"]
    row = {
        "M parameters": round(record["parameters"] / 1e6, 2),
        "GMAC": round(record["multiply_adds"] / 1e9, 2),
        "ms a step": round(step),
        "steps": record["steps"],
        "train accuracy": result.training("pixel_accuracy"),
        "train IoU": result.training("mean_iou"),
        "accuracy": validation.pixel_accuracy,
        "IoU": validation.mean_iou,
        "rare IoU": result.rare_iou,
        "boundary F": validation.mean_boundary_f_score,
    }
    if result.full_size:
        row |= {
            "full-size accuracy": result.full_size.pixel_accuracy,
            "full-size IoU": result.full_size.mean_iou,
        }
    return {name: round(value, 3) for name, value in row.items()}


def by_trial(results: Iterable[Result], metric: str = "mean_iou") -> dict[str, list[float]]:
    """Label of each trial -> a validation metric of each of its seeds: for plots.differences."""
    groups: dict[str, list[float]] = {}
    for result in results:
        groups.setdefault(result.label, []).append(getattr(result.validation, metric))
    return groups


def mean_scores(results: Iterable[Result], metric: str = "mean_iou") -> dict[str, dict[str, float]]:
    """A metric of each trial, the mean of its seeds, on both parts of the split: for plots.scores."""
    results = list(results)
    training: dict[str, list[float]] = {}
    for result in results:
        training.setdefault(result.label, []).append(result.training(metric))
    parts = {"training": training, "validation": by_trial(results, metric)}
    return {
        part: {label: float(np.mean(values)) for label, values in groups.items()}
        for part, groups in parts.items()
    }


def write_csv(
    name: str,
    results: Iterable[Result],
    milliseconds: Mapping[str, float] | None = None,
    folder: Path = RESULTS,
) -> None:
    """Writes the table of a study, with epochs, minutes and machines, as results/STUDY.csv.

    Args:
        name: of the study.
        results: all of its results.
        milliseconds: as for `table`.
        folder: where the file is written.
    """
    results = list(results)
    summary = table(results, milliseconds)
    summary["epochs"] = [result.record["recipe"]["epochs"] for result in results]
    summary["minutes"] = [round(result.record["minutes"], 2) for result in results]
    summary["machine"] = [result.record["machine"] for result in results]
    atomic_write(folder / f"{name}.csv", summary.to_csv)
