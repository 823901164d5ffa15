"""evaluate(): one confusion matrix over all chosen frames, and every figure of merit from it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from roadseg import metrics
from roadseg.store import FrameStore


@dataclass(frozen=True)
class Evaluation:
    """confusion: int64 (C, C), rows truth; absent classes are NaN and left out of means."""

    confusion: np.ndarray
    class_names: tuple[str, ...]

    @property
    def pixel_accuracy(self) -> float:
        return metrics.pixel_accuracy(self.confusion)

    @property
    def mean_class_accuracy(self) -> float:
        return metrics.mean_class_accuracy(self.confusion)

    @property
    def mean_iou(self) -> float:
        return metrics.mean_iou(self.confusion)

    @property
    def frequency_weighted_iou(self) -> float:
        return metrics.frequency_weighted_iou(self.confusion)

    @property
    def iou(self) -> np.ndarray:
        """float64 (C), NaN for an absent class."""
        return metrics.iou(self.confusion)

    @property
    def class_accuracy(self) -> np.ndarray:
        """float64 (C), NaN for a class that is never true."""
        return metrics.class_accuracy(self.confusion)

    def as_dict(self) -> dict[str, object]:
        """For JSON: NaN becomes None."""
        per_class = zip(self.class_names, self.iou.tolist(), strict=True)
        return {
            "pixel_accuracy": self.pixel_accuracy,
            "mean_class_accuracy": self.mean_class_accuracy,
            "mean_iou": self.mean_iou,
            "frequency_weighted_iou": self.frequency_weighted_iou,
            "iou": {name: None if np.isnan(value) else value for name, value in per_class},
            "confusion": self.confusion.tolist(),
        }

    def __str__(self) -> str:
        scores = [
            ("pixel accuracy", self.pixel_accuracy),
            ("mean class accuracy", self.mean_class_accuracy),
            ("mean IoU", self.mean_iou),
            ("frequency-weighted IoU", self.frequency_weighted_iou),
            *((f"  IoU {name}", value) for name, value in zip(self.class_names, self.iou, strict=True)),
        ]
        lines = (
            f"{name:24s}{'absent' if np.isnan(value) else format(value, '.3f')}"
            for name, value in scores
        )
        return "\n".join(lines)


def evaluate(
    network: keras.Model,
    frames: FrameStore,
    indices: Sequence[int] | None = None,
    batch_size: int = 8,
) -> Evaluation:
    """Labels the frames at these positions (None: all) and counts hits and errors, pixel by pixel."""
    _check_classes(network, frames)
    confusion = np.zeros((frames.num_classes, frames.num_classes), np.int64)
    for _, labels, predictions in predict(network, frames, indices, batch_size):
        confusion += metrics.confusion_matrix(labels, predictions, frames.num_classes)
    return Evaluation(confusion, frames.class_names)


def predict(
    network: keras.Model,
    frames: FrameStore,
    indices: Sequence[int] | None = None,
    batch_size: int = 8,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Batch by batch: images uint8 (B, H, W, 3), labels and predicted ids uint8 (B, H, W)."""
    indices = range(len(frames)) if indices is None else indices
    for start in range(0, len(indices), batch_size):
        images, labels = frames.read(indices[start : start + batch_size])
        logits = network.predict_on_batch(images)
        yield images, labels, np.argmax(logits, axis=-1).astype(np.uint8)


def frame_scores(network: keras.Model, frames: FrameStore, indices: Sequence[int]) -> np.ndarray:
    """float64 (N): the mean IoU of each frame by itself, to find the best and the worst."""
    return np.array(
        [
            metrics.mean_iou(metrics.confusion_matrix(truth, predicted, frames.num_classes))
            for _, labels, predictions in predict(network, frames, indices)
            for truth, predicted in zip(labels, predictions, strict=True)
        ]
    )


def _check_classes(network: keras.Model, frames: FrameStore) -> None:
    if network.output_shape[-1] != frames.num_classes:
        raise ValueError(
            f"the network tells {network.output_shape[-1]} classes apart, but {frames.path} has "
            f"{frames.num_classes}: {', '.join(frames.class_names)}"
        )
