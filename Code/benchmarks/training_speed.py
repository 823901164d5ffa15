"""Milliseconds an image that every network takes to train and to label, with and without oneDNN.

    .venv/bin/python Code/benchmarks/training_speed.py [--size 125 414] [--output FILE]

It also measures the share of reading and augmenting in the training of the simple network. The images
are random, because the time does not depend on what they show. Reading is measured on a store of 447
noisy frames, as many as world 0001 has.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import harness

if TYPE_CHECKING:
    from roadseg.data.batches import Batches
    from roadseg.data.store import FrameStore

FRAMES = 447
BATCH = 8


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("--size", type=int, nargs=2, default=(125, 414), metavar=("H", "W"))
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(*options.size)))
        return
    # Each in another process, because TensorFlow reads the switch when it is imported.
    speeds = {name: run_with(switch, options.size) for name, switch in (("with", "1"), ("without", "0"))}
    harness.report({"size": options.size, "oneDNN": speeds}, options.output)


def run_with(switch: str, size: tuple[int, int]) -> dict[str, object]:
    command = [sys.executable, __file__, "--measure", "--size", *map(str, size)]
    environment = os.environ | {"TF_ENABLE_ONEDNN_OPTS": switch}
    process = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(process.stdout.splitlines()[-1])


def measure(height: int, width: int) -> dict[str, object]:
    import keras

    from roadseg import networks
    from roadseg.evaluation.running_scores import RunningScores
    from roadseg.training.losses import CrossEntropy

    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (BATCH, height, width, 3), np.uint8)
    labels = generator.integers(0, 14, (BATCH, height, width), np.uint8)
    speeds: dict[str, object] = {}
    for name in networks.NETWORKS:
        network = networks.build(name, (height, width, 3), 14)
        network.compile(keras.optimizers.RMSprop(), CrossEntropy(), metrics=[RunningScores(14)])
        speeds[name] = {
            "training_ms_per_image": median_per_image(network.train_on_batch, images, labels),
            "labelling_ms_per_image": median_per_image(network.predict_on_batch, images),
        }
    training = speeds["simple"]["training_ms_per_image"]
    plain, augmented = (reading(height, width, recipe) for recipe in ("original", "quick"))
    return speeds | {
        "reading_ms_per_image": plain,
        "reading_share_of_training": plain / training,
        "reading_and_augmenting_ms_per_image": augmented,
        "reading_and_augmenting_share_of_training": augmented / training,
    }


def median_per_image(step: Callable, *batch: np.ndarray) -> float:
    return harness.median_ms(lambda: step(*batch)) / BATCH


def reading(height: int, width: int, recipe: str) -> float:
    """Milliseconds an image of one epoch of batches."""
    from roadseg.data.batches import Batches
    from roadseg.training import RECIPES

    with noisy_frames(height, width, FRAMES) as frames:
        return epoch_ms(Batches(frames, range(FRAMES), BATCH, RECIPES[recipe].augmentation)) / FRAMES


def epoch_ms(batches: "Batches") -> float:
    """Milliseconds that an epoch's batches take to read and to augment."""
    start = time.perf_counter()
    for number in range(len(batches)):
        batches.batch(0, number)
    return 1000 * (time.perf_counter() - start)


@contextlib.contextmanager
def noisy_frames(height: int, width: int, count: int) -> Iterator["FrameStore"]:
    """A store of noise, which is there for a while; it takes the longest to read."""
    from roadseg.data import store
    from roadseg.data.sources.virtual_kitti import VirtualKitti1

    generator = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        image = generator.integers(0, 256, (height, width, 3), np.uint8)
        ids = generator.integers(0, 14, (height, width), np.uint8)
        chunks = [store.compress(image, ids)] * count
        names = [("0001/clone", index) for index in range(count)]
        attributes = {
            "source": "random",
            "scale": 1.0,
            "class_names": list(VirtualKitti1.class_names),
            "palette": np.array(VirtualKitti1.palette, np.uint8),
            "class_maps": "",
            "job": "",
        }
        store.write(Path(folder) / store.FRAMES_FILE, names, chunks, image.shape, attributes)
        yield store.open(folder)


if __name__ == "__main__":
    main()
