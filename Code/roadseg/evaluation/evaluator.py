"""evaluate(): counts over all chosen frames, and every figure of merit from them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from roadseg.data.store import FrameStore
from roadseg.evaluation import metrics

_FIGURES = {
    "pixel accuracy": "pixel_accuracy",
    "mean class accuracy": "mean_class_accuracy",
    "mean IoU": "mean_iou",
    "frequency-weighted IoU": "frequency_weighted_iou",
    "mean boundary F-score": "mean_boundary_f_score",
}
BOUNDARIES = f"boundaries count as found within {metrics.BOUNDARY_TOLERANCE} pixels"
ABSENT_CLASSES = "a class in neither truth nor prediction has no IoU and is left out of the mean"


@dataclass(frozen=True)
class Evaluation:
    """Counts over some frames; absent classes are NaN and left out of means.

    confusion: int64 (C, C), rows truth. boundaries: int64 (C, 4), see metrics.boundary_counts.
    """

    confusion: np.ndarray
    boundaries: np.ndarray
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
    def mean_boundary_f_score(self) -> float:
        """Boundaries count as found within metrics.BOUNDARY_TOLERANCE pixels."""
        return metrics.mean_boundary_f_score(self.boundaries)

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
        figures = {name: getattr(self, name) for name in _FIGURES.values()}
        return {
            **_without_nan(figures),
            "iou": _without_nan(dict(zip(self.class_names, self.iou.tolist(), strict=True))),
            "class_accuracy": _without_nan(
                dict(zip(self.class_names, self.class_accuracy.tolist(), strict=True))
            ),
            "absent_classes": ABSENT_CLASSES,
            "confusion": self.confusion.tolist(),
            "boundaries": self.boundaries.tolist(),
        }

    def __str__(self) -> str:
        lines = [f"{name:24s}{getattr(self, figure):.3f}" for name, figure in _FIGURES.items()]
        lines += [f"({ABSENT_CLASSES}; {BOUNDARIES})", f"{'':24s}accuracy  IoU"]
        for name, *scores in zip(self.class_names, self.class_accuracy, self.iou, strict=True):
            accuracy, iou = ("absent" if np.isnan(score) else f"{score:.3f}" for score in scores)
            lines.append(f"  {name:22s}{accuracy:10s}{iou}")
        return "\n".join(lines)


def compare(results: Mapping[str, Evaluation]) -> str:
    """A table with a column for each result; rows are the figures of merit and the IoU of each class.

    Raises ValueError for results of different classes.
    """
    class_names, *others = {each.class_names for each in results.values()}
    if others:
        raise ValueError("results to compare need the same classes")
    rows = {
        name: [getattr(each, figure) for each in results.values()] for name, figure in _FIGURES.items()
    }
    scores = zip(*(each.iou for each in results.values()), strict=True)
    rows |= {f"  IoU of {name}": row for name, row in zip(class_names, scores, strict=True)}
    width = max(14, 2 + max(map(len, results)))
    lines = [f"{'':26s}" + "".join(f"{name:>{width}s}" for name in results)]
    for name, row in rows.items():
        words = ("absent" if np.isnan(score) else f"{score:.3f}" for score in row)
        lines.append(f"{name:26s}" + "".join(f"{word:>{width}s}" for word in words))
    return "\n".join([*lines, f"({ABSENT_CLASSES}", f"{BOUNDARIES})"])


def _without_nan(figures: dict[str, float]) -> dict[str, float | None]:
    return {name: None if np.isnan(value) else value for name, value in figures.items()}


def evaluate(
    network: keras.Model,
    frames: FrameStore,
    indices: Sequence[int] | None = None,
    batch_size: int = 8,
    full_size: FrameStore | None = None,
) -> Evaluation:
    """Labels the frames at these positions (None: all) and counts hits and errors, pixel by pixel.

    full_size: the same frames in a larger size; the logits are enlarged to it (bilinear) and compared
    with its labels. Raises ValueError for a network of another size or for other classes, and when
    full_size holds other frames.
    """
    check_fit(network, frames)
    if full_size is not None:
        _check_enlargement(frames, full_size)
    count = frames.num_classes
    confusion, boundaries = np.zeros((count, count), np.int64), np.zeros((count, 4), np.int64)
    for chosen, _, labels, logits in _label(network, frames, indices, batch_size):
        if full_size is not None:
            _, labels = full_size.read(chosen)
            logits = keras.ops.image.resize(logits, labels.shape[1:], interpolation="bilinear")
        predictions = _most_likely(logits)
        confusion += metrics.confusion_matrix(labels, predictions, count)
        for pair in zip(labels, predictions, strict=True):
            boundaries += metrics.boundary_counts(*pair, count)
    return Evaluation(confusion, boundaries, frames.class_names)


def _check_enlargement(frames: FrameStore, full_size: FrameStore) -> None:
    """Raises ValueError unless both hold the same frames, of which no edge was cut off."""
    if _names(full_size) != _names(frames) or full_size.class_names != frames.class_names:
        raise ValueError(f"{full_size.path} has other frames or classes than {frames.path}")
    height, width = frames.image_shape[:2]
    full_height, full_width = full_size.image_shape[:2]
    if full_height < height or full_height * width != full_width * height:
        raise ValueError(
            f"{full_size.path}: {full_width} x {full_height} pixels are no enlargement of the "
            f"{width} x {height} of {frames.path}"
        )


def _names(frames: FrameStore) -> list[tuple[str, int]]:
    return list(zip(frames.sequence, frames.index.tolist(), strict=True))


def confusion_on(
    network: keras.Model, frames: FrameStore, indices: Sequence[int], batch_size: int = 8
) -> np.ndarray:
    """int64 (C, C), rows truth: what `evaluate` counts, without boundaries, which take longer to count
    than a small network takes to label.
    """
    confusion = np.zeros((frames.num_classes,) * 2, np.int64)
    for _, labels, predictions in predict(network, frames, indices, batch_size):
        confusion += metrics.confusion_matrix(labels, predictions, frames.num_classes)
    return confusion


def predict(
    network: keras.Model,
    frames: FrameStore,
    indices: Sequence[int] | None = None,
    batch_size: int = 8,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Batch by batch: images uint8 (B, H, W, 3), labels and predicted ids uint8 (B, H, W)."""
    for _, images, labels, logits in _label(network, frames, indices, batch_size):
        yield images, labels, _most_likely(logits)


def _label(
    network: keras.Model, frames: FrameStore, indices: Sequence[int] | None, batch_size: int
) -> Iterator[tuple[Sequence[int], np.ndarray, np.ndarray, np.ndarray]]:
    """Batch by batch: positions, images, true labels, logits."""
    indices = range(len(frames)) if indices is None else indices
    for start in range(0, len(indices), batch_size):
        chosen = indices[start : start + batch_size]
        images, labels = frames.read(chosen)
        yield chosen, images, labels, network.predict_on_batch(images)


def _most_likely(logits) -> np.ndarray:
    return np.argmax(logits, axis=-1).astype(np.uint8)


def frame_scores(network: keras.Model, frames: FrameStore, indices: Sequence[int]) -> np.ndarray:
    """float64 (N): the mean IoU of each frame by itself, to find the best and the worst."""
    return np.array(
        [
            metrics.mean_iou(metrics.confusion_matrix(truth, predicted, frames.num_classes))
            for _, labels, predictions in predict(network, frames, indices)
            for truth, predicted in zip(labels, predictions, strict=True)
        ]
    )


def check_fit(network: keras.Model, frames: FrameStore) -> None:
    """Raises ValueError unless the network takes the frames' size and tells their classes apart."""
    if tuple(network.input_shape[1:]) != tuple(frames.image_shape):
        raise ValueError(
            f"the network takes images {network.input_shape[1:]}, but those of {frames.path} are "
            f"{frames.image_shape}; build it with image_shape=frames.image_shape"
        )
    if network.output_shape[-1] != frames.num_classes:
        raise ValueError(
            f"the network tells {network.output_shape[-1]} classes apart, but {frames.path} has "
            f"{frames.num_classes}: {', '.join(frames.class_names)}"
        )
