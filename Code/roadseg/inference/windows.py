"""Overlapping windows over a length, of which each answers for its own core."""

import itertools
from dataclasses import dataclass

import numpy as np


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
