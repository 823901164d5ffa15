"""Figures of merit, all derived from counts over the whole set: confusion matrix, boundary pixels.

Policy for absent classes: a class without a single pixel in truth and prediction has no score (NaN) and
is left out of the mean; one that is predicted but never true has score 0 and counts. For boundaries the
same holds of boundary pixels: a class that fills every picture has no boundary.
"""

import keras
import numpy as np
from keras import ops
from scipy.ndimage import maximum_filter

from roadseg.data.classes import IGNORE

BOUNDARY_TOLERANCE = 2  # pixels


def confusion_matrix(
    labels: np.ndarray, predictions: np.ndarray, num_classes: int, ignore: int = IGNORE
) -> np.ndarray:
    """int64 (C, C): rows are the truth, columns the prediction, entries are pixels.

    labels, predictions: integer class ids of one shape; labels equal to `ignore` are not counted.
    Raises ValueError for any other id outside 0..C-1.
    """
    labels, predictions = _checked(labels, predictions, num_classes, ignore)
    counted = labels != ignore
    truth = labels[counted].astype(np.int64)
    predicted = predictions[counted].astype(np.int64)
    pairs = np.bincount(truth * num_classes + predicted, minlength=num_classes**2)
    return pairs.reshape(num_classes, num_classes)


def _checked(labels, predictions, num_classes: int, ignore: int) -> tuple[np.ndarray, np.ndarray]:
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape != predictions.shape:
        raise ValueError(f"labels {labels.shape} and predictions {predictions.shape} differ")
    counted = labels != ignore
    for name, ids in (("label", labels[counted]), ("prediction", predictions[counted])):
        if ids.size and not 0 <= ids.min() <= ids.max() < num_classes:
            raise ValueError(f"{name} ids {ids.min()}..{ids.max()}, but {num_classes} classes")
    return labels, predictions


def boundary_counts(
    labels: np.ndarray,
    predictions: np.ndarray,
    num_classes: int,
    tolerance: int = BOUNDARY_TOLERANCE,
    ignore: int = IGNORE,
) -> np.ndarray:
    """int64 (C, 4): boundary pixels of each class: true, found of those, predicted, right of those.

    labels, predictions: integer class ids (H, W); where labels equal `ignore`, neither has a boundary.
    A pixel lies on its class's boundary when one of its four neighbours is of another class. It is
    found, or right, when the other picture has that class's boundary at most `tolerance` pixels away in
    each direction. Raises ValueError for any other id outside 0..C-1.
    """
    labels, predictions = _checked(labels, predictions, num_classes, ignore)
    known = labels != ignore
    truth, predicted = (_boundaries(ids, known, num_classes) for ids in (labels, predictions))
    size = (1, 2 * tolerance + 1, 2 * tolerance + 1)
    pairs = []
    for edge, other in ((truth, predicted), (predicted, truth)):
        met = edge & maximum_filter(other, size, mode="constant")
        pairs += [edge.sum((1, 2)), met.sum((1, 2))]
    return np.stack(pairs, axis=1).astype(np.int64)


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
    NaN for a class without boundary in both.
    """
    true, found, predicted, right = np.asarray(counts, np.float64).T
    recall, precision = (np.nan_to_num(_ratio(*pair)) for pair in ((found, true), (right, predicted)))
    score = np.nan_to_num(_ratio(2 * precision * recall, precision + recall))
    return np.where(true + predicted > 0, score, np.nan)


def mean_boundary_f_score(counts: np.ndarray) -> float:
    """Mean of `boundary_f_scores` over the classes that have a boundary in truth or prediction."""
    return _mean(boundary_f_scores(counts))


def pixel_accuracy(confusion: np.ndarray) -> float:
    """Share of the labelled pixels that are right."""
    return float(_ratio(np.trace(confusion), confusion.sum()))


def class_accuracy(confusion: np.ndarray) -> np.ndarray:
    """float64 (C): share of each class's true pixels that are found; NaN for a class never true."""
    return _ratio(np.diag(confusion), confusion.sum(axis=1))


def iou(confusion: np.ndarray) -> np.ndarray:
    """float64 (C): intersection over union of each class; NaN for an absent class."""
    hits = np.diag(confusion)
    return _ratio(hits, confusion.sum(axis=0) + confusion.sum(axis=1) - hits)


def mean_iou(confusion: np.ndarray) -> float:
    """Mean of `iou` over the classes that occur in truth or prediction."""
    return _mean(iou(confusion))


def mean_class_accuracy(confusion: np.ndarray) -> float:
    """Mean of `class_accuracy` over the classes that occur in the truth."""
    return _mean(class_accuracy(confusion))


def frequency_weighted_iou(confusion: np.ndarray) -> float:
    """Mean of `iou` weighted with each class's share of the true pixels."""
    frequency = _ratio(confusion.sum(axis=1), confusion.sum())
    return float(np.sum(frequency * np.nan_to_num(iou(confusion))))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, NaN where there is nothing to share out."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


def _mean(values: np.ndarray) -> float:
    present = values[~np.isnan(values)]
    return float(present.mean()) if present.size else float("nan")


def original_mean_iou(labels: np.ndarray, logits: np.ndarray) -> float:
    """What the original repository printed as "mean IoU"; shown only to explain it.

    labels: class ids (B, H, W); logits: float (B, H, W, C). Its metric expects class ids but was given
    one-hot labels and softmax outputs. Cast to integers, every probability below 1 becomes 0, so that
    an unsure network gets (C - 1) / (2 C), whatever it predicts.
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


class RunningScores(keras.metrics.Metric):
    """Pixel accuracy and mean IoU of an epoch so far, for the progress of a training.

    They follow the weights as they change; `evaluation.evaluate` gives the figures to report.
    every: rows and columns between the pixels that are counted; counting all of them takes a noticeable
        part of a small network's training time.
    """

    def __init__(self, num_classes: int, every: int = 4, name: str = "running_scores", **options):
        super().__init__(name=name, **options)
        self.num_classes = num_classes
        self.every = every
        self.confusion = self.add_variable(
            (num_classes, num_classes), initializer="zeros", name="confusion", dtype="int32"
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        """y_true: class ids (B, H, W); y_pred: logits (B, H, W, C)."""
        y_true, y_pred = (y[:, :: self.every, :: self.every] for y in (y_true, y_pred))
        truth = ops.cast(ops.reshape(y_true, (-1,)), "int32")
        predicted = ops.cast(ops.reshape(ops.argmax(y_pred, axis=-1), (-1,)), "int32")
        # Ignored pixels are counted in one more bin, which is cut off. A sum over segments, because
        # JAX compiles no bincount of unknown length.
        bins = self.num_classes**2
        pair = ops.where(truth == IGNORE, bins, truth * self.num_classes + predicted)
        pairs = ops.segment_sum(ops.ones_like(pair), pair, num_segments=bins + 1)[:bins]
        self.confusion.assign_add(ops.reshape(pairs, (self.num_classes, self.num_classes)))

    def result(self):
        confusion = ops.cast(self.confusion, "float32")
        hits = ops.diagonal(confusion)
        union = ops.sum(confusion, axis=0) + ops.sum(confusion, axis=1) - hits
        present = ops.cast(union > 0, "float32")
        return {
            "accuracy": ops.sum(hits) / ops.maximum(ops.sum(confusion), 1),
            "mean_iou": ops.sum(hits / ops.maximum(union, 1)) / ops.maximum(ops.sum(present), 1),
        }
