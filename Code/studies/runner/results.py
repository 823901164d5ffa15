"""The results of a study: results/STUDY.jsonl, one training a line.

A line holds a training's settings, history and machine, and counts of pixels. Metrics (accuracy, IoU,
F-scores) follow from the counts when the line is read.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from roadseg.errors import DataError
from roadseg.evaluation import Evaluation
from roadseg.files import atomic_write
from studies.runner.study import Study

RESULTS = Path(__file__).resolve().parents[1] / "results"
# UPGRADES[0] turns a record of schema 1 into one of schema 2, and so on. Who changes the form of records
# appends a function and leaves the files as they are.
Upgrade = Callable[[dict], dict]


def _with_later_settings(record: dict) -> dict:
    """Schema 2: recipes have settings that came later, none of which changes what these did."""
    recipe = {"upsampled_loss": True} | record["recipe"]
    if augmentation := recipe.get("augmentation"):
        unused = {"crop": None, "grey": 0.0, "transfer": 0.0, "paste": 0.0}
        recipe["augmentation"] = unused | augmentation
    return record | {"recipe": recipe}


def _with_norm_momentum(record: dict) -> dict:
    """Schema 3: networks trained with the momentum that they were built with."""
    return record | {"recipe": {"norm_momentum": None} | record["recipe"]}


def _with_sky(record: dict) -> dict:
    """Schema 4: no sky was made blue."""
    recipe = record["recipe"]
    if augmentation := recipe.get("augmentation"):
        recipe = recipe | {"augmentation": {"blue_sky": 0.0} | augmentation}
    return record | {"recipe": recipe}


UPGRADES: tuple[Upgrade, ...] = (_with_later_settings, _with_norm_momentum, _with_sky)
SCHEMA = len(UPGRADES) + 1


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
        # Trainings before schema 1 kept these metrics, but no counts.
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
            f"{_path(study.name, folder)} lacks {names}; train it: "
            f"Code/studies/run_study.py {study.name}"
        )
    return results


def read(study: Study, folder: Path = RESULTS, upgrades: Sequence[Upgrade] = UPGRADES) -> list[Result]:
    """Reads the file of a study, in the order of its trials, upgraded to the current schema.

    It leaves out trainings that are not, or no longer, in the study.
    """
    groups = {trial.name: trial.group for trial in study.trials}
    stored = {}
    for line in _lines(_path(study.name, folder)):
        record = _upgraded(json.loads(line), upgrades)
        stored[record["name"], record["recipe"]["seed"]] = record
    return [Result(stored[key], groups[key[0]]) for key in _order(study) if key in stored]


def _order(study: Study) -> list[tuple[str, int]]:
    """Name and seed of every training."""
    return [(trial.name, seed) for seed in study.seeds for trial in study.trials]


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines() if path.is_file() else []


def _upgraded(record: dict, upgrades: Sequence[Upgrade]) -> dict:
    for upgrade in upgrades[record["schema"] - 1 :]:
        record = upgrade(record) | {"schema": record["schema"] + 1}
    return record


def append(study: Study, record: Mapping[str, object], folder: Path = RESULTS) -> None:
    """Adds a line to the file of a study; the file is complete at any moment."""
    path = _path(study.name, folder)
    line = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
    text = "\n".join([*_lines(path), line]) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, lambda part: part.write_text(text, "utf-8"))


def _path(name: str, folder: Path) -> Path:
    return folder / f"{name}.jsonl"
