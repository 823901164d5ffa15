"""Recipes on roads of CamVid that are held out in turn, and a long training, for a GPU.

    KERAS_BACKEND=jax .venv/bin/python Code/studies/gpu/camvid.py --camvid FOLDER --minutes 8

Trains LONG, or the trials named by --trials, for each fold and seed. Each training appends a line to
OUTPUT/gpu_camvid.jsonl and writes its averaged weights beside it. With `--minutes` the speed is measured
first, and each training gets as many epochs as fit. Held-out frames choose no epoch. `--epochs 1`
rehearses it on a CPU.

Result: 0.443 mean IoU over the three held-out roads with the recipe `best` as it was, 0.496 with the new
one in as much time, 0.509 averaged with the mirror image; 0.517 and 0.526 after 1,000 epochs.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import jax
import keras
import numpy as np
from PIL import Image

from roadseg import networks
from roadseg.data import sources
from roadseg.data.resize import Downscale
from roadseg.errors import DataError
from roadseg.files import atomic_write
from roadseg.networks.cost import multiply_adds
from roadseg.networks.precision import recommended_policy
from studies.gpu.training import Frames, Recipe, Trainer
from studies.gpu.trials import LONG, TRIALS, Trial

OUTPUT = Path(__file__).resolve().parents[2] / "Runs/gpu_camvid"
RESULTS_FILE = "gpu_camvid.jsonl"
SCHEMA = 4  # that of studies.runner.results, which needs the whole project
_RARE = 0.02  # as in the other studies: a class with a smaller share of the training pixels
_PARTS = 60  # of a training, whose mean losses are stored


@dataclass(frozen=True)
class Fold:
    """The frames of a sequence, or of all below that name, that are held out from number `first` on."""

    name: str
    sequence: str
    first: int = 0

    def split(self, frames: Frames) -> tuple[np.ndarray, np.ndarray]:
        """Positions of the frames to train on, and of those held out; val is never trained on.

        Raises DataError when there is nothing to hold out.
        """
        held_out = np.char.startswith(frames.sequence, self.sequence) & (frames.index >= self.first)
        if not held_out.any():
            raise DataError(f"CamVid lacks {self}, which is to be held out; copy the data set again")
        train = np.char.startswith(frames.sequence, "train/") & ~held_out
        return np.flatnonzero(train), np.flatnonzero(held_out)

    @property
    def rest(self) -> str:
        """What is trained on."""
        return "the rest of train" if self.sequence.startswith("train/") else "train"

    def __str__(self) -> str:
        return f"{self.sequence} from frame {self.first} on" if self.first else self.sequence


FOLDS = (
    Fold("A", "train/0006R0"),
    Fold("B", "train/0016E5"),
    Fold("C", "train/0001TP", first=7620),
    Fold("val", "val"),
)


def main(arguments: list[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    if keras.backend.backend() != "jax":
        sys.exit("this study computes with JAX: set KERAS_BACKEND=jax")
    try:
        frames = read_frames(options.camvid)
        for name in options.trials:
            trial = replace(TRIALS[name], epochs=min(TRIALS[name].epochs, options.epochs))
            run(frames, trial, options.seeds, options.minutes, options.output)
    except DataError as error:
        sys.exit(f"gpu_camvid: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--camvid", type=Path, required=True, metavar="FOLDER", help="folder of CamVid")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder of results and weights")
    parser.add_argument(
        "--trials", nargs="+", default=[LONG], choices=TRIALS, metavar="NAME", help=", ".join(TRIALS)
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument(
        "--minutes", type=float, help="of steps, for each trial and seed; default: no limit"
    )
    parser.add_argument("--epochs", type=int, default=10_000, help="the most of each training")
    return parser


def read_frames(folder: Path) -> Frames:
    """The parts train and val of CamVid; raises DataError where they cannot be read."""
    source = sources.open(folder, "camvid")
    found = source.frames(["train", "val"])
    images, labels = zip(*map(source.read, found), strict=True)
    names, numbers = zip(*((frame.sequence, frame.index) for frame in found), strict=True)
    arrays = np.stack(images), np.stack(labels), np.array(names), np.array(numbers)
    return Frames(*arrays, source.class_names)


def reduced(frames: Frames, scale: float) -> Frames:
    """Frames `scale` times smaller, as preprocessing makes them."""
    height, width = frames.labels.shape[1:]
    downscale = Downscale.of((width, height), scale)
    images = np.stack([downscale.image(Image.fromarray(image)) for image in frames.images])
    labels = np.stack([downscale.labels(labels) for labels in frames.labels])
    return frames._replace(images=images, labels=labels)


def run(frames: Frames, trial: Trial, seeds: Sequence[int], minutes: float | None, output: Path) -> None:
    """Trains every fold of a trial; each leaves its record and its weights when it is finished.

    Args:
        frames: of CamVid.
        trial: what to train, and how.
        seeds: one training a fold for each.
        minutes: for the steps of all folds together; None: no limit.
        output: folder of results and weights; it is created.

    Raises:
        DataError: the frames that a fold holds out are not there.
    """
    frames = reduced(frames, trial.scale)
    folds = [fold for fold in FOLDS if fold.name in trial.folds]
    parts = [fold.split(frames)[0] for fold in folds]
    largest = max(parts, key=len)
    loop = max(1, len(largest) // trial.recipe.batch_size)
    crop = trial.recipe.augmentation.crop
    trainer, before = Trainer(frames, trial.network, crop, loop, recommended_policy().name), None
    epochs = trial.epochs
    if minutes is not None:
        before = round(images_per_second(trainer, trial.recipe, largest))
        fitting = int(60 * minutes * before / sum(map(len, parts)))
        epochs = max(1, min(epochs, fitting))
        print(f"{before:,} images/s: {fitting:,} epochs fit, {epochs:,} are trained", flush=True)
    output.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        for fold in folds:
            record = train_fold(trainer, replace(trial, epochs=epochs), fold, seed, output)
            record["images_per_second"]["before"] = before
            append(output / RESULTS_FILE, record)


def images_per_second(trainer: Trainer, recipe: Recipe, train: np.ndarray, loops: int = 10) -> float:
    """Of training steps, after others that are not timed because they compile."""
    trainer.train(train, recipe, trainer.loop)
    start = time.perf_counter()
    _, losses = trainer.train(train, recipe, loops * trainer.loop)
    return len(losses) * recipe.batch_size / (time.perf_counter() - start)


def train_fold(trainer: Trainer, trial: Trial, fold: Fold, seed: int, output: Path) -> dict[str, object]:
    """Trains, and writes the weights to a file.

    Args:
        trainer: for the trial's network.
        trial: with as many epochs as are to be trained.
        fold: which frames to hold out.
        seed: of the training.
        output: folder of the weights.

    Returns:
        The record of the training, in the form of studies.runner.results.
    """
    train, held_out = fold.split(trainer.frames)
    batch_size = trial.recipe.batch_size
    steps = max(1, round(trial.epochs * len(train) / batch_size))
    start = time.perf_counter()
    state, losses = trainer.train(train, trial.recipe, steps, seed)
    seconds = time.perf_counter() - start
    weights = output / f"{trial.name}, {fold.name}, seed {seed}.weights.h5".replace(" ", "_")
    atomic_write(weights, lambda part: trainer.save_weights(state, part))
    plain, mirrored = trainer.confusion_matrices(state, held_out)
    print(
        f"{trial.name}, seed {seed}, held out: {fold}; "
        f"{len(losses):,} steps in {seconds / 60:.2f} minutes",
        flush=True,
    )
    return {
        **settings(trainer, trial, fold, seed),
        **course(losses, seconds, len(train), batch_size),
        "validation": {"confusion": plain.tolist()},
        "mirrored": {"confusion": mirrored.tolist()},
    }


def settings(trainer: Trainer, trial: Trial, fold: Fold, seed: int) -> dict[str, object]:
    """All that a result depends on, and what follows from it without training."""
    train, held_out = fold.split(trainer.frames)
    network, frames = trainer.full_size, trainer.frames
    pixels = trainer.class_pixels(train)
    rare = (pixels > 0) & (pixels < _RARE * pixels.sum())
    device = jax.devices()[0].device_kind
    return {
        "schema": SCHEMA,
        "name": f"{trial.name}, {fold.name}",
        "trial": trial.name,
        "fold": fold.name,
        "network": network.name,
        "options": dict(trial.network.options),
        "loss_stride": trial.network.stride,
        "initial_weights": "rendered scenes" if trial.network.rendered else "random",
        "architecture": networks.architecture_digest(network),
        "policy": trainer.policy,
        "recipe": {"epochs": trial.epochs, **asdict(trial.recipe), "seed": seed},
        "frames": "CamVid, train and val",
        "scale": trial.scale,
        "split": f"trained on {fold.rest}, validated on {fold}",
        "train_frames": len(train),
        "validation_frames": len(held_out),
        "machine": f"{device}, {os.cpu_count()} cores, jax {jax.__version__}",
        "parameters": network.count_params(),
        "multiply_adds": multiply_adds(network),
        "image_shape": list(frames.images.shape[1:]),
        "class_names": list(frames.class_names),
        "rare_classes": [frames.class_names[i] for i in np.flatnonzero(rare)],
    }


def course(losses: np.ndarray, seconds: float, frames: int, batch_size: int) -> dict[str, object]:
    """How a training went.

    Args:
        losses: of all steps.
        seconds: that they took.
        frames: that were trained on.
        batch_size: frames a step.

    Returns:
        Fields of a record. Its history has the mean loss of each of at most 60 equal parts, and the
        epoch at its end.
    """
    parts = np.array_split(losses, min(_PARTS, len(losses)))
    ends = np.cumsum([len(part) for part in parts]) * batch_size / frames
    means = [round(float(part.mean()), 4) for part in parts]
    return {
        "steps": len(losses),
        "minutes": seconds / 60,
        "ms_per_step": 1000 * seconds / len(losses),
        "images_per_second": {"training": round(len(losses) * batch_size / seconds)},
        "history": {"epoch": ends.round(1).tolist(), "loss": means},
    }


def append(path: Path, record: dict[str, object]) -> None:
    """Adds a line to a file, which is replaced as a whole."""
    before = path.read_text("utf-8") if path.is_file() else ""
    line = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
    atomic_write(path, lambda part: part.write_text(f"{before}{line}\n", "utf-8"))


if __name__ == "__main__":
    main()
