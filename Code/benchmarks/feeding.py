"""Images a second that batches feed to a network, read and augmented by several workers.

    .venv/bin/python Code/benchmarks/feeding.py STORE [--workers 1 4 16] [--recipe best] [--output FILE]

STORE is the folder of a preprocessed data set. Keras' own `fit` draws the batches; the network is a mean
over the image, so that it waits for them. The first epoch, in which it is compiled, does not count.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import harness  # imports roadseg, which prepares TensorFlow's start

# isort: split
import keras

from roadseg.data import store
from roadseg.data.augmentation import Augmentation
from roadseg.data.batches import Batches
from roadseg.training.losses import rare_classes
from roadseg.training.recipes import RECIPES


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, os.cpu_count()])
    parser.add_argument("--recipe", choices=RECIPES, default="best", help="whose augmentation it is")
    parser.add_argument("--batch", type=int, default=16)
    options = parser.parse_args()
    with store.open(options.store) as frames:
        augmentation = RECIPES[options.recipe].augmentation
        speeds = measure(frames, augmentation, options.batch, options.workers)
        settings = {"image_shape": frames.image_shape, "frames": len(frames), "batch": options.batch}
    settings |= {"recipe": options.recipe, "backend": keras.backend.backend()}
    harness.report(settings | {"images_per_second": speeds}, options.output)


def measure(
    frames: store.FrameStore, augmentation: Augmentation | None, batch_size: int, workers: Sequence[int]
) -> dict[int, float]:
    """Number of workers -> images a second."""
    indices = range(len(frames))
    rare = rare_classes(frames.class_pixels(indices))
    speeds = {}
    for count in workers:
        batches = Batches(frames, indices, batch_size, augmentation, 0, rare, workers=count)
        network = waiting_network()
        network.fit(batches, shuffle=False, verbose=0)
        start = time.perf_counter()
        network.fit(batches, shuffle=False, verbose=0)
        speeds[count] = round(len(frames) / (time.perf_counter() - start), 1)
    return speeds


def waiting_network() -> keras.Model:
    """uint8 (B, H, W, 3) -> (B, 1), with next to no work; the labels come along, but are not used."""
    image = keras.Input((None, None, 3), dtype="uint8")
    mean = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(image))
    network = keras.Model(image, keras.layers.Dense(1)(mean))
    network.compile("sgd", loss=lambda labels, output: keras.ops.mean(output))
    return network


if __name__ == "__main__":
    main()
