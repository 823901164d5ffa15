"""The results of a study: results/STUDY.jsonl, one training a line, and the tables made of them.

A line holds a training's settings, history and machine, and counts of pixels. Metrics (accuracy, IoU,
F-scores) follow from the counts when the line is read.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from roadseg.data.augmentation import Augmentation
from roadseg.errors import DataError
from roadseg.evaluation import Evaluation
from roadseg.files import atomic_write
from roadseg.training.recipes import Recipe
from studies.runner.study import Study

RESULTS = Path(__file__).resolve().parents[1] / "results"


@dataclass(frozen=True)
class Result:
    """One training of a study: its line, and the group of its trial."""

    record: Mapping[str, object]
    group: str = ""

    @property
    def name(self) -> str:
        return self.record["name"]

    @property
    def label(self) -> str:
        """Group and name, as Trial.label."""
        return f"{self.group}: {self.name}" if self.group else self.name

    @property
    def seed(self) -> int:
        return self.record["recipe"]["seed"]

    @property
    def recipe(self) -> Recipe:
        """What it was trained with; a setting that came later has its default, which changes nothing."""
        settings = self.record["recipe"]
        augmentation = settings["augmentation"] and Augmentation(**settings["augmentation"])
        return Recipe(**settings | {"augmentation": augmentation})

    @cached_property
    def validation(self) -> Evaluation:
        """The evaluation on the validation frames."""
        return self._evaluation(self.record["validation"])

    @cached_property
    def full_size(self) -> Evaluation | None:
        """The evaluation on the same frames in full size, where the study has them."""
        counts = self.record.get("full_size")
        return counts and self._evaluation(counts)

    def _evaluation(self, counts: Mapping[str, list]) -> Evaluation:
        """The F-score is NaN for the first trainings, which did not count boundaries."""
        confusion = np.array(counts["confusion"])
        boundaries = np.array(counts.get("boundaries", np.zeros((len(confusion), 4), int)))
        return Evaluation(confusion, boundaries, tuple(self.record["class_names"]))

    def training(self, metric: str) -> float:
        """A metric of every fourth training frame, by its name in Evaluation; NaN if not evaluated."""
        if counts := self.record.get("training"):
            return getattr(self._evaluation(counts), metric)
        # The first trainings kept these metrics, but no counts.
        return self.record.get("training_metrics", {}).get(metric, math.nan)

    @property
    def rare_iou(self) -> float:
        """Mean validation IoU of the classes with less than 2 % of the training pixels."""
        rare = [self.validation.class_names.index(name) for name in self.record["rare_classes"]]
        values = self.validation.iou[rare]
        return math.nan if np.isnan(values).all() else float(np.nanmean(values))

    @property
    def history(self) -> dict[str, list[float]]:
        """Each column's value after each epoch, NaN where an epoch was not validated: as Run.history."""
        return {
            name: [math.nan if value is None else value for value in values]
            for name, values in self.record["history"].items()
        }


def load(study: Study, folder: Path = RESULTS) -> list[Result]:
    """The results of all trials and seeds of a study; raises DataError where one is missing."""
    results = read(study, folder)
    stored = {(result.name, result.seed) for result in results}
    if missing := [key for key in _order(study) if key not in stored]:
        names = "; ".join(f"{name!r}, seed {seed}" for name, seed in missing)
        raise DataError(
            f"{folder / study.name}.jsonl lacks {names}; train it: "
            f"Code/studies/run_study.py {study.name}"
        )
    return results


def read(study: Study, folder: Path = RESULTS) -> list[Result]:
    """The stored trainings of a study that are still among its trials, in their order."""
    groups = {trial.name: trial.group for trial in study.trials}
    stored = {(each.name, each.seed): each.record for each in read_file(study.name, folder)}
    return [Result(stored[key], groups[key[0]]) for key in _order(study) if key in stored]


def read_file(name: str, folder: Path = RESULTS) -> list[Result]:
    """Every line of results/NAME.jsonl; none where there is no file yet."""
    path = folder / f"{name}.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    return [Result(json.loads(line)) for line in lines]


def _order(study: Study) -> list[tuple[str, int]]:
    """Name and seed of every training."""
    return [(trial.name, seed) for seed in study.seeds for trial in study.trials]


def append(study: Study, record: Mapping[str, object], folder: Path = RESULTS) -> None:
    """Adds a line to the file of a study; the file is complete at any moment."""
    path = folder / f"{study.name}.jsonl"
    former = path.read_text("utf-8") if path.is_file() else ""
    line = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
    folder.mkdir(parents=True, exist_ok=True)
    atomic_write(path, lambda part: part.write_text(f"{former}{line}\n", "utf-8"))


def load_step_milliseconds(study: Study, folder: Path = RESULTS) -> dict[str, float] | None:
    """Milliseconds of a training step by trial, from results/STUDY.timing.json.

    None for a study that does not time steps.
    """
    if not study.has_step_times:
        return None
    return json.loads((folder / f"{study.name}.timing.json").read_text("utf-8"))["milliseconds"]


def table(results: Iterable[Result], milliseconds: Mapping[str, float] | None = None) -> pd.DataFrame:
    """A table of what is compared, with a row for each training.

    Args:
        results: of one study.
        milliseconds: of a training step, by the name of the trial; None: of each training's fastest
            epoch.

    Returns:
        Index: trial and seed. Columns: millions of parameters, billions of multiply-adds an image,
        milliseconds and number of training steps, pixel accuracy and mean IoU on training and validation
        frames, mean IoU of the classes below 2 % of the training pixels, mean boundary F-score.
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


def write_csv(study: Study, milliseconds: Mapping[str, float] | None, folder: Path = RESULTS) -> None:
    """Writes the table of a study, with epochs, minutes and machines, as results/STUDY.csv."""
    results = read(study, folder)
    summary = table(results, milliseconds)
    summary["epochs"] = [result.record["recipe"]["epochs"] for result in results]
    summary["minutes"] = [round(result.record["minutes"], 2) for result in results]
    summary["machine"] = [result.record["machine"] for result in results]
    atomic_write(folder / f"{study.name}.csv", summary.to_csv)


def by_trial(results: Iterable[Result], metric: str = "mean_iou") -> dict[str, list[float]]:
    """Label of each trial -> a validation metric of each of its seeds: for plots.differences."""
    groups: dict[str, list[float]] = {}
    for result in results:
        groups.setdefault(result.label, []).append(getattr(result.validation, metric))
    return groups


def mean_scores(results: Iterable[Result], metric: str = "mean_iou") -> dict[str, dict[str, float]]:
    """A metric of each trial, the mean of its seeds, on both parts of the split: for plots.scores."""
    scores = pd.DataFrame(
        (each.label, each.training(metric), getattr(each.validation, metric)) for each in results
    )
    scores.columns = "trial", "training", "validation"
    return scores.groupby("trial", sort=False).mean().to_dict()
