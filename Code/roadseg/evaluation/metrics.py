"""Metrics, all computed from counts over the whole set: confusion matrix and boundary pixels.

`RunningScores` counts while a network trains.

Policy for absent classes: a class without a single pixel in truth and prediction has no score (NaN) and
is left out of the mean. One that is predicted but never true has score 0 and counts. The same holds for
boundary pixels: a class that fills every image has no boundary.
"""

import keras
import numpy as np
from keras import ops

from roadseg.data.classes import IGNORE

BOUNDARY_TOLERANCE = 2  # pixels


def confusion_matrix(labels: np.ndarray, predictions: np.ndarray, num_classes: int) -> np.ndarray:
    """Counts the pixels of every pair of true and predicted class.

    labels, predictions: true and predicted class ids, integers of the same shape, one of which may have
    one more axis of length 1; pixels with IGNORE in `labels` are not counted. num_classes: C.

    Returns int64 (C, C), in pixels: rows are the truth, columns the prediction. Raises ValueError where
    the shapes differ, or a number is not an integer from 0 to C-1.
    """
    labels, predictions = _checked(labels, predictions, num_classes)
    counted = labels != IGNORE
    truth, predicted = labels[counted].astype(np.int64), predictions[counted].astype(np.int64)
    pairs = np.bincount(truth * num_classes + predicted, minlength=num_classes**2)
    return pairs.reshape(num_classes, num_classes)


def boundary_counts(labels: np.ndarray, predictions: np.ndarray, num_classes: int) -> np.ndarray:
    """Counts the boundary pixels of each class.

    A pixel lies on the boundary of its class when one of its four neighbours has another class. A true
    one is found, and a predicted one is right, when the other label image has that class's boundary at
    most BOUNDARY_TOLERANCE rows and columns away. Pixels with IGNORE have no boundary in either.

    labels, predictions, num_classes and errors: as for `confusion_matrix`, with shape (..., H, W).

    Returns:
        int64 (C, 4), summed over the images: boundary pixels that are true, found of those, predicted,
        right of those.
    """
    labels, predictions = _checked(labels, predictions, num_classes)
    counts = np.zeros((num_classes, 4), np.int64)
    for pair in zip(*(ids.reshape(-1, *ids.shape[-2:]) for ids in (labels, predictions)), strict=True):
        truth, predicted = (_boundaries(ids, pair[0] != IGNORE, num_classes) for ids in pair)
        for column, edge, other in ((0, truth, predicted), (2, predicted, truth)):
            counts[:, column] += edge.sum((1, 2))
            counts[:, column + 1] += (edge & _widened(other)).sum((1, 2))
    return counts


def _widened(masks: np.ndarray) -> np.ndarray:
    """bool (C, H, W): true where a mask is, or up to BOUNDARY_TOLERANCE rows and columns from there."""
    for axis in (1, 2):
        grown = masks.copy()
        source, target = np.moveaxis(masks, axis, 0), np.moveaxis(grown, axis, 0)  # views
        for shift in range(1, BOUNDARY_TOLERANCE + 1):
            target[shift:] |= source[:-shift]
            target[:-shift] |= source[shift:]
        masks = grown
    return masks


def _checked(labels, predictions, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Both as integers of the same shape, without a channel axis that only one of them has."""
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape == (*predictions.shape, 1):
        labels = labels[..., 0]
    elif predictions.shape == (*labels.shape, 1):
        predictions = predictions[..., 0]
    if labels.shape != predictions.shape:
        raise ValueError(f"labels {labels.shape} and predictions {predictions.shape} differ")
    for name, ids in (("label", labels), ("prediction", predictions)):
        if not np.issubdtype(ids.dtype, np.integer):
            raise ValueError(f"{name}s are {ids.dtype}, not class ids; of logits take argmax(-1)")
        counted = ids[labels != IGNORE]
        if counted.size and not 0 <= counted.min() <= counted.max() < num_classes:
            raise ValueError(f"{name} ids {counted.min()}..{counted.max()}, but {num_classes} classes")
    return labels, predictions


def _boundaries(ids: np.ndarray, known: np.ndarray, num_classes: int) -> np.ndarray:
    """bool (C, H, W): each class's pixels that have a neighbour of another, known class."""
    edge = np.zeros(ids.shape, bool)
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        differ = (ids[one] != ids[other]) & known[one] & known[other]
        edge[one] |= differ
        edge[other] |= differ
    return edge & (ids == np.arange(num_classes)[:, None, None])


def boundary_f_scores(counts: np.ndarray) -> np.ndarray:
    """float64 (C): 2 P R / (P + R) of the boundary pixels' precision P and recall R.

    counts: sum of `boundary_counts` over the frames (Csurka et al. 2013 average over frames instead).
    NaN for a class without a boundary in truth and prediction.
    """
    true, found, predicted, right = np.asarray(counts, np.float64).T
    recall, precision = np.nan_to_num(ratio(found, true)), np.nan_to_num(ratio(right, predicted))
    score = np.nan_to_num(ratio(2 * precision * recall, precision + recall))
    return np.where(true + predicted > 0, score, np.nan)


def pixel_accuracy(confusion: np.ndarray) -> float:
    """The share of labelled pixels that are right."""
    return float(ratio(np.trace(confusion), confusion.sum()))


def iou(confusion: np.ndarray) -> np.ndarray:
    """float64 (C): intersection over union of each class; NaN for an absent class."""
    hits = np.diag(confusion)
    return ratio(hits, confusion.sum(axis=0) + confusion.sum(axis=1) - hits)


def mean_iou(confusion: np.ndarray) -> float:
    """Mean of `iou` over the classes that occur in truth or prediction."""
    return mean(iou(confusion))


def frame_mean_iou(labels: np.ndarray, predictions: np.ndarray, num_classes: int) -> float:
    """Mean IoU of a single frame; NaN where it has no labels."""
    return mean_iou(confusion_matrix(labels, predictions, num_classes))


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, NaN where the whole is 0."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


def mean(scores: np.ndarray) -> float:
    """Without the scores that are NaN."""
    present = scores[~np.isnan(scores)]
    return float(present.mean()) if present.size else float("nan")


def original_mean_iou(labels: np.ndarray, logits: np.ndarray) -> float:
    """What the original repository printed as "mean IoU"; only to explain its error.

    The metric expects class ids, but got one-hot labels and softmax outputs. It casts both to integers,
    which turns every probability below 1 into 0: a network that is never certain scores
    (C - 1) / (2 C), whatever it predicts. labels: class ids (B, H, W); logits: float (B, H, W, C).
    """
    num_classes = logits.shape[-1]
    metric = keras.metrics.MeanIoU(num_classes)
    known = np.where(labels == IGNORE, 0, labels)
    metric.update_state(
        ops.one_hot(known, num_classes),
        ops.softmax(logits),
        sample_weight=np.repeat((labels != IGNORE)[..., None], num_classes, axis=-1),
    )
    return float(metric.result())


def ids_for(y_true, y_pred):
    """y_true (B, H, W) as it belongs to logits y_pred (B, H, W, C), without a channel axis of length 1.

    Raises ValueError for any other shape.
    """
    if getattr(y_true.shape, "rank", 0) is None:  # a graph of TensorFlow for labels of several shapes
        return ops.reshape(y_true, ops.shape(y_pred)[:-1])
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, axis=-1)
    pairs = zip(y_true.shape, y_pred.shape[:-1], strict=False)
    if len(y_true.shape) != len(y_pred.shape) - 1 or any(m != n for m, n in pairs if m and n):
        raise ValueError(
            f"labels {tuple(y_true.shape)} do not belong to logits {tuple(y_pred.shape)}: class ids "
            "(B, H, W) and logits (B, H, W, C) are expected"
        )
    return y_true


@keras.saving.register_keras_serializable("roadseg")
class RunningScores(keras.metrics.Metric):
    """Pixel accuracy and mean IoU of the batches since the last reset.

    The weights change from batch to batch: `evaluation.evaluate` gives the metrics to report.
    """

    def __init__(self, num_classes: int, stride: int = 4, name: str = "running_scores", **options):
        """stride: counts every n-th pixel of every n-th row; counting all takes a noticeable part of a
        small network's training time. options: of keras.metrics.Metric."""
        super().__init__(name=name, **options)
        self.num_classes = num_classes
        self.stride = stride
        self.confusion = self.add_variable(
            (num_classes, num_classes), initializer="zeros", name="confusion", dtype="int32"
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        """y_true: class ids (B, H, W), IGNORE allowed; y_pred: logits (B, H, W, C)."""
        y_true = ids_for(y_true, y_pred)[:, :: self.stride, :: self.stride]
        y_pred = y_pred[:, :: self.stride, :: self.stride]
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
