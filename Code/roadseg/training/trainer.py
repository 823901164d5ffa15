"""train(): one function for every network, driven by a Recipe."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import keras
import numpy as np

from roadseg.data.batches import Batches
from roadseg.data.splits import Split
from roadseg.data.store import FrameStore
from roadseg.errors import TrainingError
from roadseg.evaluation import check_compatible, confusion_matrix_of, evaluate, mean_confidence
from roadseg.evaluation.metrics import RunningScores
from roadseg.files import user_path
from roadseg.networks import ModelCard
from roadseg.training.callbacks import Progress, ValidateAndSave
from roadseg.training.losses import rare_classes
from roadseg.training.recipes import Recipe
from roadseg.training.run import Run, describe

_SURE_FRAMES = 100  # of which the confidence is measured at most


def train(
    network: keras.Model,
    frames: FrameStore,
    split: Split,
    recipe: Recipe,
    folder: str | Path,
    progress: bool = True,
    callbacks: Iterable[keras.callbacks.Callback] = (),
    workers: int = 1,
) -> Run:
    """Trains the network in place, from the weights it has, and leaves the best weights in it.

    An unfinished run with the same settings is continued from its own weights, whatever weights the
    network has now. On the same machine the result is that of an uninterrupted run, except for layers
    that draw random numbers, such as dropout. A finished run is only read.

    On JAX it trains on all devices that JAX shows.

    Args:
        network: uint8 (B, H, W, 3) -> logits (B, H, W, C), of the frames' classes.
        frames: the store.
        split: which of the frames train and which validate.
        recipe: how to train.
        folder: of the run; it is created if necessary.
        progress: prints which frames train and validate, and shows a progress bar.
        callbacks: called after those that validate and save. Their `logs` hold the validation scores;
            their `model` is what is fitted: it has the network's layers, and may end before the last
            upsampling.
        workers: processes that read and augment frames; 1 is enough for a CPU.

    Returns:
        The finished run.

    Raises:
        TrainingError: the folder holds a run with other settings or a damaged one, or another process
            trains in it; it cannot be written; nothing is labelled; or the loss or a weight is no longer
            a finite number.
        DataError: the split is for other frames, or a frame is damaged.
        ValueError: the network is for another size or other classes than the frames.
    """
    trainer = _trainer_of_devices() or Trainer
    return trainer(network, frames, split, recipe, folder, progress, callbacks, workers).train()


def _trainer_of_devices() -> "type[Trainer] | None":
    """Where JAX shows several devices, in this process or in several."""
    if keras.backend.backend() != "jax":
        return None
    import jax

    from roadseg.training.distributed import DevicesTrainer  # which starts from this module

    return DevicesTrainer if jax.device_count() > 1 else None


class Trainer:
    """One training on one device; the arguments are those of `train`."""

    def __init__(self, network, frames, split, recipe, folder, progress, callbacks, workers):
        check_compatible(network, frames)
        split.check(frames)
        network.class_names = frames.class_names
        self.network, self.frames, self.split, self.recipe = network, frames, split, recipe
        self.run = Run(user_path(folder))
        self.progress, self.callbacks, self.workers = progress, callbacks, workers

    def train(self) -> Run:
        """Starts, continues or only reads the run."""
        if self.progress:
            print(self.split)
        pixels = self.labelled_pixels()
        with self.run.locked():
            self.run.start(self.network, describe(self.network, self.frames, self.recipe), self.split)
            if not self.run.is_finished:
                self.fit(pixels)
                self.run.restore_best(self.network)
                self.finish()
            elif self.progress:
                minutes = self.run.metrics["minutes"]
                print(f"{self.network.name}: loaded, trained earlier in {minutes:.1f} minutes")
            self.run.restore_best(self.network)
        return self.run

    def labelled_pixels(self) -> np.ndarray:
        """int (C): how often each class occurs in the training frames."""
        parts = {"training": self.split.train, "validation": self.split.validation}
        pixels = {name: self.frames.class_pixels(indices) for name, indices in parts.items()}
        for name, counts in pixels.items():
            if not counts.any():
                raise TrainingError(
                    f"{self.frames.path}: not one pixel of the {len(parts[name])} {name} frames is "
                    "labelled; choose another split, or preprocess again with labels"
                )
        return pixels["training"]

    def fit(self, pixels: np.ndarray) -> None:
        """Trains to the last epoch, from where an interrupted run stopped."""
        _make_deterministic(self.recipe.seed)
        with _norm_momentum(self.network, self.recipe.norm_momentum):
            fitted = fitted_network(self.network, self.recipe)
            self.compile(fitted, pixels)
            self.run.restore(fitted)
            rows = self.run.rows
            batches = self.batches(pixels, epoch=len(rows))
            done, total = len(rows) * len(batches), self.recipe.epochs * len(batches)
            description = f"{self.network.name}, {self.recipe.name}"
            with Progress(total, done, description, self.progress) as progress:
                callbacks = [ValidateAndSave(self, fitted, rows), progress, *self.callbacks]
                self.fit_model(fitted, pixels, batches, callbacks)

    def compile(self, fitted: keras.Model, pixels: np.ndarray) -> None:
        """With the recipe's optimizer and loss, and an optimizer state that can be restored."""
        steps_per_epoch = -(-len(self.split.train) // self.recipe.batch_size)
        fitted.compile(
            optimizer=self.recipe.make_optimizer(steps_per_epoch),
            loss=self.recipe.make_loss(pixels),
            metrics=[RunningScores(len(pixels))],
        )
        fitted.optimizer.build(fitted.trainable_variables)

    def batches(self, pixels: np.ndarray, epoch: int, kind: type[Batches] = Batches) -> Batches:
        """From that epoch on."""
        return kind(
            self.frames,
            self.split.train,
            self.recipe.batch_size,
            self.recipe.augmentation,
            self.recipe.seed,
            rare_classes(pixels),
            label_stride=1 if self.recipe.upsampled_loss else label_stride(self.network),
            workers=self.workers,
            epoch=epoch,
        )

    def fit_model(self, fitted: keras.Model, pixels: np.ndarray, batches: Batches, callbacks) -> None:
        """Keras' own `fit`, from the epoch of the batches on."""
        try:
            fitted.fit(
                batches,
                epochs=self.recipe.epochs,
                initial_epoch=batches.epoch,
                shuffle=False,  # the batches have an order of their own
                verbose=0,
                callbacks=callbacks,
            )
        except Exception as error:
            raise batches.error or error

    def validate(self) -> np.ndarray:
        """int64 (C, C): the confusion matrix of the validation frames."""
        return confusion_matrix_of(self.network, self.frames, self.split.validation)

    def finish(self) -> None:
        """Evaluates the best network, and writes what its users need."""
        result = evaluate(self.network, self.frames, self.split.validation)
        some = self.split.validation[:: -(-len(self.split.validation) // _SURE_FRAMES)]
        card = ModelCard.for_frames(
            self.network.name,
            self.frames,
            options=getattr(self.network, "options", {}),
            frames=len(self.split.train),
            minutes=sum(row["seconds"] for row in self.run.rows) / 60,
            confidence=mean_confidence(self.network, self.frames, some),
        )
        self.run.finish(card, result, self.frames.image_checksums(self.split.train))


def fitted_network(network: keras.Model, recipe: Recipe) -> keras.Model:
    """What `fit` trains: a model of the network's own layers, which may end before the last upsampling.

    It takes the loss, the optimizer and its state, which the network itself stays free of.

    Raises ValueError where the recipe wants crops and the network takes one size alone.
    """
    crop = recipe.augmentation and recipe.augmentation.crop
    size = network.input_shape[1:3]
    if crop and size != (None, None) and size != crop:
        raise ValueError(
            f"{recipe.name}: trains on crops of {crop[0]} x {crop[1]}, but {network.name} takes only "
            f"{size[0]} x {size[1]}; build it on keras.Input((None, None, 3))"
        )
    output = network.output if recipe.upsampled_loss else _decoded(network)
    return keras.Model(network.input, output, name=network.name)


def label_stride(network: keras.Model) -> int:
    """How many pixels wide the block is that a logit stands for, before logits are upsampled."""
    height, width = (length or 256 for length in network.input_shape[1:3])
    decoder = keras.Model(network.input, _decoded(network))
    rows = decoder.compute_output_shape((1, height, width, 3))[1]
    return -(-height // rows)


def _decoded(network: keras.Model):
    """The logits as the decoder gives them; of a network of other layers, its output."""
    names = {layer.name for layer in network.layers}
    return network.get_layer("head_logits").output if "head_logits" in names else network.output


@contextlib.contextmanager
def _norm_momentum(network: keras.Model, momentum: float | None) -> Iterator[None]:
    """Another momentum of all batch normalisations for a while; None: their own."""
    layers = [each for each in network.layers if isinstance(each, keras.layers.BatchNormalization)]
    own = [layer.momentum for layer in layers]
    try:
        for layer in layers if momentum is not None else ():
            layer.momentum = momentum
        yield
    finally:
        for layer, value in zip(layers, own, strict=True):
            layer.momentum = value


def _make_deterministic(seed: int) -> None:
    """The same weights, bit by bit, from the same start on the same CPU."""
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
