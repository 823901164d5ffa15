"""The folder of one training run: everything that its results can be traced to.

settings.json       recipe, network, data, versions, machine
split.json          which frames train and which validate
history.csv         a row an epoch
tensorboard/        the same for TensorBoard
initial.weights.h5  the weights that the training started from
last.weights.h5     weights and optimizer state after the last epoch, to continue from
best.keras          the network with the best validation mean IoU
metrics.json        its evaluation on the validation frames; only a finished run has it
manifest.json       how many epochs are finished, and the size and SHA-256 of all these files but the log

The files of an epoch change together, see `committed_folder`.
"""

import csv
import json
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np

from roadseg.data.augmentation import Augmentation
from roadseg.data.splits import Split
from roadseg.errors import TrainingError
from roadseg.evaluation import Evaluation
from roadseg.networks import copy_weights, load, rebuild, without_optimizer
from roadseg.networks.saved import check_network_file, check_weights_file
from roadseg.training.committed_folder import CommittedFolder
from roadseg.training.provenance import differences
from roadseg.training.recipes import Recipe

_HDF5_OVERHEAD = 4096  # bytes for each array, at most
_LARGEST_HISTORY = 100_000_000  # bytes


Fitted = Callable[[keras.Model], keras.Model]


class RunFolder(CommittedFolder):
    """Reads and writes the files of one run."""

    def __init__(self, path: str | Path, fitted: Fitted = lambda network: network):
        """fitted: what `fit` trains instead of a network; its weights and optimizer are "last"."""
        super().__init__(path)
        self._fitted = fitted
        self.best = self.path / "best.keras"
        self.initial = self.path / "initial.weights.h5"
        self.last = self.path / "last.weights.h5"
        self.tensorboard = self.path / "tensorboard"

    @property
    def is_finished(self) -> bool:
        """Whether the evaluation of a finished run is there."""
        manifest = self.read_manifest()
        return bool(manifest and manifest.is_finished) and (self.path / "metrics.json").exists()

    def open_or_create(self, network: keras.Model, settings: Mapping[str, object], split: Split) -> None:
        """Starts a new run with the network's weights, or opens the one there and restores its first.

        A run without a finished epoch is replaced when its settings are others. The lock must be held.
        Raises TrainingError for a run with other settings or another split, and for one that is damaged.
        Warns when the weights that are replaced are not from the run.
        """
        self.recover()
        different = self.differences(settings, split) if self.manifest else []
        if self.manifest is None or (different and not self.manifest.epochs):
            self._create(network, settings, split)
        else:
            self._refuse(different)
            self.check("initial.weights.h5")
            self.warn_if_foreign(network)
            self._load_weights(self.initial, without_optimizer(network))

    def _create(self, network: keras.Model, settings: Mapping[str, object], split: Split) -> None:
        self.stage_json("settings.json", settings)
        self.stage("split.json", split.save)
        self.stage_weights("initial.weights.h5", without_optimizer(network))
        self.commit(0)

    def differences(self, settings: Mapping[str, object], split: Split) -> list[str]:
        """In words, what is not the same in the run."""
        saved = self.read_settings()
        if "recipe" in saved:
            saved |= {"recipe": asdict(self.read_recipe())}
        saved, wanted = json.loads(json.dumps([saved, settings]))  # lists, not tuples
        different = differences(saved, wanted)
        return different if self.read_split() == split else [*different, "split"]

    def _refuse(self, different: list[str]) -> None:
        if different:
            raise TrainingError(
                f"{self.path}: holds a run with other settings ({'; '.join(different)}); choose another "
                "folder, or delete this one to start again"
            )

    def open_finished(self, network: keras.Model, settings: Mapping[str, object], split: Split) -> None:
        """Restores the best weights of a finished run; writes nothing, and needs no lock."""
        self._refuse(self.differences(settings, split))
        self.warn_if_foreign(network)
        self.restore_best(network)

    def warn_if_foreign(self, network: keras.Model) -> None:
        """Warns when the network's weights, which will be replaced, are not from the run."""
        given, written = network.get_weights(), []
        for path in (self.best, self.last, self.initial):
            fingerprint = self.manifest.files.get(path.name)
            if fingerprint and fingerprint.is_of(path):
                fitted = self._fitted(network) if path == self.last else network
                self._load_weights(path, without_optimizer(fitted))
                copy_weights(fitted, network)
                written.append(network.get_weights())
        network.set_weights(given)
        if not any(_close(given, weights) for weights in written):
            warnings.warn(
                f"{self.path}: the weights of the network are not from the run in this folder, whose "
                "own replace them; to train from the network's weights, choose another folder",
                stacklevel=4,  # where train is called
            )

    def restore_last(self, network: keras.Model) -> None:
        """Weights and optimizer state of the last epoch, if there is one; network: compiled."""
        if self.manifest.epochs:
            self._load_weights(self.last, network)

    def restore_best(self, network: keras.Model) -> None:
        """The best weights so far."""
        self.check("best.keras")
        self._load_weights(self.best, without_optimizer(network))

    def load_best(self) -> keras.Model:
        """The network with the best validation mean IoU."""
        self.check("best.keras")
        network = load(self.best)
        described = self.read_settings().get("network")
        options = described.get("options") if isinstance(described, dict) else None
        try:
            return rebuild(network, options if isinstance(options, dict) else {})
        except ValueError:  # of other layers than this version builds: it keeps its size
            return network

    def _load_weights(self, path: Path, network: keras.Model) -> None:
        (check_network_file if path == self.best else check_weights_file)(path)
        try:
            network.load_weights(path)
        except Exception as error:  # Keras raises anything for weights of another network
            raise TrainingError(
                f"{path}: its weights do not fit the network ({error}); delete the folder"
            )

    def stage_weights(self, name: str, network: keras.Model) -> None:
        """The weights, and the optimizer's state if there is one."""
        optimizer = getattr(network, "optimizer", None)
        variables = [*network.variables, *(optimizer.variables if optimizer else ())]
        size = sum(math.prod(each.shape) * 4 + _HDF5_OVERHEAD for each in variables)
        self.stage(name, network.save_weights, size)

    def stage_best(self, network: keras.Model) -> None:
        """The network alone, so that any Keras can open it."""
        self.stage("best.keras", without_optimizer(network).save)

    def stage_history(self, rows: list[dict[str, float]]) -> None:
        """A row an epoch."""

        def write(path: Path) -> None:
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, rows[0].keys())
                writer.writeheader()
                writer.writerows(rows)

        self.stage("history.csv", write)

    def finish(self, result: Evaluation) -> None:
        """Writes the metrics, last of all files."""
        minutes = sum(row["seconds"] for row in self.read_history()) / 60
        self.stage_json("metrics.json", {"minutes": minutes, **result.as_dict()})
        self.commit(self.manifest.epochs)

    def read_history(self) -> list[dict[str, float]]:
        """A row for each finished epoch; raises TrainingError for other rows."""
        if not self.manifest.epochs:
            return []
        self.check("history.csv")
        path = self.path / "history.csv"
        try:
            lines = path.read_bytes().decode("utf-8").splitlines()
            rows = [
                {name: float(value) for name, value in row.items()} | {"epoch": int(row["epoch"])}
                for row in csv.DictReader(lines)
            ]
            numbered = [(row["epoch"], row["seconds"] >= 0) for row in rows]
        except (OSError, ValueError, TypeError, KeyError, AttributeError, csv.Error) as error:
            raise TrainingError(f"{path}: not a history ({error}); delete the folder to train again")
        if numbered != [(epoch, True) for epoch in range(1, self.manifest.epochs + 1)]:
            raise TrainingError(
                f"{path}: its rows are not the epochs 1 to {self.manifest.epochs}; delete the folder to "
                "train again"
            )
        return rows

    def read_metrics(self) -> dict[str, object]:
        """Of a finished run."""
        return self.read_json("metrics.json")

    def read_settings(self) -> dict[str, object]:
        return self.read_json("settings.json")

    def read_recipe(self) -> Recipe:
        """With the defaults of settings that an older version did not have."""
        saved = self.read_settings().get("recipe")
        try:
            augmentation = saved["augmentation"]
            if augmentation is not None:
                augmentation = Augmentation(**augmentation)
            return Recipe(**saved | {"augmentation": augmentation})
        except (TypeError, ValueError, LookupError) as error:
            raise TrainingError(f"{self.path / 'settings.json'}: not the recipe of a run ({error})")

    def read_split(self) -> Split:
        self.check("split.json")
        return Split.load(self.path / "split.json")


def _close(some: list[np.ndarray], others: list[np.ndarray]) -> bool:
    """Equal except for rounding, which may differ between processors."""
    return all(np.allclose(*pair, rtol=1e-3, atol=1e-6) for pair in zip(some, others, strict=True))
