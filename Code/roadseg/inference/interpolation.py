"""From logits at the network's scale to classes at the image's own size.

A network sees an image smaller than it is, as a whole or in overlapping windows. Its probabilities are
interpolated to the centres of the image's pixels, and the most probable class wins there.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

_BAND = 400_000  # pixels that are decided at a time, so that memory does not grow with the image


@dataclass(frozen=True)
class Span:
    """One window along one axis.

    start, stop: what the network sees.
    core_start, core_stop: what is taken from its result; the cores of all windows fill the length.
    """

    start: int
    stop: int
    core_start: int
    core_stop: int

    def points(self, small: int, full: int) -> tuple[slice, np.ndarray]:
        """Which pixels of a full-size axis the core decides, and where their centres lie in the window.

        small, full: the length of the axis at the network's scale, and in the image.
        """
        start, stop = round(self.core_start * full / small), round(self.core_stop * full / small)
        centres = (np.arange(start, stop) + 0.5) * small / full - 0.5
        return slice(start, stop), centres - self.start


def spans(length: int, window: int, overlap: int) -> list[Span]:
    """Windows that cover 0..length, evenly spaced, each overlapping the next by at least `overlap`.

    One window of the whole length where that is shorter than `window`. Borders between cores lie in the
    middle of the overlaps, where both windows see as much as possible around them.
    """
    if length <= window:
        return [Span(0, length, 0, length)]
    count = 1 + -(-(length - window) // (window - overlap))
    starts = np.linspace(0, length - window, count).round().astype(int).tolist()
    borders = [(left + window + right) // 2 for left, right in itertools.pairwise(starts)]
    return [
        Span(start, start + window, *core)
        for start, core in zip(starts, zip([0, *borders], [*borders, length], strict=True), strict=True)
    ]


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis, float32."""
    powers = np.exp(logits - confidence_of(logits)[..., None])
    return powers / _sum(powers)[..., None]


def confidence_of(probable: np.ndarray) -> np.ndarray:
    """The largest value of each pixel (..., C) -> (...); faster than `max` over few classes."""
    return np.take_along_axis(probable, probable.argmax(axis=-1)[..., None], axis=-1)[..., 0]


def entropy_of(probable: np.ndarray) -> np.ndarray:
    """Of each pixel's probabilities (..., C), in nats: 0 when certain, ln C when all are as likely."""
    return -_sum(probable * np.log(np.maximum(probable, 1e-12)))


MAPS = {"confidence": confidence_of, "entropy": entropy_of}  # name -> how it follows from probabilities


def decide(
    probable: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    ids: np.ndarray,
    maps: Mapping[str, np.ndarray],
) -> None:
    """Finds the most probable class at points between pixels, with bilinear interpolation.

    Where the four pixels around a point agree on the class, interpolating all classes cannot change it,
    so that only those near a boundary need it: a tenth of the work. Elsewhere maps are interpolated.

    Args:
        probable: (h, w, C), probabilities of the classes.
        rows, columns: (H,) and (W,), positions in pixels of `probable`; 0 is the centre of the first.
        ids: uint8 (H, W), filled with the winners.
        maps: of MAPS, those that are wanted: name -> float32 (H, W), filled.
    """
    winner = probable.argmax(axis=-1).astype(np.uint8)  # (h, w)
    coarse = {name: MAPS[name](probable) for name in maps}  # (h, w) each
    across = _neighbours(columns, probable.shape[1])
    step = max(1, _BAND // len(columns))
    for start in range(0, len(rows), step):
        band = slice(start, start + step)
        down = _neighbours(rows[band], probable.shape[0])
        (upper, lower, v), (left, right, u) = down, across
        above, below = winner[upper], winner[lower]
        ids[band] = above[:, left]
        mixed = (ids[band] != above[:, right]) | (ids[band] != below[:, left])
        y, x = np.nonzero(mixed | (ids[band] != below[:, right]))
        upper, lower, v = upper[y], lower[y], v[y, None]
        left, right, u = left[x], right[x], u[x, None]
        above = _between(probable[upper, left], probable[upper, right], u)
        below = _between(probable[lower, left], probable[lower, right], u)
        near_boundary = _between(above, below, v)  # (N, C)
        ids[band][y, x] = near_boundary.argmax(axis=-1)
        for name, values in coarse.items():
            maps[name][band] = _interpolate(values, down, across)
            maps[name][band][y, x] = MAPS[name](near_boundary)


def _neighbours(positions: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pixels before and after each position, and how near it is to the second: 0..1."""
    inside = np.clip(positions, 0, length - 1)
    before = np.floor(inside).astype(np.intp)
    after = np.minimum(before + 1, length - 1)
    return before, after, (inside - before).astype(np.float32)


def _interpolate(values: np.ndarray, down, across) -> np.ndarray:
    """(h, w) -> (H, W)."""
    (upper, lower, v), (left, right, u) = down, across
    rows = _between(values[upper], values[lower], v[:, None])
    return _between(rows[:, left], rows[:, right], u)


def _between(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    return first + (second - first) * share


def _sum(values: np.ndarray) -> np.ndarray:
    """Over the last axis; several times faster than `sum` over few classes."""
    return values @ np.ones(values.shape[-1], values.dtype)
