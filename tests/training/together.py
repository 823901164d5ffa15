"""Tiny trainings in a process of their own, one of several or alone.

The words of its command line are STORE PROCESSES COORDINATOR ID JOB...
A job is FOLDER:NETWORK:FRAMES:EPOCHS.
"""

import sys

import keras

from roadseg import training
from roadseg.data import splits, store
from roadseg.errors import TrainingError
from roadseg.training import distributed

BATCH = 4


def main() -> None:
    try:
        train(*sys.argv[1:])
    except (TrainingError, ValueError) as error:
        sys.exit(f"{type(error).__name__}: {error}")


def train(path: str, count: str, coordinator: str, number: str, *jobs: str) -> None:
    if int(count) > 1:
        distributed.connect(int(count), coordinator, int(number))
    frames = store.open(path)
    for job in jobs:
        folder, name, count_of_frames, epochs = job.split(":")
        recipe = training.Recipe(
            "tiny", int(epochs), BATCH, "adamw", 3e-3, "cosine", weight_decay=1e-2, ema_momentum=0.9
        )
        split = splits.Split(tuple(range(int(count_of_frames))), (12, 13, 14), "by hand")
        training.train(network_for(frames, name), frames, split, recipe, folder, progress=False)


def network_for(frames: store.FrameStore, name: str) -> keras.Model:
    """name: "plain", or "norm" with a batch normalisation."""
    keras.utils.set_random_seed(0)
    image = keras.Input(frames.image_shape, dtype="uint8", name="image")
    x = keras.layers.Rescaling(1 / 255, name="scale")(image)
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="body")(x)
    if name == "norm":
        x = keras.layers.BatchNormalization(name="body_norm")(x)
    return keras.Model(image, keras.layers.Conv2D(frames.num_classes, 1, name="head")(x), name=name)
