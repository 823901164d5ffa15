"""Reads the results of the GPU study, and writes them as a table.

    .venv/bin/python Code/studies/gpu/summary.py

Prints the table in docs/results.md and writes it to results/gpu_camvid.csv.
"""

import json
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
    """The results of all trainings; of trainings with the same name, those of the last."""
    lines = (folder / f"{NAME}.jsonl").read_text("utf-8").splitlines()
    results = map(_result, lines)
    return list({result.name: result for result in results}.values())


def _result(line: str) -> Result:
    record = json.loads(line)
    for upgrade in UPGRADES[record["schema"] - 1 :]:
        record = upgrade(record)
    return Result(record)


def table(results: Iterable[Result]) -> pd.DataFrame:
    """The scores of the network by itself, and of it averaged with the mirror image.

    Args:
        results: of this study.

    Returns:
        Index: crops, held-out fold, and whether its mirror images counted; the fold "pooled" sums the
        pixels of A, B and C. Columns: frames, epochs and minutes of the training, pixel accuracy, mean
        IoU, and IoU of five rare classes.
    """
    rows = {}
    by_crops: dict[str, list[Result]] = {}
    for result in results:
        height, width = result.record["recipe"]["augmentation"]["crop"]
        by_crops.setdefault(f"{height} x {width}", []).append(result)
    for crops, trainings in by_crops.items():
        for held_out, chosen in _groups(trainings).items():
            for evaluated in ("plain", "mirrored"):
                rows[crops, held_out, evaluated] = _cost(chosen) | _scores(chosen, evaluated)
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame = frame.astype({"frames": "Int64", "epochs": "Int64"})  # integers that may be missing
    return frame.set_index(pd.MultiIndex.from_tuples(rows, names=("crops", "held out", "evaluated")))


def _groups(trainings: list[Result]) -> dict[str, list[Result]]:
    """Every fold by itself, and those that are pooled if all are there."""
    groups = {result.record["fold"]: [result] for result in trainings}
    if groups.keys() >= set(POOLED):
        groups["pooled"] = [groups[name][0] for name in POOLED]
    return groups


def _cost(trainings: list[Result]) -> dict[str, float | None]:
    """Of one training; of several only the minutes, which add up."""
    minutes = round(sum(result.record["minutes"] for result in trainings), 2)
    if len(trainings) > 1:
        return {"frames": None, "epochs": None, "minutes": minutes}
    (record,) = (result.record for result in trainings)
    epochs = record["steps"] * record["recipe"]["batch_size"] / record["train_frames"]
    return {"frames": record["train_frames"], "epochs": round(epochs), "minutes": minutes}


def _scores(trainings: list[Result], evaluated: str) -> dict[str, float]:
    """Of the pixels of all trainings together, rounded."""
    key = {"plain": "validation", "mirrored": "mirrored"}[evaluated]
    confusion = np.sum([result.record[key]["confusion"] for result in trainings], axis=0)
    names = trainings[0].record["class_names"]
    values = {
        "accuracy": metrics.pixel_accuracy(confusion),
        "IoU": metrics.mean_iou(confusion),
        **dict(zip(names, metrics.iou(confusion), strict=True)),
    }
    return {name: round(float(values[name]), 3) for name in ("accuracy", "IoU", *SHOWN)}


def main() -> None:
    shown = table(load())
    atomic_write(RESULTS / f"{NAME}.csv", shown.to_csv)
    print(shown.to_string())


if __name__ == "__main__":
    main()
