"""Figures of metrics: per class, confused classes, trials beside a baseline, honest beside claimed."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from roadseg.evaluation import Evaluation
from roadseg.plots.style import COLOURS, SMALL, TEXT, WIDTH, halo, legend_above, name_rows


def per_class_iou(results: Mapping[str, Evaluation]) -> Figure:
    """IoU of every class, and the mean, of one or more networks; an absent class says so."""
    groups = {
        name: dict(zip((*each.class_names, "mean"), (*each.iou, each.mean_iou), strict=True))
        for name, each in results.items()
    }
    return scores(groups, "IoU")


def scores(
    groups: Mapping[str, Mapping[str, float]], label: str, reference: str | None = None
) -> Figure:
    """Bars of scores 0..1, a group of them for each name from top to bottom, each with its value.

    groups: group -> name -> score; all have the same names, NaN counts as absent. label: name of the
    score. reference: the name whose scores the others are compared with, by a line across the figure.
    """
    names = list(next(iter(groups.values())))
    height = (0.06 + 0.13 * len(groups)) * len(names) + 0.8
    figure, axes = plt.subplots(figsize=(WIDTH, height), layout="constrained")
    thickness = 0.84 / len(groups)
    for order, (group, of_group) in enumerate(groups.items()):
        values = np.array([of_group[name] for name in names])
        colour = COLOURS[order % len(COLOURS)]
        places = np.arange(len(names)) + (order - (len(groups) - 1) / 2) * thickness
        drawn = axes.barh(places, np.nan_to_num(values), thickness, color=colour, label=group)
        texts = ["absent" if np.isnan(value) else f"{value:.2f}" for value in values]
        for text in axes.bar_label(drawn, texts, padding=3, fontsize=SMALL if len(groups) < 3 else 8):
            halo(text)
        if reference is not None:
            axes.axvline(of_group[reference], color=colour, linestyle=":", zorder=0)
    name_rows(axes, names)
    axes.set(xlim=(0, 1), xlabel=label)
    legend_above(axes)
    return figure


def confusion_matrices(results: Mapping[str, Evaluation]) -> Figure:
    """Confusion matrices side by side, in percent of the true pixels of each class.

    The diagonal, where prediction and truth agree, is outlined; a class that is never true says so.
    """
    columns = min(2, len(results))
    rows = -(-len(results) // columns)
    count = len(next(iter(results.values())).class_names)
    cell = min(0.45, (WIDTH - 1.3) / (columns * count))  # inches
    size = WIDTH, rows * (cell * count + 1.55)
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for axes in grid.flat[len(results) :]:
        axes.set_axis_off()
    for place, (name, result) in enumerate(results.items()):
        axes = grid.flat[place]
        _draw_confusion(axes, result.confusion, result.class_names, SMALL if cell > 0.3 else 8)
        axes.set_title(name, fontsize=TEXT)
        if place % columns:
            axes.set_yticklabels([])
        else:
            axes.set_ylabel("ground truth")
    figure.supxlabel("prediction, % of the true pixels of each class", fontsize=TEXT)
    return figure


def _draw_confusion(axes: Axes, confusion: np.ndarray, names: Sequence[str], size: float) -> None:
    truth = confusion.sum(axis=1, keepdims=True)
    percent = 100 * confusion / np.maximum(truth, 1)
    axes.imshow(percent, cmap="Blues", vmin=0, vmax=100)
    style = {"ha": "center", "va": "center", "fontsize": size}
    for row, column in zip(*np.nonzero(percent >= 0.5), strict=True):
        value = percent[row, column]
        axes.text(column, row, f"{value:.0f}", color="white" if value > 60 else "black", **style)
    for row in range(len(names)):
        corner = row - 0.5, row - 0.5
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=COLOURS[1], zorder=2))
        if truth[row] == 0:
            axes.axhspan(row - 0.5, row + 0.5, color="#EEEEEE", zorder=1)
            axes.text((len(names) - 1) / 2, row, "absent", fontstyle="italic", **style)
    slanted = {"rotation": 60, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks(range(len(names)), names, fontsize=SMALL, **slanted)
    axes.set_yticks(range(len(names)), names, fontsize=SMALL)


def differences(groups: Mapping[str, Sequence[float]], baseline: str, label: str) -> Figure:
    """Scores as differences from the baseline's mean: a dot for each seed, a bar for each group's mean.

    They are shown in points, hundredths of the score. groups: name -> its scores 0..1, one or more.
    baseline: the group that the others are compared with. label: name of the score, such as "mean IoU".
    Raises ValueError where the baseline is not a group.
    """
    if baseline not in groups:
        raise ValueError(f"baseline {baseline!r}: one of {', '.join(groups)}")
    zero = np.mean(groups[baseline])
    size = WIDTH, 0.3 * len(groups) + 0.8
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    for row, (name, scores) in enumerate(groups.items()):
        points = 100 * (np.asarray(scores) - zero)
        colour = "grey" if name == baseline else COLOURS[0] if points.mean() >= 0 else COLOURS[1]
        axes.barh(row, points.mean(), 0.62, color=colour, alpha=0.35)
        axes.vlines(points.mean(), row - 0.31, row + 0.31, color=colour, linewidth=2)
        axes.plot(points, np.full(len(points), row), "o", color=colour, markersize=5)
        right = points.mean() >= 0  # the text stands beyond the outermost dot, on the side of the mean
        end = max(points.max(), 0) if right else min(points.min(), 0)
        shift = {"xytext": (7 if right else -7, 0), "textcoords": "offset points"}
        text = f"mean {zero:.3f}" if name == baseline else f"{points.mean():+.1f}"
        side = "left" if right else "right"
        halo(axes.annotate(text, (end, row), ha=side, va="center", fontsize=SMALL, **shift))
    name_rows(axes, list(groups))
    axes.axvline(0, color="black", linewidth=1)
    axes.margins(x=0.12)
    axes.set_xlabel(f"{label}: points above or below the mean of {baseline}; a dot for each seed")
    return figure


def leakage(honest: Mapping[str, Evaluation], claimed: Mapping[str, Evaluation]) -> Figure:
    """Scores on held-out drives (honest) beside those on random frames of the training drives (claimed).

    Both map networks to their evaluations. A panel shows the pixel accuracy of a network, its mean IoU
    and the IoU of each class.
    """
    names = ["pixel accuracy", "mean IoU", *next(iter(honest.values())).class_names]
    options = {"sharey": True, "squeeze": False, "layout": "constrained"}
    figure, panels = plt.subplots(1, len(honest), figsize=(WIDTH, 0.27 * len(names) + 1.1), **options)
    for axes, name in zip(panels[0], honest, strict=True):
        pair = [np.array([e.pixel_accuracy, e.mean_iou, *e.iou]) for e in (honest[name], claimed[name])]
        rows = np.arange(len(names))
        axes.hlines(rows, *pair, color="grey", linewidth=[3, 3] + [1] * (len(names) - 2))
        for order, kind in enumerate(("held-out drive", "random frames")):
            values, others = pair[order], pair[1 - order]
            axes.plot(values, rows, "o", color=COLOURS[order], label=kind)
            for row in np.flatnonzero(np.isnan(values)):
                on_left = np.nan_to_num(others[row], nan=1 - order) < 0.5  # the dot to keep away from
                place = 0.55 if on_left else 0.02, row
                words = {"va": "center", "fontsize": SMALL, "color": COLOURS[order]}
                halo(axes.text(*place, f"absent: {kind}", **words))
        axes.set(xlim=(-0.03, 1.03), xlabel="score (of a class: IoU)")
        axes.set_title(name, fontsize=TEXT)
        name_rows(axes, names)
        axes.axhline(1.5, color="grey", linewidth=0.8)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False, fontsize=TEXT)
    return figure
