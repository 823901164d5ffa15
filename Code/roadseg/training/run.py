"""Run: the folder of one training, from which its results can be traced and its training continues.

settings.json          recipe, network, data, versions, machine
split.json             which frames train and which validate
initial.weights.h5     the weights that the training started from
history.csv            a row an epoch
last-0012.weights.h5   weights and optimizer state after the last epoch, here the twelfth
trained.json           checksums of the images that train
best.keras             the network with the best validation mean IoU
card.json              its model card; only a finished run has it
metrics.json           its evaluation on the validation frames; only a finished run has it

An epoch counts once its row is in history.csv, which is written after everything else. So a kill at any
moment leaves the state before the epoch or after it.
"""

import contextlib
import csv
import hashlib
import importlib.metadata
import json
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from pathlib import Path

import keras

from roadseg.data.augmentation import Augmentation
from roadseg.data.splits import Split
from roadseg.data.store import FrameStore
from roadseg.errors import DataError, TrainingError
from roadseg.evaluation import Evaluation
from roadseg.files import atomic_write, folder_lock, user_path
from roadseg.networks import ModelCard, Network, architecture_digest, load
from roadseg.training.recipes import Recipe

_FORMAT = 2  # of the folder
# Recorded, but not compared: a run may continue on another machine or after an update.
_NOT_COMPARED = "versions", "machine", "precision"


@dataclass(frozen=True)
class Run:
    """A training; `training.train` writes its folder.

    Attributes:
        folder: of all its files.
    """

    folder: Path

    @property
    def settings(self) -> dict[str, object]:
        """Recipe, network, data, versions and machine."""
        return self._read("settings.json")

    @property
    def recipe(self) -> Recipe:
        """How it trains."""
        saved = self.settings["recipe"]
        augmentation = saved["augmentation"] and Augmentation(**saved["augmentation"])
        return Recipe(**saved | {"augmentation": augmentation})

    @property
    def split(self) -> Split:
        """Which frames train and which validate."""
        return Split.load(self.folder / "split.json")

    @property
    def rows(self) -> list[dict[str, float]]:
        """The scores of each finished epoch; NaN where an epoch was not validated."""
        path = self.folder / "history.csv"
        if not path.exists():
            return []
        try:
            with path.open(newline="") as file:
                rows = [
                    {name: float(value) for name, value in row.items()} for row in csv.DictReader(file)
                ]
            return [row | {"epoch": int(row["epoch"])} for row in rows]
        except (ValueError, TypeError, KeyError, csv.Error) as error:
            raise TrainingError(f"{path}: not a history ({error}); delete the folder to train again")

    @property
    def history(self) -> dict[str, list[float]]:
        """Each metric's value after each epoch; NaN where an epoch was not validated."""
        rows = self.rows
        return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}

    @property
    def is_finished(self) -> bool:
        """Whether its best network is evaluated."""
        return (self.folder / "metrics.json").exists()

    @property
    def metrics(self) -> dict[str, object]:
        """The evaluation of the best network on the validation frames, and `minutes` of training.

        The minutes are the wall time of all epochs with reading, validating and saving.
        """
        return self._read("metrics.json")

    @property
    def result(self) -> Evaluation:
        """What `evaluation.evaluate` returned for the best network on the validation frames."""
        return Evaluation.from_dict(self.metrics)

    @property
    def card(self) -> ModelCard:
        """What a user of the best network must know."""
        return ModelCard.load(self.folder / "card.json")

    @property
    def best(self) -> Path:
        """The file of the network with the best validation mean IoU."""
        return self.folder / "best.keras"

    def load_best(self) -> keras.Model:
        """The network with the best validation mean IoU so far, which knows its `class_names`."""
        network = load(self.best)
        network.class_names = tuple(self.settings["data"]["class_names"])
        return network

    def is_of(self, frames: FrameStore) -> bool:
        """Whether it was trained on these frames, or on those of the same names at another scale."""
        data = self.settings["data"]
        is_resized = data["image_shape"] != list(frames.image_shape) and self.split.is_for(frames)
        return data["digest"] == frames.digest or is_resized

    def trained(self, frames: FrameStore) -> set[int]:
        """The positions of those frames of any store that trained; in other data, by their pixels."""
        if self.is_of(frames):
            return set(self.split.train)
        known = set(self._read("trained.json"))
        return {i for i, each in enumerate(frames.image_checksums(range(len(frames)))) if each in known}

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Creates the folder, and keeps other processes from training in it; raises TrainingError."""
        with self._writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(folder_lock(self.folder))
            except DataError as error:
                raise TrainingError(str(error))
            yield

    def start(self, network: keras.Model, settings: Mapping[str, object], split: Split) -> None:
        """Begins the run with the network's weights, or gives the network those that the run began with.

        A run without a finished epoch is replaced when its settings are others. Raises TrainingError
        for a run with other settings.
        """
        if (self.folder / "settings.json").exists():
            if self.rows:
                self.check(settings, split)
            if self.rows or not self._differences(settings, split):
                self._load_weights("initial.weights.h5", network)
                return
        self.write("initial.weights.h5", network.save_weights)
        self.write("split.json", split.save)
        self.write_json("settings.json", settings)

    def check(self, settings: Mapping[str, object], split: Split) -> None:
        """Raises TrainingError unless the run has these settings and this split."""
        if different := self._differences(settings, split):
            raise TrainingError(
                f"{self.folder}: holds a run with other settings ({'; '.join(different)}); choose "
                "another folder, or delete this one to start again"
            )

    def _differences(self, settings: Mapping[str, object], split: Split) -> list[str]:
        """In words, what is not the same in the run."""
        saved = self.settings
        if saved.get("format") != _FORMAT:
            raise TrainingError(f"{self.folder}: a run of another version; choose another folder")
        found = differences(saved, json.loads(json.dumps(settings)))  # lists, not tuples
        return found if self.split == split else [*found, "split"]

    def restore(self, fitted: keras.Model) -> None:
        """Gives a compiled network its weights and optimizer state after the last epoch."""
        if rows := self.rows:
            self._load_weights(self._last(len(rows)), fitted)

    def finish_epoch(self, fitted: keras.Model, rows: list[dict[str, float]]) -> None:
        """Saves what a restart needs; rows: of all epochs so far."""
        self.write(self._last(len(rows)), fitted.save_weights)
        self.write("history.csv", lambda part: _write_rows(part, rows))  # from here on the epoch counts
        for path in self.folder.glob("last-*.weights.h5"):
            if path.name != self._last(len(rows)):
                path.unlink()

    def save_best(self, network: keras.Model) -> None:
        """Saves the network alone, so that Keras can open it."""
        self.write("best.keras", network.save)

    def restore_best(self, network: keras.Model) -> None:
        """Gives a network the best weights so far."""
        self._load_weights("best.keras", network)

    def finish(self, card: ModelCard, result: Evaluation, trained: Sequence[int]) -> None:
        """Writes the model card, the checksums of the images that train, and last the metrics."""
        with self._writing(self.folder):
            card.save(self.folder / "card.json")
        self.write_json("trained.json", trained)
        self.write_json("metrics.json", {"minutes": card.minutes, **result.as_dict()})

    @staticmethod
    def _last(epochs: int) -> str:
        return f"last-{epochs:04d}.weights.h5"

    def _load_weights(self, name: str, network: keras.Model) -> None:
        try:
            network.load_weights(self.folder / name)
        except Exception as error:  # Keras and h5py raise anything for a damaged file
            first_line = str(error).partition("\n")[0]
            raise TrainingError(
                f"{self.folder / name}: cannot be read ({first_line}); restore it from a copy, or "
                "delete the folder to train again"
            )

    def _read(self, name: str) -> dict[str, object]:
        try:
            return json.loads((self.folder / name).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise TrainingError(f"{self.folder / name}: cannot be read ({error}); delete the folder")

    def write_json(self, name: str, content: Mapping[str, object] | Sequence[int]) -> None:
        """Writes a JSON file of the run."""
        text = json.dumps(content, indent=1) + "\n"
        self.write(name, lambda part: part.write_text(text, "utf-8"))

    def write(self, name: str, write: Callable[[Path], object]) -> None:
        """Writes a file of the run, whole or not at all; raises TrainingError."""
        with self._writing(self.folder / name):
            atomic_write(self.folder / name, write)

    @contextlib.contextmanager
    def _writing(self, path: Path) -> Iterator[None]:
        try:
            yield
        except (OSError, RuntimeError) as error:  # h5py calls a full disk a RuntimeError
            reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
            raise TrainingError(
                f"{path}: cannot be written ({reason}); finished epochs are kept. Make room or get "
                "permission to write there, and train again to continue"
            )


def open_run(folder: str | Path) -> Run:
    """The finished run in a folder; raises TrainingError where there is none."""
    run = Run(user_path(folder))
    if not run.is_finished:
        raise TrainingError(f"{folder}: holds no finished run; training.train writes one")
    return run


def load_best(folder: str | Path) -> keras.Model:
    """The network with the best validation mean IoU so far, of a finished or an interrupted run.

    Raises TrainingError where there is none.
    """
    run = Run(user_path(folder))
    if not run.best.exists():
        raise TrainingError(f"{folder}: holds no network that was validated")
    return run.load_best()


def folder_name(network: keras.Model, split: Split, recipe: Recipe) -> str:
    """A name that no other architecture, split or recipe shares.

    A setting that came later changes no name where it is not used.
    """
    settings = architecture_digest(network), split, _used(recipe)
    digest = hashlib.sha256(repr(settings).encode()).hexdigest()[:8]
    return f"{network.name}-{recipe.name}-{recipe.epochs}-{digest}"


def _used(settings: object) -> object:
    """The fields of a dataclass that differ from their defaults, and theirs."""
    if not is_dataclass(settings):
        return settings
    values = {field.name: (getattr(settings, field.name), field.default) for field in fields(settings)}
    return {name: _used(value) for name, (value, default) in values.items() if value != default}


def describe(network: keras.Model, frames: FrameStore, recipe: Recipe) -> dict[str, object]:
    """The settings of a run, for JSON."""
    return {
        "format": _FORMAT,
        "recipe": asdict(recipe),
        "network": {
            "name": network.name,
            "options": network.options if isinstance(network, Network) else None,
            "parameters": network.count_params(),
            "architecture": architecture_digest(network),
        },
        "data": {
            "frames": len(frames),
            "image_shape": list(frames.image_shape),
            "class_names": list(frames.class_names),
            "source": frames.attributes["source"],
            "scale": float(frames.attributes["scale"]),
            "digest": frames.digest,
        },
        "precision": sorted({layer.compute_dtype for layer in network.layers}),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "versions": {
            "python": platform.python_version(),
            "backend": keras.backend.backend(),
            **{name: _version(name) for name in ("keras", keras.backend.backend(), "numpy", "h5py")},
        },
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:  # such as tensorflow-cpu
        return "unknown"


def differences(saved: Mapping, wanted: Mapping) -> list[str]:
    """In words, the settings that are not the same."""
    found = []
    for name in sorted(saved.keys() | wanted.keys()):
        old, new = saved.get(name), wanted.get(name)
        if name in _NOT_COMPARED or old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            found += [f"{name}.{difference}" for difference in differences(old, new)]
        else:
            found.append(f"{name}: {old} there, {new} asked for")
    return found


def _write_rows(path: Path, rows: list[dict[str, float]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
