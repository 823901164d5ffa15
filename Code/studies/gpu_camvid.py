"""Trainings on a GPU: three roads of CamVid held out in turn, then the whole part `train`.

    .venv/bin/python Code/studies/gpu_camvid.py

Prints the table of results/gpu_camvid.jsonl and writes it to results/gpu_camvid.csv. A second trainer,
whose frames and augmentation stayed on the device, made these trainings; commit b4dc63c holds its code.

Result: 0.443 mean IoU over the three held-out roads with the recipe `best` as it was, 0.496 with the new
one in as much time, 0.509 averaged with the mirror image; 0.517 and 0.526 after 1,000 epochs.
"""

import math
from collections import defaultdict

import numpy as np
import pandas as pd

from roadseg.evaluation import metrics
from roadseg.files import atomic_write
from studies.runner import Result
from studies.runner.results import RESULTS, read_file

NAME = "gpu_camvid"
POOLED = ("A", "B", "C")  # held-out roads whose frames are scored together
SHOWN = ("Pole", "SignSymbol", "Fence", "Pedestrian", "Bicyclist")


def table() -> pd.DataFrame:
    """A row for each trial and seed, NaN where a road was not held out.

    Columns: epochs; minutes of all trainings together, most of them with compiling; mean IoU of each
    road, of the validation clip, and of the pixels of the three roads together ("pooled"), with their
    pixel accuracy, mean IoU averaged with the mirror image, and IoU of five rare classes.
    """
    trainings: dict[tuple[str, int], dict[str, Result]] = defaultdict(dict)
    for result in read_file(NAME):
        trainings[result.record["trial"], result.seed][result.record["fold"]] = result
    rows = {key: _row(folds) for key, folds in trainings.items()}
    frame = pd.DataFrame.from_dict(rows, orient="index")
    return frame.set_index(pd.MultiIndex.from_tuples(rows, names=("trial", "seed")))


def _row(folds: dict[str, Result]) -> dict[str, float]:
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
    return {name: round(value, 3) for name, value in row.items()}


def main() -> None:
    shown = table()
    atomic_write(RESULTS / f"{NAME}.csv", shown.to_csv)
    print(shown.to_string())


if __name__ == "__main__":
    main()
