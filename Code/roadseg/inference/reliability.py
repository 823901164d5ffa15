"""Reliability: whether a network is right as often as its confidence says (Guo et al. 2017)."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from roadseg.data.classes import IGNORE
from roadseg.inference.segmentation import Segmentation

_BINS = 10  # of confidence, equally wide


@dataclass(frozen=True)
class Reliability:
    """Labelled pixels, sorted by the confidence of their prediction into equally wide bins from 0 to 1.

    Attributes:
        pixels: int64 (B,), how many each bin has.
        right: int64 (B,), how many of them are labelled rightly.
        confidence: float (B,), their mean; NaN in an empty bin.
    """

    pixels: np.ndarray
    right: np.ndarray
    confidence: np.ndarray

    @property
    def accuracy(self) -> np.ndarray:
        """float (B,): the share of right pixels in each bin; NaN in an empty one."""
        return _ratio(self.right, self.pixels)

    @property
    def gap(self) -> float:
        """Expected calibration error: how far confidence and accuracy differ, mean over all pixels."""
        gaps = self.pixels * abs(self.confidence - self.accuracy)
        return float(_ratio(np.nansum(gaps), self.pixels.sum()))

    def above(self, confidence: float) -> tuple[float, float]:
        """The share of the pixels whose bin begins there or higher, and how many of them are right."""
        chosen = slice(round(confidence * len(self.pixels)), None)
        pixels, right = self.pixels[chosen].sum(), self.right[chosen].sum()
        return float(_ratio(pixels, self.pixels.sum())), float(_ratio(right, pixels))


def measure_reliability(pairs: Iterable[tuple[Segmentation, np.ndarray]]) -> Reliability:
    """Compares confidence and truth over all pixels of some images.

    pairs: what the network says, and the true class ids uint8 (H, W); IGNORE where nothing counts.

    Raises:
        ValueError: a truth has another size than its image, or ids that are no class.
    """
    pixels, right, confidence = np.zeros((3, _BINS))
    for segmentation, truth in pairs:
        classes, shape = len(segmentation.class_names), segmentation.ids.shape
        counted = truth != IGNORE
        if truth.shape != shape or not np.isin(truth[counted], range(classes)).all():
            raise ValueError(
                f"truth of {truth.shape}, ids {truth.min()} to {truth.max()}, for an image of {shape} "
                f"pixels and {classes} classes: give an id for each pixel, {IGNORE} where none is known"
            )
        sure = segmentation.confidence[counted]
        bins = np.minimum((sure * _BINS).astype(np.intp), _BINS - 1)
        pixels += np.bincount(bins, minlength=_BINS)
        right += np.bincount(bins, (segmentation.ids == truth)[counted], _BINS)
        confidence += np.bincount(bins, sure, _BINS)
    return Reliability(pixels.astype(np.int64), right.astype(np.int64), _ratio(confidence, pixels))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """NaN where there is nothing."""
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
