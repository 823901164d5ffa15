"""Tiny trainings in a process of their own, one of several or alone.

The words of its command line are STORE PROCESSES COORDINATOR ID JOB...
A job is FOLDER:NETWORK:FRAMES:EPOCHS. With a further :N, this process is killed when the run has
finished epoch N.
"""

import os
import signal
import sys
import time
from pathlib import Path

import keras

from roadseg import training
from roadseg.data import splits, store
from roadseg.errors import TrainingError
from roadseg.training import distributed

BATCH = 4
distributed._SILENT = 6  # seconds: a lost process is noticed soon


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
        folder, name, count_of_frames, epochs, *killed = job.split(":")
        recipe = training.Recipe(
            "tiny", int(epochs), BATCH, "adamw", 3e-3, "cosine", weight_decay=1e-2, ema_momentum=0.9
        )
        split = splits.Split(tuple(range(int(count_of_frames))), (12, 13, 14), "by hand")
        callbacks = [KillAfter(folder, int(killed[0]))] if killed else []
        training.train(network_for(frames, name), frames, split, recipe, folder, False, callbacks)


def network_for(frames: store.FrameStore, name: str) -> keras.Model:
    """name: "plain", or "norm" with a batch normalisation."""
    keras.utils.set_random_seed(0)
    image = keras.Input(frames.image_shape, dtype="uint8", name="image")
    x = keras.layers.Rescaling(1 / 255, name="scale")(image)
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="body")(x)
    if name == "norm":
        x = keras.layers.BatchNormalization(name="body_norm")(x)
    return keras.Model(image, keras.layers.Conv2D(frames.num_classes, 1, name="head")(x), name=name)


class KillAfter(keras.callbacks.Callback):
    """Kills this process without notice, once process 0 has saved an epoch."""

    def __init__(self, folder: str, epochs: int):
        super().__init__()
        self.run, self.epochs = training.Run(Path(folder)), epochs

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 == self.epochs:
            while len(self.run.rows) < self.epochs:
                time.sleep(0.02)
            os.kill(os.getpid(), signal.SIGKILL)
