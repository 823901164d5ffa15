"""A trained network on frames: its predictions, and the counts of what is right and wrong."""

from collections.abc import Iterator, Sequence

import keras
import numpy as np

from roadseg.data.store import FrameStore
from roadseg.evaluation import metrics
from roadseg.evaluation.results import Evaluation


def evaluate(
    network: keras.Model,
    frames: FrameStore,
    indices: Sequence[int] | None = None,
    batch_size: int = 8,
    full_size: FrameStore | None = None,
) -> Evaluation:
    """Labels frames, and counts right and wrong pixels and boundaries over all of them.

    Args:
        network: uint8 (B, H, W, 3) -> logits (B, H, W, C).
        frames: of the network's size and classes.
        indices: positions in the store; None: all frames.
        batch_size: frames that are labelled at a time.
        full_size: the same frames at a larger size. The logits are upsampled to it (bilinear) and
            compared with its labels.

    Returns:
        The counts, from which every metric follows.

    Raises:
        ValueError: the network is for another size or other classes, or its logits are not numbers;
            `full_size` holds other frames, or a position is not in the store.
    """
    check_compatible(network, frames)
    if full_size is not None:
        _check_full_size(frames, full_size)
    count = frames.num_classes
    confusion, boundaries = np.zeros((count, count), np.int64), np.zeros((count, 4), np.int64)
    for chosen, _, labels, logits in _logits(network, frames, indices, batch_size):
        if full_size is not None:
            _, labels = full_size.read(chosen)
            logits = keras.ops.image.resize(
                logits, labels.shape[1:], interpolation="bilinear", data_format="channels_last"
            )
        predictions = _most_likely(logits)
        confusion += metrics.confusion_matrix(labels, predictions, count)
        for pair in zip(labels, predictions, strict=True):
            boundaries += metrics.boundary_counts(*pair, count)
    return Evaluation(confusion, boundaries, frames.class_names)


def confusion_matrix_of(
    network: keras.Model,
    frames: FrameStore,
    indices: Sequence[int] | None = None,
    batch_size: int = 8,
) -> np.ndarray:
    """The confusion matrix of `evaluate` alone.

    Counting boundaries takes longer than a small network's predictions, so validation does without.

    Args:
        network: uint8 (B, H, W, 3) -> logits (B, H, W, C).
        frames: of the network's size and classes.
        indices: positions in the store; None: all frames.
        batch_size: frames that are labelled at a time.

    Returns:
        int64 (C, C), in pixels; rows are the truth, columns the prediction.
    """
    confusion = np.zeros((frames.num_classes, frames.num_classes), np.int64)
    for _, labels, predictions in predict(network, frames, indices, batch_size):
        confusion += metrics.confusion_matrix(labels, predictions, frames.num_classes)
    return confusion


def predict(
    network: keras.Model,
    frames: FrameStore,
    indices: Sequence[int] | None = None,
    batch_size: int = 8,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Labels frames, batch by batch.

    Args:
        network: uint8 (B, H, W, 3) -> logits (B, H, W, C).
        frames: of the network's size.
        indices: positions in the store; None: all frames.
        batch_size: frames that are labelled at a time.

    Yields:
        Images uint8 (B, H, W, 3), true class ids uint8 (B, H, W) and predicted ones uint8 (B, H, W).
    """
    for _, images, labels, logits in _logits(network, frames, indices, batch_size):
        yield images, labels, _most_likely(logits)


def frame_scores(network: keras.Model, frames: FrameStore, indices: Sequence[int]) -> np.ndarray:
    """float64 (N): the mean IoU of each frame by itself; NaN for a frame without labels."""
    return np.array(
        [
            metrics.mean_iou(metrics.confusion_matrix(truth, predicted, frames.num_classes))
            for _, labels, predictions in predict(network, frames, indices)
            for truth, predicted in zip(labels, predictions, strict=True)
        ]
    )


def ranked_frames(network: keras.Model, frames: FrameStore, indices: Sequence[int]) -> list[int]:
    """The positions from the best to the worst of `frame_scores`; frames without labels are left out."""
    scores = frame_scores(network, frames, indices)
    return [int(indices[place]) for place in np.argsort(-scores) if not np.isnan(scores[place])]


def check_compatible(network: keras.Model, frames: FrameStore) -> None:
    """Raises ValueError unless the network takes images of the frames' size and has their classes."""
    taken = zip(network.input_shape[1:], frames.image_shape, strict=True)
    if any(length not in (None, other) for length, other in taken):
        raise ValueError(
            f"the network takes images {network.input_shape[1:]}, but those of {frames.path} are "
            f"{frames.image_shape}; build it with image_shape=frames.image_shape"
        )
    if network.output_shape[-1] != frames.num_classes:
        raise ValueError(
            f"the network has {network.output_shape[-1]} classes, but {frames.path} has "
            f"{frames.num_classes}: {', '.join(frames.class_names)}"
        )


def _check_full_size(frames: FrameStore, full_size: FrameStore) -> None:
    """Raises ValueError unless both hold the same frames, uncropped."""
    if _names(full_size) != _names(frames) or full_size.class_names != frames.class_names:
        raise ValueError(f"{full_size.path} has other frames or classes than {frames.path}")
    height, width = frames.image_shape[:2]
    full_height, full_width = full_size.image_shape[:2]
    if full_height < height or full_height * width != full_width * height:
        raise ValueError(
            f"{full_size.path}: {full_width} x {full_height} pixels are not a larger size of the "
            f"{width} x {height} of {frames.path}"
        )


def _names(frames: FrameStore) -> list[tuple[str, int]]:
    return list(zip(frames.sequence, frames.index.tolist(), strict=True))


def _logits(
    network: keras.Model, frames: FrameStore, indices: Sequence[int] | None, batch_size: int
) -> Iterator[tuple[Sequence[int], np.ndarray, np.ndarray, np.ndarray]]:
    """Batch by batch: positions, images, true class ids, logits."""
    if batch_size < 1:
        raise ValueError(f"batch_size={batch_size}: at least 1 frame is labelled at a time")
    indices = range(len(frames)) if indices is None else indices
    for start in range(0, len(indices), batch_size):
        chosen = indices[start : start + batch_size]
        images, labels = frames.read(chosen)
        logits = network.predict_on_batch(images)
        if np.isnan(logits.min()):  # argmax would take NaN for the most likely
            raise ValueError(f"the logits of {network.name} are not numbers; its weights are spoilt")
        yield chosen, images, labels, logits


def _most_likely(logits) -> np.ndarray:
    return np.argmax(logits, axis=-1).astype(np.uint8)
