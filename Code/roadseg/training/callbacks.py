"""What happens during a training besides its steps: validate, save, report."""

import contextlib
import math
import time
from collections.abc import Iterator

import keras
import numpy as np

from roadseg.data.splits import Split
from roadseg.data.store import FrameStore
from roadseg.errors import TrainingError
from roadseg.evaluation import confusion_matrix_of, metrics
from roadseg.networks import copy_weights
from roadseg.progress import progress_bar
from roadseg.training.distributed import Team, copy_state, on_one_device
from roadseg.training.recipes import Recipe
from roadseg.training.run_folder import RunFolder


class ValidateAndCheckpoint(keras.callbacks.Callback):
    """After each epoch: validates, saves the best network, and saves everything that a restart needs.

    All of an epoch is saved together: a kill before that repeats the epoch.
    """

    def __init__(
        self,
        network: keras.Model,
        fitted: keras.Model,
        frames: FrameStore,
        split: Split,
        recipe: Recipe,
        folder: RunFolder,
        history: list[dict[str, float]],
        team: Team,
    ):
        """Writes nothing yet.

        Args:
            network: what is validated; it gets the weights of what is fitted.
            fitted: gets the state after each epoch, if it is not itself what `fit` trains.
            frames: the store.
            split: which of the frames validate.
            recipe: how often to validate.
            folder: where to save.
            history: a row for each epoch so far; it grows.
            team: each of its processes validates a part of the frames; one of them saves.
        """
        super().__init__()
        self.network = network
        self.fitted = fitted
        self.frames = frames
        self.split = split
        self.recipe = recipe
        self.folder = folder
        self.history = history
        self.team = team

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        if not math.isfinite(logs["loss"]):
            self._stop(f"the loss became {logs['loss']} in step {batch + 1}")

    def on_epoch_end(self, epoch, logs=None):
        with on_one_device():
            copy_state(self.model, self.fitted)
            self._end_epoch(epoch, logs)

    def _end_epoch(self, epoch: int, logs: dict[str, float]) -> None:
        if not all(np.isfinite(values).all() for values in self.fitted.get_weights()):
            self._stop("weights became infinite in the last step")
        if (epoch + 1) % self.recipe.validate_every == 0 or epoch + 1 == self.recipe.epochs:
            accuracy, mean_iou = self._validate()
        else:
            accuracy = mean_iou = math.nan
        logs.update(validation_accuracy=accuracy, validation_mean_iou=mean_iou)
        seconds = time.monotonic() - self._start
        self.history.append({"epoch": epoch + 1, **logs, "seconds": seconds})
        if self.team.leads:
            self.folder.stage_history(self.history)
            self.folder.stage_weights("last.weights.h5", self.fitted)
            self.folder.commit(epoch + 1)

    def _validate(self) -> tuple[float, float]:
        """Pixel accuracy and mean IoU; saves the network if it is the best so far."""
        own = self.split.validation[self.team.share.process :: self.team.share.processes]
        with averaged_weights(self.fitted):
            copy_weights(self.fitted, self.network)
            confusion = self.team.sum(confusion_matrix_of(self.network, self.frames, own))
            mean_iou = metrics.mean_iou(confusion)
            is_best = not mean_iou <= self._best_score()  # a first score of NaN is saved as well
            if is_best and self.team.leads:
                self.folder.stage_best(self.network)
        return metrics.pixel_accuracy(confusion), mean_iou

    def _best_score(self) -> float:
        scores = [row["validation_mean_iou"] for row in self.history]
        return max((score for score in scores if not math.isnan(score)), default=-math.inf)

    def _stop(self, reason: str) -> None:
        kept = (
            "still has the last and the best weights of the epochs before" if self.history else "is free"
        )
        raise TrainingError(
            f"{reason} of epoch {len(self.history) + 1}. {self.folder.path} {kept}; lower the recipe's "
            "learning_rate"
        )


class TensorBoardLog(keras.callbacks.Callback):
    """Writes the scores of each epoch for TensorBoard; only where TensorFlow is installed.

    Keras' own callback raises an error of TensorFlow when the disk is full.
    """

    def __init__(self, folder: RunFolder):
        super().__init__()
        self.folder = folder
        self.writer = None

    def on_epoch_end(self, epoch, logs=None):
        import tensorflow as tf

        try:
            with tf.device("CPU"):
                self.writer = self.writer or tf.summary.create_file_writer(str(self.folder.tensorboard))
                with self.writer.as_default(step=epoch):
                    for name, value in logs.items():
                        tf.summary.scalar(f"epoch_{name}", value)
                self.writer.flush()
        except tf.errors.OpError as error:
            raise TrainingError(
                f"{self.folder.tensorboard}: cannot be written ({error.message}); {epoch + 1} finished "
                "epochs are kept. Make room or get permission to write, and train again to continue"
            )

    def on_train_end(self, logs=None):
        if self.writer:
            self.writer.close()


@contextlib.contextmanager
def averaged_weights(network: keras.Model) -> Iterator[None]:
    """Puts the optimizer's moving averages into the network for a while, if it keeps any."""
    if not network.optimizer.use_ema:
        yield
        return
    variables = network.trainable_variables
    current = [keras.ops.convert_to_numpy(variable) for variable in variables]
    network.optimizer.finalize_variable_values(variables)
    # Copies: on JAX, network and optimizer would share arrays, which a prediction then gives away.
    _assign(variables, [keras.ops.convert_to_numpy(variable) for variable in variables])
    try:
        yield
    finally:
        _assign(variables, current)


def _assign(variables: list[keras.Variable], values: list[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


class Progress(keras.callbacks.Callback):
    """One bar for the whole training: loss, accuracy, mean IoU and the time left."""

    def __init__(self, recipe: Recipe, steps_per_epoch: int, first_epoch: int):
        super().__init__()
        self.recipe = recipe
        self.steps = steps_per_epoch
        self.first_epoch = first_epoch
        self.training, self.validation = "", ""

    def on_train_begin(self, logs=None):
        self.bar = progress_bar(
            self.recipe.epochs * self.steps,
            self.first_epoch * self.steps,
            unit="step",
            description=f"{self.model.name}, {self.recipe.name}",
            mininterval=2,
            dynamic_ncols=True,
        )

    def on_train_batch_end(self, batch, logs=None):
        self.training = " ".join(f"{name} {logs[name]:.3f}" for name in ("loss", "accuracy", "mean_iou"))
        self._show()
        self.bar.update()

    def on_epoch_end(self, epoch, logs=None):
        if not math.isnan(logs["validation_mean_iou"]):
            self.validation = (
                f" | epoch {epoch + 1}: validation accuracy {logs['validation_accuracy']:.3f} "
                f"mean_iou {logs['validation_mean_iou']:.3f}"
            )
            self._show()

    def on_train_end(self, logs=None):
        self.bar.close()

    def _show(self):
        self.bar.set_postfix_str(self.training + self.validation, refresh=False)
