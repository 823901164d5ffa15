"""The folder of one training run: all that its figures can be traced to.

settings.json       recipe, network, data, versions, machine
split.json          which frames trained and which validated
history.csv         a row an epoch
tensorboard/        the same for TensorBoard
initial.weights.h5  the weights that the training started from
last.weights.h5     weights and optimizer state after the last epoch, to continue from
best.keras          the network with the best validation mean IoU
metrics.json        what evaluation.evaluate says of it

Every file is replaced as a whole, so a kill leaves each either old or new.
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
from roadseg.files import atomic_write
from roadseg.networks import without_optimizer

# Told, but not compared: a run may go on elsewhere or after an update.
_CIRCUMSTANCES = ("versions", "machine", "precision")


class RunFolder:
    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.best = self.path / "best.keras"
        self.initial = self.path / "initial.weights.h5"
        self.last = self.path / "last.weights.h5"
        self.tensorboard = self.path / "tensorboard"
        self._settings = self.path / "settings.json"
        self._metrics = self.path / "metrics.json"
        self._history = self.path / "history.csv"

    def claim(self, settings: Mapping[str, object], split: Split) -> None:
        """Writes settings and split into a new folder; raises TrainingError if an old one differs."""
        settings = json.loads(json.dumps(settings))
        if self._settings.exists():
            saved = json.loads(self._settings.read_text("utf-8"))
            differ = _differences(saved, settings)
            if Split.load(self.path / "split.json") != split:
                differ.append("split")
            if differ:
                raise TrainingError(
                    f"{self.path}: holds a run with other settings ({'; '.join(differ)}); choose "
                    "another folder, or delete this one to train anew"
                )
            return
        self.path.mkdir(parents=True, exist_ok=True)
        split.save(self.path / "split.json")
        self._write_json(self._settings, settings)

    def read_history(self) -> list[dict[str, float]]:
        """A row an epoch."""
        if not self._history.exists():
            return []
        with self._history.open(newline="") as file:
            return [
                {name: float(value) for name, value in row.items()} | {"epoch": int(row["epoch"])}
                for row in csv.DictReader(file)
            ]

    def write_history(self, rows: list[dict[str, float]]) -> None:
        def write(path: Path) -> None:
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, rows[0].keys())
                writer.writeheader()
                writer.writerows(rows)

        atomic_write(self._history, write)

    def start(self, network: keras.Model) -> None:
        """Gives the network the weights that this run started from, or keeps those it has as such.

        Warns when those it has are neither these nor others that this run has left.
        """
        bare, given = without_optimizer(network), network.get_weights()
        if not self.initial.exists():
            atomic_write(self.initial, bare.save_weights)
            return
        left = [keras.saving.load_model(self.best).get_weights()] if self.best.exists() else []
        for path in filter(Path.exists, (self.last, self.initial)):
            bare.load_weights(path)
            left.append(network.get_weights())
        if not any(_alike(given, weights) for weights in left):
            warnings.warn(
                f"{self.path}: the run in it has left no such weights as the network has, and its own "
                "replace them; to train from the network's, choose another folder",
                stacklevel=3,
            )

    def save_last(self, network: keras.Model) -> None:
        """Weights and optimizer state."""
        atomic_write(self.last, network.save_weights)

    def save_best(self, network: keras.Model) -> None:
        """The network alone, so that any Keras can open it."""
        atomic_write(self.best, without_optimizer(network).save)

    def write_metrics(self, figures: Mapping[str, object]) -> None:
        self._write_json(self._metrics, figures)

    def read_metrics(self) -> dict[str, object] | None:
        """None while the run is not finished."""
        if not self._metrics.exists():
            return None
        return json.loads(self._metrics.read_text("utf-8"))

    @staticmethod
    def _write_json(path: Path, content: Mapping[str, object]) -> None:
        text = json.dumps(content, indent=1) + "\n"
        atomic_write(path, lambda part: part.write_text(text, "utf-8"))


def _alike(some: list[np.ndarray], others: list[np.ndarray]) -> bool:
    """But for rounding, which may differ between processors."""
    return all(np.allclose(*pair, rtol=1e-3, atol=1e-6) for pair in zip(some, others, strict=True))


def _differences(saved: Mapping, asked: Mapping) -> list[str]:
    """Readable list of the settings that are not the same."""
    found = []
    for name in sorted(saved.keys() | asked.keys()):
        old, new = saved.get(name), asked.get(name)
        if name in _CIRCUMSTANCES or old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            found += [f"{name}.{part}" for part in _differences(old, new)]
        else:
            found.append(f"{name}: {old} there, {new} asked for")
    return found
