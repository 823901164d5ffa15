"""Figures that compare: trials with a baseline, and honest scores with claimed ones."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from roadseg.evaluation import Evaluation
from roadseg.plots.style import COLOURS, SMALL, TEXT, WIDTH, name_rows


def differences(groups: Mapping[str, Sequence[float]], baseline: str, label: str) -> Figure:
    """Scores as differences from the baseline's mean: a dot for each seed, a bar for each group's mean.

    Args:
        groups: name -> its scores 0..1, one for each seed; drawn from top to bottom in this order.
        baseline: the group that the others are compared with.
        label: name of the score, such as "mean IoU".

    Returns:
        A figure in points (hundredths of the score).

    Raises:
        ValueError: when `baseline` is not a group, or a group has no score.
    """
    if baseline not in groups:
        raise ValueError(f"baseline {baseline!r}: one of {', '.join(groups)}")
    if empty := [name for name, scores in groups.items() if not len(scores)]:
        raise ValueError(f"no scores of {', '.join(empty)}")
    zero = np.mean(groups[baseline])
    size = WIDTH, 0.3 * len(groups) + 0.8
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    for row, (name, scores) in enumerate(groups.items()):
        points = 100 * (np.asarray(scores) - zero)
        colour = "grey" if name == baseline else COLOURS[0] if points.mean() >= 0 else COLOURS[1]
        axes.barh(row, points.mean(), 0.62, color=colour, alpha=0.35)
        axes.vlines(points.mean(), row - 0.31, row + 0.31, color=colour, linewidth=2)
        axes.plot(points, np.full(len(points), row), "o", color=colour, markersize=5)
        _annotate_mean(axes, row, points, f"mean {zero:.3f}" if name == baseline else None)
    name_rows(axes, list(groups))
    axes.axvline(0, color="black", linewidth=1)
    axes.margins(x=0.12)
    axes.set_xlabel(f"{label}: points above or below the mean of {baseline}; a dot for each seed")
    return figure


def _annotate_mean(axes: Axes, row: int, points: np.ndarray, text: str | None) -> None:
    """Beyond the outermost dot, on the side of the mean."""
    right = points.mean() >= 0
    axes.annotate(
        text or f"{points.mean():+.1f}",
        (max(points.max(), 0) if right else min(points.min(), 0), row),
        (7 if right else -7, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        fontsize=SMALL,
    )


def leakage(honest: Mapping[str, Evaluation], claimed: Mapping[str, Evaluation]) -> Figure:
    """Scores on held-out drives beside those on random frames of the training drives.

    Args:
        honest: network -> its evaluation on held-out drives.
        claimed: the same networks' evaluations on random frames.

    Returns:
        A figure with a panel for each network: pixel accuracy, mean IoU and the IoU of each class.
    """
    names = ["pixel accuracy", "mean IoU", *next(iter(honest.values())).class_names]
    size = WIDTH, 0.27 * len(names) + 1.1
    figure, panels = plt.subplots(
        1, len(honest), figsize=size, sharey=True, squeeze=False, layout="constrained"
    )
    for axes, (name, result) in zip(panels[0], honest.items(), strict=True):
        _draw_pairs(axes, _values(result), _values(claimed[name]))
        axes.set(xlim=(-0.03, 1.03), xlabel="score (of a class: IoU)")
        axes.set_title(name, fontsize=TEXT)
        name_rows(axes, names)
        axes.axhline(1.5, color="grey", linewidth=0.8)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False, fontsize=TEXT)
    return figure


def _values(result: Evaluation) -> np.ndarray:
    return np.array([result.pixel_accuracy, result.mean_iou, *result.iou])


def _draw_pairs(axes: Axes, honest: np.ndarray, claimed: np.ndarray) -> None:
    rows = np.arange(len(honest))
    axes.hlines(rows[:2], honest[:2], claimed[:2], color="grey", linewidth=3)
    axes.hlines(rows[2:], honest[2:], claimed[2:], color="grey", linewidth=1)
    parts = {"held-out drive": honest, "random frames": claimed}
    for order, (name, values) in enumerate(parts.items()):
        axes.plot(values, rows, "o", color=COLOURS[order], label=name)
        other = (claimed, honest)[order]
        for row in np.flatnonzero(np.isnan(values)):
            x = 0.55 if np.nan_to_num(other[row], nan=1 - order) < 0.5 else 0.02  # away from its dot
            text = f"absent: {name}"
            axes.text(x, row, text, va="center", fontsize=SMALL, color=COLOURS[order])
