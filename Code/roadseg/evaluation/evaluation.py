"""Evaluation: the counts over some frames, and the metrics that follow from them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from roadseg.evaluation import metrics

if TYPE_CHECKING:  # pandas comes with the extra "notebook", and training needs no tables
    import pandas as pd

_METRICS = {  # in words -> property of an Evaluation
    "pixel accuracy": "pixel_accuracy",
    "mean class accuracy": "mean_class_accuracy",
    "mean IoU": "mean_iou",
    "frequency-weighted IoU": "frequency_weighted_iou",
    "mean boundary F-score": "mean_boundary_f_score",
}
_ABSENT_CLASSES = "a class in neither truth nor prediction has no IoU and is left out of the mean"
_BOUNDARIES = f"boundaries count as found within {metrics.BOUNDARY_TOLERANCE} pixels"
_NAN = "NaN: absent class, left out of means"  # stands above the rows of tables


@dataclass(frozen=True)
class Evaluation:
    """Counts over some frames, and their metrics; absent classes are NaN and left out of means.

    Attributes:
        confusion: int64 (C, C), in pixels; rows are the truth, columns the prediction.
        boundaries: int64 (C, 4), see `metrics.boundary_counts`.
        class_names: of the C classes.
    """

    confusion: np.ndarray
    boundaries: np.ndarray
    class_names: tuple[str, ...]

    @property
    def pixel_accuracy(self) -> float:
        return metrics.pixel_accuracy(self.confusion)

    @property
    def mean_class_accuracy(self) -> float:
        return metrics.mean(self.class_accuracy)

    @property
    def mean_iou(self) -> float:
        return metrics.mean(self.iou)

    @property
    def frequency_weighted_iou(self) -> float:
        return float(np.sum(self.class_shares * np.nan_to_num(self.iou)))

    @property
    def mean_boundary_f_score(self) -> float:
        """Boundaries count as found within `metrics.BOUNDARY_TOLERANCE` pixels."""
        return metrics.mean(metrics.boundary_f_scores(self.boundaries))

    @property
    def iou(self) -> np.ndarray:
        """float64 (C), NaN for an absent class."""
        return metrics.iou(self.confusion)

    @property
    def class_accuracy(self) -> np.ndarray:
        """float64 (C): the share of each class's pixels that are found, NaN for one never true."""
        return metrics.ratio(np.diag(self.confusion), self.confusion.sum(axis=1))

    @property
    def class_shares(self) -> np.ndarray:
        """float64 (C): the share of each class in the labelled pixels."""
        return metrics.ratio(self.confusion.sum(axis=1), self.confusion.sum())

    def table(self) -> "pd.DataFrame":
        """A row a class: its share of the labelled pixels, its accuracy and its IoU."""
        import pandas as pd

        columns = {"pixel share": self.class_shares, "accuracy": self.class_accuracy, "IoU": self.iou}
        return pd.DataFrame(columns, pd.Index(self.class_names, name=_NAN))

    def as_dict(self) -> dict[str, object]:
        """For JSON: NaN becomes None."""

        def named(names: Iterable[str], values: Iterable[float]) -> dict[str, float | None]:
            pairs = zip(names, values, strict=True)
            return {name: None if np.isnan(value) else value for name, value in pairs}

        return {
            **named(_METRICS.values(), [getattr(self, name) for name in _METRICS.values()]),
            "iou": named(self.class_names, self.iou.tolist()),
            "class_accuracy": named(self.class_names, self.class_accuracy.tolist()),
            "absent_classes": _ABSENT_CLASSES,
            "confusion": self.confusion.tolist(),
            "boundaries": self.boundaries.tolist(),
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, object]) -> "Evaluation":
        """The evaluation that `as_dict` was called on; every metric is recomputed.

        Raises ValueError for anything else.
        """
        try:
            class_names = tuple(saved["iou"])
            confusion = np.array(saved["confusion"], np.int64).reshape(2 * (len(class_names),))
            boundaries = np.array(saved["boundaries"], np.int64).reshape(len(class_names), 4)
        except (TypeError, LookupError, ValueError) as error:
            raise ValueError(f"not a saved evaluation ({type(error).__name__}: {error})")
        return cls(confusion, boundaries, class_names)

    def __str__(self) -> str:
        lines = [f"{name:24s}{getattr(self, metric):.3f}" for name, metric in _METRICS.items()]
        lines += [f"({_ABSENT_CLASSES}; {_BOUNDARIES})", f"{'':24s}accuracy  IoU"]
        for name, *scores in zip(self.class_names, self.class_accuracy, self.iou, strict=True):
            accuracy, iou = ["absent" if np.isnan(score) else f"{score:.3f}" for score in scores]
            lines.append(f"  {name:22s}{accuracy:10s}{iou}")
        return "\n".join(lines)


def compare(results: Mapping[str, Evaluation]) -> "pd.DataFrame":
    """A column for each result; rows are the metrics, then the IoU of each class.

    Raises ValueError for results of different classes.
    """
    import pandas as pd

    class_names, *others = {each.class_names for each in results.values()}
    if others:
        raise ValueError("results to compare need the same classes")
    rows = [*_METRICS, *[f"IoU of {name}" for name in class_names]]
    columns = {}
    for name, each in results.items():
        columns[name] = [getattr(each, metric) for metric in _METRICS.values()] + each.iou.tolist()
    return pd.DataFrame(columns, pd.Index(rows, name=_NAN))
