"""Short trainings on the tiny frames."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import keras

from roadseg import training
from roadseg.data import splits
from roadseg.data.augmentation import Augmentation
from roadseg.data.store import FrameStore
from roadseg.networks.blocks import convolution, normalised_input, upsample

TINY = training.Recipe(  # two steps an epoch
    name="tiny",
    epochs=4,
    batch_size=6,
    optimizer="adamw",
    learning_rate=3e-3,
    schedule="cosine",
    warm_up_epochs=1,
    weight_decay=1e-2,
    augmentation=Augmentation(crop=(16, 24), transfer=0.5, paste=0.5, grey=0.2),
    class_weight_power=0.5,
    ema_momentum=0.9,
    upsampled_loss=False,
    norm_momentum=0.9,
    validate_every=2,
)


def tiny_for(frames: FrameStore, seed: int = 0) -> keras.Model:
    """Two convolutions, the second at half the size: what is around a training takes longer."""
    keras.utils.set_random_seed(seed)
    image, x = normalised_input((None, None, 3))
    x = convolution(x, 4, "body", strides=2, batch_normalisation=True)
    x = keras.layers.Conv2D(frames.num_classes, 1, name="head_logits")(x)
    return keras.Model(image, upsample(x, image, 2, "bilinear", "head"), name="tiny")


@contextlib.contextmanager
def eagerly() -> Iterator[None]:
    """Without compiled graphs, whose compilation takes longer than a tiny network's training."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


def split_of(frames: FrameStore) -> splits.Split:
    return splits.block(frames, validation=0.25, gap=1)


def train_tiny(
    frames: FrameStore, folder: str | Path, recipe=TINY, network=None, progress=False, callbacks=()
) -> training.Run:
    """A training that takes about a second, inside `eagerly`."""
    network = network or tiny_for(frames)
    return training.train(network, frames, split_of(frames), recipe, folder, progress, callbacks)


class StopAfter(keras.callbacks.Callback):
    """Interrupts in the middle of an epoch."""

    def __init__(self, steps: int):
        super().__init__()
        self.steps = steps

    def on_train_batch_end(self, batch, logs=None):
        self.steps -= 1
        if not self.steps:
            raise KeyboardInterrupt


def everything_but_times(run: training.Run) -> tuple:
    """All that must be the same whatever happened in between."""
    history = {name: values for name, values in run.history.items() if name != "seconds"}
    metrics = {name: value for name, value in run.metrics.items() if name != "minutes"}
    return str(history), metrics, [values.tobytes() for values in run.load_best().get_weights()]
