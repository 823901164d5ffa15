"""Losses on logits, blind to ignored pixels."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from roadseg.classes import IGNORE


@keras.saving.register_keras_serializable("roadseg")
class CrossEntropy(keras.losses.Loss):
    """Cross-entropy of the softmax, averaged over the labelled pixels of the batch.

    class_weights: one factor a class, or None. The average is weighted likewise, so that the loss keeps
    its size; Keras' own `class_weight` does not take label images.
    """

    def __init__(self, class_weights: Sequence[float] | None = None, name: str = "cross_entropy"):
        super().__init__(name=name, reduction=None)
        self.class_weights = None if class_weights is None else [float(w) for w in class_weights]

    def call(self, y_true, y_pred):
        """y_true: class ids (B, H, W), IGNORE allowed; y_pred: logits (B, H, W, C). A scalar."""
        labelled = y_true != IGNORE
        truth = ops.where(labelled, ops.cast(y_true, "int32"), 0)
        losses = keras.losses.sparse_categorical_crossentropy(truth, y_pred, from_logits=True)
        weights = ops.cast(labelled, losses.dtype)
        if self.class_weights is not None:
            weights *= ops.take(ops.convert_to_tensor(self.class_weights, losses.dtype), truth)
        return ops.sum(weights * losses) / ops.maximum(ops.sum(weights), keras.config.epsilon())

    def get_config(self):
        return {"class_weights": self.class_weights, "name": self.name}


def median_frequency_weights(pixels: np.ndarray, power: float = 1.0) -> np.ndarray:
    """float64 (C): (median frequency / frequency) ** power of each class (Eigen and Fergus 2015).

    pixels: int (C), how often each class occurs; absent ones get weight 1. power: 0.5 is milder.
    """
    present = pixels > 0
    weights = np.ones(len(pixels))
    weights[present] = (np.median(pixels[present]) / pixels[present]) ** power
    return weights
