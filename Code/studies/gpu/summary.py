"""Reads the results of the GPU study, and writes them as a table.

    .venv/bin/python Code/studies/gpu/summary.py

Prints the table in docs/results.md and writes it to results/gpu_camvid.csv.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from roadseg.evaluation import metrics
from roadseg.files import atomic_write
from studies.runner import Result
from studies.runner.results import RESULTS, UPGRADES

NAME = "gpu_camvid"
POOLED = ("A", "B", "C")  # folds whose held-out frames are scored together
SHOWN = ("Pole", "SignSymbol", "Fence", "Pedestrian", "Bicyclist")


def load(folder: Path = RESULTS) -> list[Result]:
    """The results of all trainings; of those of one trial, seed and fold, that of the last."""
    lines = (folder / f"{NAME}.jsonl").read_text("utf-8").splitlines()
    results = map(_result, lines)
    return list({(result.name, result.seed): result for result in results}.values())


def _result(line: str) -> Result:
    record = json.loads(line)
    for upgrade in UPGRADES[record["schema"] - 1 :]:
        record = upgrade(record)
    return Result(record)


def table(results: Iterable[Result]) -> pd.DataFrame:
    """A row for each trial and seed.

    Args:
        results: of this study.

    Returns:
        Index: trial and seed. Columns: epochs; minutes that the folds took together, most of them with
        compiling; mean IoU of each fold, of the validation clip, and of the
        pixels of the three held-out roads together ("pooled"), where all three are there, with their
        pixel accuracy, mean IoU averaged with the mirror image, and IoU of five rare classes.
    """
    trainings: dict[tuple[str, int], dict[str, Result]] = defaultdict(dict)
    for result in results:
        trainings[result.record["trial"], result.seed][result.record["fold"]] = result
    rows = {key: _row(folds) for key, folds in trainings.items()}
    frame = pd.DataFrame.from_dict(rows, orient="index")
    return frame.set_index(pd.MultiIndex.from_tuples(rows, names=("trial", "seed")))


def _row(folds: dict[str, Result]) -> dict[str, float]:
    """Rounded; NaN where a fold is missing."""
    first = next(iter(folds.values()))
    row = {"epochs": first.record["recipe"]["epochs"]}
    row["minutes"] = sum(result.record["minutes"] for result in folds.values())
    for name in (*POOLED, "val"):
        row[name] = folds[name].validation.mean_iou if name in folds else math.nan
    if folds.keys() >= set(POOLED):
        plain, mirrored = (
            np.sum([folds[name].record[key]["confusion"] for name in POOLED], axis=0)
            for key in ("validation", "mirrored")
        )
        iou = dict(zip(first.record["class_names"], metrics.iou(plain), strict=True))
        row |= {"accuracy": metrics.pixel_accuracy(plain), "pooled": metrics.mean_iou(plain)}
        row |= {"mirrored": metrics.mean_iou(mirrored), **{name: iou[name] for name in SHOWN}}
    return {name: round(float(value), 3) for name, value in row.items()}


def main() -> None:
    shown = table(load())
    atomic_write(RESULTS / f"{NAME}.csv", shown.to_csv)
    print(shown.to_string())


if __name__ == "__main__":
    main()
