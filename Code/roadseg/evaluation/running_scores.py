"""Scores of the epoch so far, for the progress bar and the history of a training."""

import keras
from keras import ops

from roadseg.data.classes import IGNORE
from roadseg.evaluation.class_ids import ids_for


@keras.saving.register_keras_serializable("roadseg")
class RunningScores(keras.metrics.Metric):
    """Pixel accuracy and mean IoU of the batches since the last reset.

    The weights change from batch to batch: `evaluation.evaluate` gives the metrics to report.
    """

    def __init__(self, num_classes: int, stride: int = 4, name: str = "running_scores", **options):
        """Counts nothing yet.

        Args:
            num_classes: C.
            stride: counts every n-th pixel of every n-th row. Counting all of them takes a noticeable
                part of a small network's training time.
            name: of the metric.
            **options: of keras.metrics.Metric.
        """
        super().__init__(name=name, **options)
        self.num_classes = num_classes
        self.stride = stride
        self.confusion = self.add_variable(
            (num_classes, num_classes), initializer="zeros", name="confusion", dtype="int32"
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        """y_true: class ids (B, H, W), IGNORE allowed; y_pred: logits (B, H, W, C)."""
        y_true = ids_for(y_true, y_pred)
        y_true, y_pred = (y[:, :: self.stride, :: self.stride] for y in (y_true, y_pred))
        truth = ops.cast(ops.reshape(y_true, (-1,)), "int32")
        predicted = ops.cast(ops.reshape(ops.argmax(y_pred, axis=-1), (-1,)), "int32")
        # Ignored pixels are counted in one more bin, which is cut off. A sum over segments, because
        # JAX compiles no bincount of unknown length.
        bins = self.num_classes**2
        pair = ops.where(truth == IGNORE, bins, truth * self.num_classes + predicted)
        pairs = ops.segment_sum(ops.ones_like(pair), pair, num_segments=bins + 1)[:bins]
        self.confusion.assign_add(ops.reshape(pairs, (self.num_classes, self.num_classes)))

    def result(self):
        """Scalars by name: accuracy, mean_iou."""
        confusion = ops.cast(self.confusion, "float32")
        hits = ops.diagonal(confusion)
        union = ops.sum(confusion, axis=0) + ops.sum(confusion, axis=1) - hits
        present = ops.cast(union > 0, "float32")
        return {
            "accuracy": ops.sum(hits) / ops.maximum(ops.sum(confusion), 1),
            "mean_iou": ops.sum(hits / ops.maximum(union, 1)) / ops.maximum(ops.sum(present), 1),
        }

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes, "stride": self.stride}
