"""Metrics, all computed from counts over the whole set: confusion matrix and boundary pixels.

Policy for absent classes: a class without a single pixel in truth and prediction has no score (NaN) and
is left out of the mean. One that is predicted but never true has score 0 and counts. The same holds for
boundary pixels: a class that fills every image has no boundary.
"""

import keras
import numpy as np
from keras import ops
from scipy.ndimage import maximum_filter

from roadseg.data.classes import IGNORE
from roadseg.evaluation.class_ids import checked_pair

BOUNDARY_TOLERANCE = 2  # pixels


def confusion_matrix(
    labels: np.ndarray, predictions: np.ndarray, num_classes: int, ignore: int = IGNORE
) -> np.ndarray:
    """Counts the pixels of every pair of true and predicted class.

    Args:
        labels: true class ids, integers of any shape; a last axis of length 1 is dropped.
        predictions: predicted class ids of the same shape.
        num_classes: C.
        ignore: pixels with this label are not counted.

    Returns:
        int64 (C, C), in pixels; rows are the truth, columns the prediction.

    Raises:
        ValueError: the shapes differ, or a number is not an integer from 0 to C-1.
    """
    labels, predictions = checked_pair(labels, predictions, num_classes, ignore)
    counted = labels != ignore
    truth = labels[counted].astype(np.int64)
    predicted = predictions[counted].astype(np.int64)
    pairs = np.bincount(truth * num_classes + predicted, minlength=num_classes**2)
    return pairs.reshape(num_classes, num_classes)


def boundary_counts(
    labels: np.ndarray,
    predictions: np.ndarray,
    num_classes: int,
    tolerance: int = BOUNDARY_TOLERANCE,
    ignore: int = IGNORE,
) -> np.ndarray:
    """Counts the boundary pixels of each class.

    A pixel lies on the boundary of its class when one of its four neighbours has another class. A true
    one is found, and a predicted one is right, when the other label image has that class's boundary at
    most `tolerance` rows and columns away.

    Args:
        labels: true class ids (H, W), integers.
        predictions: predicted class ids (H, W).
        num_classes: C.
        tolerance: in pixels.
        ignore: pixels with this label have no boundary in either.

    Returns:
        int64 (C, 4): boundary pixels that are true, found of those, predicted, right of those.

    Raises:
        ValueError: the shapes differ, or a number is not an integer from 0 to C-1.
    """
    labels, predictions = checked_pair(labels, predictions, num_classes, ignore)
    if labels.ndim != 2:
        raise ValueError(f"labels {labels.shape}: the boundaries of one image (H, W) are counted")
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
    NaN for a class without a boundary in truth and prediction.
    """
    true, found, predicted, right = np.asarray(counts, np.float64).T
    recall, precision = (np.nan_to_num(_ratio(*pair)) for pair in ((found, true), (right, predicted)))
    score = np.nan_to_num(_ratio(2 * precision * recall, precision + recall))
    return np.where(true + predicted > 0, score, np.nan)


def mean_boundary_f_score(counts: np.ndarray) -> float:
    """Mean of `boundary_f_scores` over the classes that have a boundary in truth or prediction."""
    return _mean(boundary_f_scores(counts))


def pixel_accuracy(confusion: np.ndarray) -> float:
    """The share of labelled pixels that are right."""
    return float(_ratio(np.trace(confusion), confusion.sum()))


def class_shares(confusion: np.ndarray) -> np.ndarray:
    """float64 (C): the share of each class in the labelled pixels."""
    return _ratio(confusion.sum(axis=1), confusion.sum())


def class_accuracy(confusion: np.ndarray) -> np.ndarray:
    """float64 (C): the share of each class's true pixels that are found; NaN for a class never true."""
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
    """Mean of `iou`, weighted with `class_shares`."""
    return float(np.sum(class_shares(confusion) * np.nan_to_num(iou(confusion))))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, NaN where the whole is 0."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


def _mean(values: np.ndarray) -> float:
    present = values[~np.isnan(values)]
    return float(present.mean()) if present.size else float("nan")


def original_mean_iou(labels: np.ndarray, logits: np.ndarray) -> float:
    """What the original repository printed as "mean IoU"; only to explain its error.

    labels: class ids (B, H, W); logits: float (B, H, W, C). The metric expects class ids, but got
    one-hot labels and softmax outputs. It casts both to integers, which turns every probability below 1
    into 0: a network that is never certain scores (C - 1) / (2 C), whatever it predicts.
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
