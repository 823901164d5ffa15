"""Short trainings on the tiny frames."""

from pathlib import Path

import keras

from roadseg import networks, training
from roadseg.data import splits
from roadseg.data.augmentation import Augmentation
from roadseg.data.store import FrameStore

SHORT = training.Recipe(
    name="short",
    epochs=4,
    batch_size=3,
    optimizer="adamw",
    learning_rate=3e-3,
    schedule="cosine",
    warm_up_epochs=1,
    weight_decay=1e-2,
    augmentation=Augmentation(scale=(0.8, 1.25), brightness=0.2),
    class_weight_power=0.5,
    ema_momentum=0.9,
)


def simple_for(frames: FrameStore, seed: int = 0) -> keras.Model:
    return networks.build("simple", frames.image_shape, frames.num_classes, seed)


def split_of(frames: FrameStore) -> splits.Split:
    return splits.block(frames, validation=0.25, gap=1)


def train(
    frames: FrameStore, folder: str | Path, recipe=SHORT, network=None, progress=False, callbacks=()
) -> training.Run:
    network = network or simple_for(frames)
    return training.train(network, frames, split_of(frames), recipe, folder, progress, callbacks)


def everything_but_times(run: training.Run) -> tuple:
    """All that must be the same whatever happened in between."""
    history = {name: values for name, values in run.history.items() if name != "seconds"}
    metrics = {name: value for name, value in run.metrics.items() if name != "minutes"}
    return history, metrics, [values.tobytes() for values in run.load_best().get_weights()]
