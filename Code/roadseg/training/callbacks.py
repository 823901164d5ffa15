"""What happens during a training besides its steps: validate, save, report."""

import math
import time

import keras
import numpy as np

from roadseg.errors import TrainingError
from roadseg.evaluation import metrics
from roadseg.progress import progress_bar
from roadseg.training.optimizers import averaged_weights


class ValidateAndSave(keras.callbacks.Callback):
    """After each epoch: validates, saves the best network, and saves everything that a restart needs."""

    def __init__(self, trainer, fitted: keras.Model, rows: list[dict[str, float]]):
        """Writes nothing yet.

        Args:
            trainer: validates, and knows network, recipe and run.
            fitted: has the state to save after each epoch.
            rows: one for each epoch so far; a row is added after each.
        """
        super().__init__()
        self.trainer, self.fitted, self.rows = trainer, fitted, rows

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        if not math.isfinite(logs["loss"]):
            self._stop(f"the loss became {logs['loss']} in step {batch + 1}")

    def on_epoch_end(self, epoch, logs=None):
        if not all(np.isfinite(values).all() for values in self.fitted.get_weights()):
            self._stop("weights became infinite in the last step")
        accuracy = mean_iou = math.nan
        recipe = self.trainer.recipe
        if (epoch + 1) % recipe.validate_every == 0 or epoch + 1 == recipe.epochs:
            accuracy, mean_iou = self._validate()
        logs.update(validation_accuracy=accuracy, validation_mean_iou=mean_iou)
        seconds = time.monotonic() - self._start
        self.rows.append({"epoch": epoch + 1, **logs, "seconds": seconds})
        self.trainer.run.finish_epoch(self.fitted, self.rows)

    def _validate(self) -> tuple[float, float]:
        """Pixel accuracy and mean IoU; saves the network if it is the best so far."""
        scores = [row["validation_mean_iou"] for row in self.rows]
        best = max((score for score in scores if not math.isnan(score)), default=-math.inf)
        with averaged_weights(self.fitted):
            confusion = self.trainer.validate()
            mean_iou = metrics.mean_iou(confusion)
            if not mean_iou <= best:  # a first score of NaN is saved as well
                self.trainer.run.save_best(self.trainer.network)
        return metrics.pixel_accuracy(confusion), mean_iou

    def _stop(self, reason: str) -> None:
        raise TrainingError(
            f"{reason} of epoch {len(self.rows) + 1}; lower the recipe's learning_rate. "
            f"{self.trainer.run.folder} keeps the epochs before"
        )


class Progress(keras.callbacks.Callback):
    """One bar for the whole training: loss, accuracy, mean IoU and the time left.

    It is a context, at whose end the bar is closed, also after an interruption.
    """

    def __init__(self, total: int, done: int, description: str, shown: bool):
        """total, done: steps of the training, and those before this call."""
        super().__init__()
        self.bar = progress_bar(
            total, done, unit="step", description=description, shown=shown, mininterval=2,
            dynamic_ncols=True,
        )  # fmt: skip
        self.training, self.validation = "", ""

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

    def _show(self) -> None:
        self.bar.set_postfix_str(self.training + self.validation, refresh=False)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_) -> None:
        self.bar.close()
