"""The folder of one training run: everything that its results can be traced to.

settings.json       recipe, network, data, versions, machine
split.json          which frames train and which validate
history.csv         a row an epoch
tensorboard/        the same for TensorBoard
initial.weights.h5  the weights that the training started from
last.weights.h5     weights and optimizer state after the last epoch, to continue from
best.keras          the network with the best validation mean IoU
metrics.json        its evaluation on the validation frames; only a finished run has it

Every file is replaced as a whole: a kill leaves the old one or the new one.
"""

import csv
import json
import warnings
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from roadseg.data.splits import Split
from roadseg.errors import TrainingError
from roadseg.evaluation import Evaluation
from roadseg.files import atomic_write
from roadseg.networks import without_optimizer
from roadseg.training.provenance import differences


class RunFolder:
    """Reads and writes the files of one run."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.best = self.path / "best.keras"
        self.initial = self.path / "initial.weights.h5"
        self.last = self.path / "last.weights.h5"
        self.tensorboard = self.path / "tensorboard"
        self._settings = self.path / "settings.json"
        self._split = self.path / "split.json"
        self._metrics = self.path / "metrics.json"
        self._history = self.path / "history.csv"

    def open_or_create(self, network: keras.Model, settings: Mapping[str, object], split: Split) -> None:
        """Starts a new run with the network's weights, or restores the initial weights of the run there.

        Raises TrainingError for a run with other settings or another split. Warns when the weights that
        are replaced are not from the run.
        """
        settings = json.loads(json.dumps(settings))  # as they are read back: lists, not tuples
        if self._settings.exists():
            self._check_same(settings, split)
        else:
            self.path.mkdir(parents=True, exist_ok=True)
            split.save(self._split)
            self._write_json(self._settings, settings)
        if self.initial.exists():
            self._restore_initial(network)
        else:
            atomic_write(self.initial, without_optimizer(network).save_weights)

    def _check_same(self, settings: dict, split: Split) -> None:
        different = differences(self.read_settings(), settings)
        if self.read_split() != split:
            different.append("split")
        if different:
            raise TrainingError(
                f"{self.path}: holds a run with other settings ({'; '.join(different)}); choose another "
                "folder, or delete this one to start again"
            )

    def _restore_initial(self, network: keras.Model) -> None:
        given, bare = network.get_weights(), without_optimizer(network)
        written = [keras.saving.load_model(self.best).get_weights()] if self.best.exists() else []
        for path in filter(Path.exists, (self.last, self.initial)):
            bare.load_weights(path)
            written.append(network.get_weights())
        if not any(_close(given, weights) for weights in written):
            warnings.warn(
                f"{self.path}: the weights of the network are not from the run in this folder, whose "
                "own replace them; to train from the network's weights, choose another folder",
                stacklevel=4,  # where train is called
            )

    def restore_last(self, network: keras.Model) -> None:
        """Weights and optimizer state of the last epoch, if there is one; network: compiled."""
        if self.last.exists():
            network.load_weights(self.last)

    def restore_best(self, network: keras.Model) -> None:
        """The best weights so far."""
        network.set_weights(keras.saving.load_model(self.best).get_weights())

    def save_last(self, network: keras.Model) -> None:
        """Weights and optimizer state."""
        atomic_write(self.last, network.save_weights)

    def save_best(self, network: keras.Model) -> None:
        """The network alone, so that any Keras can open it."""
        atomic_write(self.best, without_optimizer(network).save)

    def write_history(self, rows: list[dict[str, float]]) -> None:
        """A row an epoch."""

        def write(path: Path) -> None:
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, rows[0].keys())
                writer.writeheader()
                writer.writerows(rows)

        atomic_write(self._history, write)

    def read_history(self) -> list[dict[str, float]]:
        """A row an epoch; empty before the end of the first."""
        if not self._history.exists():
            return []
        with self._history.open(newline="") as file:
            return [
                {name: float(value) for name, value in row.items()} | {"epoch": int(row["epoch"])}
                for row in csv.DictReader(file)
            ]

    @property
    def is_finished(self) -> bool:
        return self._metrics.exists()

    def finish(self, result: Evaluation) -> None:
        """Writes the metrics, last of all files."""
        minutes = sum(row["seconds"] for row in self.read_history()) / 60
        self._write_json(self._metrics, {"minutes": minutes, **result.as_dict()})

    def read_metrics(self) -> dict[str, object]:
        """Of a finished run."""
        return json.loads(self._metrics.read_text("utf-8"))

    def read_settings(self) -> dict[str, object]:
        return json.loads(self._settings.read_text("utf-8"))

    def read_split(self) -> Split:
        return Split.load(self._split)

    @staticmethod
    def _write_json(path: Path, content: Mapping[str, object]) -> None:
        text = json.dumps(content, indent=1) + "\n"
        atomic_write(path, lambda part: part.write_text(text, "utf-8"))


def _close(some: list[np.ndarray], others: list[np.ndarray]) -> bool:
    """Equal except for rounding, which may differ between processors."""
    return all(np.allclose(*pair, rtol=1e-3, atol=1e-6) for pair in zip(some, others, strict=True))
