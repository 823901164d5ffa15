"""What every metric and loss asks of its input: class ids, and nothing that only looks like them."""

import numpy as np
from keras import ops

from roadseg.data.classes import IGNORE


def checked_pair(
    labels: np.ndarray, predictions: np.ndarray, num_classes: int, ignore: int = IGNORE
) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays of the same shape, without a channel axis that only one of them has.

    Raises ValueError when the shapes differ, a number is not an integer (probabilities are no ids), or
    an id is outside 0..num_classes-1; labels may be `ignore`.
    """
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape == (*predictions.shape, 1):
        labels = labels[..., 0]
    elif predictions.shape == (*labels.shape, 1):
        predictions = predictions[..., 0]
    if labels.shape != predictions.shape:
        raise ValueError(f"labels {labels.shape} and predictions {predictions.shape} differ")
    for name, ids in (("labels", labels), ("predictions", predictions)):
        if not np.issubdtype(ids.dtype, np.integer):
            raise ValueError(
                f"{name} are {ids.dtype}, not class ids; of probabilities or logits take argmax(-1)"
            )
    counted = labels != ignore
    for name, ids in (("label", labels[counted]), ("prediction", predictions[counted])):
        if ids.size and not 0 <= ids.min() <= ids.max() < num_classes:
            raise ValueError(f"{name} ids {ids.min()}..{ids.max()}, but {num_classes} classes")
    return labels, predictions


def ids_for(y_true, y_pred):
    """y_true (B, H, W) as it belongs to logits y_pred (B, H, W, C), without a channel axis of length 1.

    Raises ValueError for any other shape, and for ids outside the classes. The ids are not looked at
    in a compiled graph: there an id outside the classes stops the cross-entropy, or makes it NaN.
    """
    if getattr(y_true.shape, "rank", 0) is None:  # a graph of TensorFlow for labels of several shapes
        return ops.reshape(y_true, ops.shape(y_pred)[:-1])
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, axis=-1)
    places = zip(y_true.shape, y_pred.shape[:-1], strict=False)
    if len(y_true.shape) != len(y_pred.shape) - 1 or any(
        None not in pair and pair[0] != pair[1] for pair in places
    ):
        raise ValueError(
            f"labels {tuple(y_true.shape)} do not belong to logits {tuple(y_pred.shape)}: class ids "
            "(B, H, W) and logits (B, H, W, C) are expected"
        )
    try:
        labels = np.asarray(y_true)
    except (NotImplementedError, TypeError, ValueError):  # what TensorFlow, JAX and Keras say in a graph
        return y_true
    _check_labels(labels, y_pred.shape[-1])
    return y_true


def _check_labels(labels: np.ndarray, num_classes: int) -> None:
    wrong = labels[(labels != IGNORE) & ~((labels >= 0) & (labels < num_classes) & (labels % 1 == 0))]
    if wrong.size:
        raise ValueError(
            f"{wrong.flat[0]} in the labels is not one of {num_classes} class ids, nor {IGNORE} for void"
        )
