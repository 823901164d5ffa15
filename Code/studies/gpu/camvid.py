"""The long training on CamVid, for a GPU: three roads held out in turn, then the whole train part.

    KERAS_BACKEND=jax .venv/bin/python Code/studies/gpu/camvid.py --camvid FOLDER --minutes 8

`simple_plus` without context, with a decoder that ends at half the size; CamVid at 360 x 480. Each
training appends a line to OUTPUT/gpu_camvid.jsonl and writes its averaged weights beside it. With
`--minutes` the speed is measured first, and each training gets as many epochs as fit, at most
`--epochs`. Held-out frames choose nothing. `--epochs 1 --crop 40 56` rehearses it on a CPU.

Result: 0.517 mean IoU over the three held-out roads, 0.526 averaged with the mirror image, and 0.756 /
0.765 on the validation clip, after about 1,000 epochs in 5.7 minutes on one NVIDIA H200.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import jax
import keras
import numpy as np

from roadseg import networks
from roadseg.data import sources
from roadseg.data.sources.camvid import CamVid
from roadseg.errors import DataError
from roadseg.files import atomic_write
from roadseg.networks.cost import multiply_adds
from roadseg.networks.precision import recommended_policy
from studies.gpu import training
from studies.gpu.augmentation import DeviceAugmentation
from studies.gpu.training import Frames, Recipe, Trainer

OUTPUT = Path(__file__).resolve().parents[2] / "Runs/gpu_camvid"
RESULTS_FILE = "gpu_camvid.jsonl"
SCHEMA = 1  # that of studies.runner.results, which needs the whole project
PASTED = ("Pole", "SignSymbol", "Fence", "Car", "Pedestrian", "Bicyclist")
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
    pasted = tuple(map(CamVid.class_names.index, PASTED))
    recipe = Recipe(DeviceAugmentation(tuple(options.crop), copied=pasted))
    try:
        run(read_frames(options.camvid), recipe, options.epochs, options.minutes, options.output)
    except DataError as error:
        sys.exit(f"gpu_camvid: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--camvid", type=Path, required=True, metavar="FOLDER", help="folder of CamVid")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder of results and weights")
    parser.add_argument(
        "--minutes", type=float, help="of steps, all trainings together; default: no limit"
    )
    parser.add_argument("--epochs", type=int, default=1000, help="the most of each training")
    parser.add_argument("--crop", type=int, nargs=2, default=(344, 464), metavar=("HEIGHT", "WIDTH"))
    return parser


def read_frames(folder: Path) -> Frames:
    """The parts train and val of CamVid; raises DataError where they cannot be read."""
    source = sources.open(folder, "camvid")
    found = source.frames(["train", "val"])
    images, labels = zip(*map(source.read, found), strict=True)
    names, numbers = zip(*((frame.sequence, frame.index) for frame in found), strict=True)
    arrays = np.stack(images), np.stack(labels), np.array(names), np.array(numbers)
    return Frames(*arrays, source.class_names)


def run(frames: Frames, recipe: Recipe, epochs: int, minutes: float | None, output: Path) -> None:
    """Trains every fold; each leaves its record and its weights when it is finished.

    Args:
        frames: of CamVid.
        recipe: of all trainings.
        epochs: the most of each training.
        minutes: for the steps of all trainings together; None: no limit.
        output: folder of results and weights; it is created.

    Raises:
        DataError: the frames that a fold holds out are not there.
    """
    parts = [fold.split(frames)[0] for fold in FOLDS]
    largest = max(parts, key=len)
    loop = max(1, len(largest) // recipe.batch_size)
    trainer, before = Trainer(frames, recipe, loop, recommended_policy().name), None
    if minutes is not None:
        before = round(images_per_second(trainer, largest))
        fitting = int(60 * minutes * before / sum(map(len, parts)))
        epochs = max(1, min(epochs, fitting))
        print(f"{before:,} images/s: {fitting:,} epochs fit, {epochs:,} are trained", flush=True)
    output.mkdir(parents=True, exist_ok=True)
    for fold in FOLDS:
        record = train_fold(trainer, fold, epochs, output)
        record["images_per_second"]["before"] = before
        append(output / RESULTS_FILE, record)


def images_per_second(trainer: Trainer, train: np.ndarray, loops: int = 10) -> float:
    """Of training steps, after others that are not timed because they compile."""
    trainer.train(train, trainer.loop)
    start = time.perf_counter()
    _, losses = trainer.train(train, loops * trainer.loop)
    return len(losses) * trainer.recipe.batch_size / (time.perf_counter() - start)


def train_fold(trainer: Trainer, fold: Fold, epochs: int, output: Path) -> dict[str, object]:
    """The record of one training, in the form of studies.runner.results; the weights go to a file."""
    train, held_out = fold.split(trainer.frames)
    steps = max(1, round(epochs * len(train) / trainer.recipe.batch_size))
    start = time.perf_counter()
    state, losses = trainer.train(train, steps)
    seconds = time.perf_counter() - start
    weights = output / f"{fold.name}.weights.h5"
    atomic_write(weights, lambda part: trainer.save_weights(state, part))
    plain, mirrored = trainer.confusion_matrices(state, held_out)
    print(f"held out: {fold}; {len(losses):,} steps in {seconds / 60:.2f} minutes", flush=True)
    return {
        **settings(trainer, fold, epochs),
        **course(losses, seconds, len(train), trainer.recipe.batch_size),
        "validation": {"confusion": plain.tolist()},
        "mirrored": {"confusion": mirrored.tolist()},
    }


def settings(trainer: Trainer, fold: Fold, epochs: int) -> dict[str, object]:
    """All that a result depends on, and what follows from it without training."""
    train, held_out = fold.split(trainer.frames)
    network, frames = trainer.full_size, trainer.frames
    pixels = trainer.class_pixels(train)
    rare = (pixels > 0) & (pixels < _RARE * pixels.sum())
    height, width = trainer.recipe.augmentation.crop
    device = jax.devices()[0].device_kind
    return {
        "schema": SCHEMA,
        "name": f"{fold.name}, crops of {height} x {width}",
        "fold": fold.name,
        "network": network.name,
        "options": training.OPTIONS,
        "architecture": networks.architecture_digest(network),
        "policy": trainer.policy,
        "recipe": {"epochs": epochs, **asdict(trainer.recipe)},
        "frames": "CamVid, train and val",
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
