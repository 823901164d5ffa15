"""Losses on logits, and weights for rare classes; pixels labelled IGNORE do not count."""

import math
from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from roadseg.data.classes import IGNORE
from roadseg.evaluation.metrics import ids_for


@keras.saving.register_keras_serializable("roadseg")
class CrossEntropy(keras.losses.Loss):
    """Cross-entropy of the softmax, averaged over the labelled pixels of the batch."""

    def __init__(
        self,
        class_weights: Sequence[float] | None = None,
        label_smoothing: float = 0.0,
        focal_gamma: float = 0.0,
        ohem_share: float = 1.0,
        name: str = "cross_entropy",
    ):
        """The defaults give the plain cross-entropy.

        Args:
            class_weights: a factor for each class, or None. The average is weighted likewise, so that
                the loss keeps its size. Keras' own `class_weight` does not take label images.
            label_smoothing: this share of each pixel's truth is spread evenly over all classes.
            focal_gamma: exponent of the focal loss (Lin et al. 2017, arXiv 1708.02002): a pixel whose
                true class has probability p counts (1 - p) ** focal_gamma times.
            ohem_share: only this share of each image's labelled pixels counts, those with the largest
                loss: online hard example mining (Shrivastava, Gupta, Girshick 2016, arXiv 1604.03540).
            name: of the loss.
        """
        super().__init__(name=name, reduction=None)
        self.class_weights = None if class_weights is None else [float(w) for w in class_weights]
        self.label_smoothing = label_smoothing
        self.focal_gamma = focal_gamma
        self.ohem_share = ohem_share

    def call(self, y_true, y_pred):
        """Class ids (B, H, W) or (B, H, W, 1), IGNORE allowed, and logits (B, H, W, C) -> a scalar."""
        y_true = ids_for(y_true, y_pred)
        labelled = y_true != IGNORE
        truth = ops.where(labelled, ops.cast(y_true, "int32"), 0)
        losses = plain = keras.losses.sparse_categorical_crossentropy(truth, y_pred, from_logits=True)
        if self.label_smoothing:
            spread = -ops.mean(ops.log_softmax(y_pred), axis=-1)
            losses = (1 - self.label_smoothing) * losses + self.label_smoothing * spread
        if self.focal_gamma:
            losses *= (1 - ops.exp(-plain)) ** self.focal_gamma
        weights = ops.cast(labelled, losses.dtype)
        if self.class_weights is not None:
            weights *= ops.take(ops.convert_to_tensor(self.class_weights, losses.dtype), truth)
        if self.ohem_share < 1:
            hardest = _hardest(weights * losses, labelled, self.ohem_share)
            weights *= ops.cast(hardest, losses.dtype)
        return ops.sum(weights * losses) / ops.maximum(ops.sum(weights), keras.config.epsilon())

    def get_config(self):
        return {
            "class_weights": self.class_weights,
            "label_smoothing": self.label_smoothing,
            "focal_gamma": self.focal_gamma,
            "ohem_share": self.ohem_share,
            "name": self.name,
        }


def _hardest(losses, labelled, share: float):
    """bool (B, H, W): the largest losses of each image, as many as that share of its labelled pixels.

    Pixels that are not labelled have a loss of 0.
    """
    _, height, width = losses.shape
    largest, _ = ops.top_k(ops.reshape(losses, (-1, height * width)), round(share * height * width) or 1)
    count = ops.round(share * ops.sum(ops.cast(labelled, "float32"), axis=(1, 2)))
    last = ops.cast(ops.maximum(count, 1), "int32")[:, None] - 1
    return losses >= ops.take_along_axis(largest, last, axis=1)[:, :, None]


@keras.saving.register_keras_serializable("roadseg")
class LovaszSoftmax(keras.losses.Loss):
    """A differentiable stand-in for 1 - mean IoU over the classes in the batch.

    Berman, Triki, Blaschko 2018, arXiv 1705.08790, algorithm 1 for each class; written here because no
    maintained package has it for Keras 3. pixels: about how many of each image count, on a regular grid,
    whose place the labels of the batch decide. Sorting all of them for each class would take longer than
    the network.
    """

    def __init__(self, pixels: int = 5000, name: str = "lovasz_softmax"):
        super().__init__(name=name, reduction=None)
        self.pixels = pixels

    def call(self, y_true, y_pred):
        """Class ids (B, H, W) or (B, H, W, 1), IGNORE allowed, and logits (B, H, W, C) -> a scalar."""
        y_true = ids_for(y_true, y_pred)
        _, height, width, num_classes = y_pred.shape
        stride = max(1, round(math.sqrt(height * width / self.pixels)))
        place = _place(y_true, stride)
        truth = _on_grid(y_true[..., None], stride, place)[:, 0]  # (P)
        probabilities = ops.transpose(ops.softmax(_on_grid(y_pred, stride, place)))  # (C, P)
        classes = ops.arange(num_classes, dtype=truth.dtype)[:, None]
        true = ops.cast(truth == classes, probabilities.dtype)
        errors = ops.cast(truth != IGNORE, true.dtype) * ops.abs(true - probabilities)
        order = ops.argsort(-errors, axis=1)
        # By how much 1 - IoU grows with each further wrong pixel, the worst first.
        count = ops.sum(true, axis=1, keepdims=True)
        hits = count - ops.cumsum(ops.take_along_axis(true, order, axis=1), axis=1)
        distance = 1 - hits / (hits + ops.cumsum(ops.ones_like(true[:1]), axis=1))
        growth = distance - ops.pad(distance[:, :-1], ((0, 0), (1, 0)))
        losses = ops.sum(ops.take_along_axis(errors, order, axis=1) * growth, axis=1)
        present = ops.cast(count[:, 0] > 0, true.dtype)
        return ops.sum(present * losses) / ops.maximum(ops.sum(present), 1)

    def get_config(self):
        return {"pixels": self.pixels, "name": self.name}


def _place(labels, stride: int):
    """Row and column from 0 to stride - 1: as good as random, but the same for the same labels.

    So a training that was interrupted continues as it would have gone on.
    """
    total = ops.sum(ops.cast(labels, "int32"))
    return total % stride, total // stride % stride


def _on_grid(values, stride: int, place):
    """(B, H, W, C) -> (P, C), every stride-th place from there on; incomplete blocks do not count."""
    _, height, width, channels = values.shape
    rows = ops.arange(height // stride) * stride + place[0]
    columns = ops.arange(width // stride) * stride + place[1]
    within = ops.reshape(rows[:, None] * width + columns, (-1,))  # an image's pixels, row by row
    images = ops.arange(ops.shape(values)[0])[:, None] * (height * width)
    # One gather of rows: its gradient is far cheaper than that of a take along each axis.
    return ops.take(ops.reshape(values, (-1, channels)), ops.reshape(images + within, (-1,)), axis=0)


@keras.saving.register_keras_serializable("roadseg")
class CrossEntropyAndLovasz(keras.losses.Loss):
    """cross_entropy + lovasz_weight * LovaszSoftmax."""

    def __init__(
        self,
        cross_entropy: CrossEntropy,
        lovasz_weight: float,
        name: str = "cross_entropy_and_lovasz",
    ):
        super().__init__(name=name, reduction=None)
        self.cross_entropy = cross_entropy
        self.lovasz = LovaszSoftmax()
        self.lovasz_weight = lovasz_weight

    def call(self, y_true, y_pred):
        """Class ids (B, H, W) or (B, H, W, 1), IGNORE allowed, and logits (B, H, W, C) -> a scalar."""
        return self.cross_entropy(y_true, y_pred) + self.lovasz_weight * self.lovasz(y_true, y_pred)

    def get_config(self):
        cross_entropy = keras.saving.serialize_keras_object(self.cross_entropy)
        return {
            "cross_entropy": cross_entropy,
            "lovasz_weight": self.lovasz_weight,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        cross_entropy = keras.saving.deserialize_keras_object(config["cross_entropy"])
        return cls(**config | {"cross_entropy": cross_entropy})


def median_frequency_weights(pixels: np.ndarray, power: float = 1.0) -> np.ndarray:
    """float64 (C): (median frequency / frequency) ** power of each class.

    After Eigen and Fergus 2015, arXiv 1411.4734. Their frequency counts only the frames in which the
    class occurs; this one counts all frames, so that a class of few frames weighs more.
    pixels: int (C), how often each class occurs; absent ones get weight 1. power: 0.5 is milder.
    """
    present = pixels > 0
    weights = np.ones(len(pixels))
    weights[present] = (np.median(pixels[present]) / pixels[present]) ** power
    return weights


def effective_number_weights(pixels: np.ndarray, beta: float = 1 - 1e-6) -> np.ndarray:
    """float64 (C): inverse effective number of pixels, (1 - beta) / (1 - beta ** n), with median 1.

    Cui et al. 2019, arXiv 1901.05555. pixels: int (C), how often each class occurs; absent ones get
    weight 1. beta: beyond about 1 / (1 - beta) pixels, more of them make no difference.
    """
    present = pixels > 0
    weights = np.ones(len(pixels))
    inverse = -1 / np.expm1(pixels[present] * np.log(beta))
    weights[present] = inverse / np.median(inverse)
    return weights


def rare_classes(pixels: np.ndarray, share: float = 0.02) -> np.ndarray:
    """Ids of the classes that occur, but in less than that share of the pixels; pixels: int (C)."""
    return np.flatnonzero((pixels > 0) & (pixels < share * pixels.sum()))
