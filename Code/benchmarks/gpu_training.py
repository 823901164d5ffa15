"""Frames a second in training, in float32 and bfloat16, and where the time goes; for a GPU.

    KERAS_BACKEND=jax .venv/bin/python Code/benchmarks/gpu_training.py [--output FILE]

Each network trains with the recipe "quick" on a store of noise: first on one batch over and over, which
times the step, then on batches that are read and augmented, as a training does. Compiling is not
counted. `--size 32 48 --frames 32 --batch 4 --steps 5` rehearses it on a CPU.
"""

import argparse
import time
from dataclasses import replace

import numpy as np

from benchmarks import harness  # imports roadseg, which prepares TensorFlow's start

# isort: split
import keras

from benchmarks.training_speed import epoch_ms, noisy_frames
from roadseg import networks
from roadseg.data.batches import Batches
from roadseg.data.store import FrameStore
from roadseg.evaluation.metrics import RunningScores
from roadseg.training import RECIPES, Recipe

POLICIES = ("float32", "mixed_bfloat16")
_WARM_UP = 3  # steps that are not timed; the first compiles


def main(arguments: list[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    recipe = replace(RECIPES["quick"], batch_size=options.batch)
    count = max(1, options.frames // options.batch) * options.batch  # no short batch
    with noisy_frames(*options.size, count) as frames:
        report = settings(frames, recipe) | reading(frames, recipe)
        speeds: dict[str, dict[str, object]] = {}
        for name in options.networks:
            speeds[name] = {
                policy: measure(name, policy, frames, recipe, options.steps) for policy in POLICIES
            }
            harness.report(report | {"networks": speeds}, options.output)


def _parser() -> argparse.ArgumentParser:
    parser = harness.parser(__doc__)
    parser.add_argument("--size", type=int, nargs=2, default=(125, 414), metavar=("H", "W"))
    parser.add_argument("--batch", type=int, default=16, help="frames a step; default: 16")
    parser.add_argument("--frames", type=int, default=448, help="of an epoch; default: 448")
    parser.add_argument("--steps", type=int, default=50, help="on one batch; default: 50")
    parser.add_argument(
        "--networks",
        nargs="+",
        choices=networks.NETWORKS,
        default=list(networks.NETWORKS),
        metavar="NAME",
    )
    return parser


def settings(frames: FrameStore, recipe: Recipe) -> dict[str, object]:
    return {
        "device": _device(),
        "backend": keras.backend.backend(),
        "keras": keras.version(),
        "image_shape": frames.image_shape,
        "batch_size": recipe.batch_size,
        "frames": len(frames),
    }


def _device() -> str:
    if keras.backend.backend() == "jax":
        import jax

        return jax.devices()[0].device_kind
    return keras.distribution.list_devices()[0]


def reading(frames: FrameStore, recipe: Recipe) -> dict[str, float]:
    """Milliseconds a frame on one core, of the second epoch: the first one opens the file."""
    plain, augmented = (
        Batches(frames, range(len(frames)), recipe.batch_size, augmentation)
        for augmentation in (None, recipe.augmentation)
    )
    epoch_ms(plain)
    read, both = (epoch_ms(batches) / len(frames) for batches in (plain, augmented))
    return {"reading_ms_per_frame": read, "augmenting_ms_per_frame": both - read}


def measure(name: str, policy: str, frames: FrameStore, recipe: Recipe, steps: int) -> dict[str, float]:
    """How fast a network trains.

    Args:
        name: of the network.
        policy: "float32" or "mixed_bfloat16".
        frames: to read.
        recipe: how to train.
        steps: on one batch.

    Returns:
        Milliseconds and frames a second: `step` on one batch, `training` on batches that are read and
        augmented. The first step, with compiling, in seconds.
    """
    network = networks.build(name, frames.image_shape, frames.num_classes, policy=policy)
    batches = Batches(frames, range(len(frames)), recipe.batch_size, recipe.augmentation)
    pixels = frames.class_pixels(range(len(frames)))
    network.compile(
        recipe.make_optimizer(len(batches)),
        recipe.make_loss(pixels),
        metrics=[RunningScores(frames.num_classes)],
    )
    clock = Clock()
    feed = OneBatchThenAll(batches, _WARM_UP + steps)
    network.fit(feed, shuffle=False, verbose=0, callbacks=[clock])
    seconds = np.diff(clock.ends)
    step, training = (part.mean() for part in np.split(seconds[_WARM_UP:], [steps]))
    return {
        "first_step_seconds": seconds[0],
        "step_ms_per_frame": 1000 * step / recipe.batch_size,
        "training_ms_per_frame": 1000 * training / recipe.batch_size,
        "step_frames_per_second": recipe.batch_size / step,
        "training_frames_per_second": recipe.batch_size / training,
    }


class OneBatchThenAll(keras.utils.PyDataset):
    """The first batch over and over, without reading, and then an epoch.

    One feed, because a network that keeps averages of its weights cannot `fit` twice on JAX: the first
    call leaves weights and averages in the same arrays.
    """

    def __init__(self, batches: Batches, repetitions: int):
        super().__init__(workers=1)
        self.batches, self.repetitions = batches, repetitions
        self.first = batches.batch(0, 0)

    def __len__(self) -> int:
        return self.repetitions + len(self.batches)

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        if number < self.repetitions:
            return self.first
        return self.batches.batch(0, number - self.repetitions)


class Clock(keras.callbacks.Callback):
    """When each step ended; it waits for the loss of each step, as the trainer's callbacks do."""

    def on_train_begin(self, logs=None):
        self.ends = [time.perf_counter()]

    def on_train_batch_end(self, batch, logs=None):
        float(logs["loss"])
        self.ends.append(time.perf_counter())


if __name__ == "__main__":
    main()
