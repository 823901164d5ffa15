"""Figures of metrics: per class, confused classes, and how they change during a training."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from roadseg.data.splits import Split
from roadseg.data.store import FrameStore
from roadseg.evaluation import Evaluation
from roadseg.plots.style import COLOURS, SMALL, TEXT, WIDTH, bars, legend_above, name_rows

_CURVES = {"loss": "loss (training)", "accuracy": "pixel accuracy", "mean_iou": "mean IoU"}


class HasHistory(Protocol):
    """Anything with the history of a training, such as a training.Run."""

    history: Mapping[str, Sequence[float]]


def class_shares(frames: FrameStore, split: Split) -> Figure:
    """Each class's share of the labelled pixels in both parts of a split."""
    figure, axes = plt.subplots(figsize=(WIDTH, 0.27 * frames.num_classes + 0.8), layout="constrained")
    axes.set(xscale="log", xlabel="share of the labelled pixels, % (logarithmic)")
    parts = {"train": split.train, "validation": split.validation}
    for order, (name, indices) in enumerate(parts.items()):
        pixels = frames.class_pixels(indices)
        values = np.where(pixels > 0, 100 * pixels / pixels.sum(), np.nan)
        places = np.arange(len(values)) + 0.4 * order - 0.2
        axes.plot(values, places, "o", color=COLOURS[order], label=name)
        style = {"va": "center", "fontsize": SMALL, "color": COLOURS[order]}
        for value, place in zip(values, places, strict=True):
            if value > 0:
                axes.annotate(
                    f"{value:.2g}", (value, place), (7, 0), textcoords="offset points", **style
                )
            else:
                axes.text(0.01, place, "absent", transform=axes.get_yaxis_transform(), **style)
    name_rows(axes, frames.class_names)
    axes.margins(x=0.1)
    axes.xaxis.set_major_formatter("{x:g}")
    legend_above(axes)
    return figure


def learning_curves(runs: Mapping[str, HasHistory], against: str = "epoch") -> Figure:
    """Loss, pixel accuracy and mean IoU during trainings: solid validation, dashed training.

    against: "epoch", or "minutes" to compare trainings whose epochs differ in length.
    """
    figure, panels = plt.subplots(1, 3, figsize=(WIDTH, 3.2), layout="constrained")
    for axes, (column, title) in zip(panels, _CURVES.items(), strict=True):
        for order, (name, run) in enumerate(runs.items()):
            draw_curve(axes, run, column, name, COLOURS[order % len(COLOURS)], against)
        axes.set(title=title, xlabel=against)
        if column != "loss":
            axes.set_ylim(0, 1)
    handles, labels = panels[1].get_legend_handles_labels()
    width = 0.6 + 0.085 * max(map(len, labels))  # inches
    columns = next((count for count in (4, 2) if count * width <= WIDTH), 1)
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False)
    return figure


def draw_curve(
    axes: Axes, run: HasHistory, column: str, name: str, colour: str, against: str = "epoch"
) -> None:
    """One metric of one training; it has points where few epochs were validated.

    Args:
        axes: where to draw.
        run: the training.
        column: "loss", "accuracy" or "mean_iou".
        name: what the legend calls the training.
        colour: of both lines.
        against: "epoch" or "minutes".
    """
    minutes = np.cumsum(run.history["seconds"]) / 60
    x = minutes if against == "minutes" else np.array(run.history["epoch"])
    axes.plot(x, run.history[column], "--", color=colour, label=f"{name}, training")
    validated = np.array(run.history.get(f"validation_{column}", []))
    there = ~np.isnan(validated)
    if there.any():
        marker = "o" if there.sum() < 30 else None
        axes.plot(
            x[there], validated[there], color=colour, marker=marker, markersize=4,
            label=f"{name}, validation",
        )  # fmt: skip
    axes.grid(alpha=0.3)
    axes.xaxis.get_major_locator().set_params(integer=against == "epoch")


def per_class_iou(results: Mapping[str, Evaluation]) -> Figure:
    """IoU of every class, and the mean, of one or more networks; an absent class says so."""
    return scores(
        {
            name: dict(zip((*each.class_names, "mean"), (*each.iou, each.mean_iou), strict=True))
            for name, each in results.items()
        },
        "IoU",
    )


def scores(
    groups: Mapping[str, Mapping[str, float]], label: str, reference: str | None = None
) -> Figure:
    """Bars of scores 0..1.

    Args:
        groups: group -> name -> score; all groups have the same names, NaN counts as absent.
        label: name of the score.
        reference: the name whose scores the others are compared with, by a line across the figure.
    """
    names = list(next(iter(groups.values())))
    height = (0.06 + 0.13 * len(groups)) * len(names) + 0.8
    figure, axes = plt.subplots(figsize=(WIDTH, height), layout="constrained")
    values = {group: np.array([each[name] for name in names]) for group, each in groups.items()}
    bars(axes, values, names)
    axes.set(xlim=(0, 1), xlabel=label)
    if reference is not None:
        for order, group in enumerate(groups.values()):
            axes.axvline(group[reference], color=COLOURS[order], linestyle=":", zorder=0)
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
    for place, axes in enumerate(grid.flat):
        if place >= len(results):
            axes.set_axis_off()
            continue
        name = list(results)[place]
        _draw_confusion(axes, results[name], SMALL if cell > 0.3 else 8)
        axes.set_title(name, fontsize=TEXT)
        if place % columns:
            axes.set_yticklabels([])
        else:
            axes.set_ylabel("ground truth")
    figure.supxlabel("prediction, % of the true pixels of each class", fontsize=TEXT)
    return figure


def _draw_confusion(axes: Axes, result: Evaluation, size: float) -> None:
    truth = result.confusion.sum(axis=1, keepdims=True)
    percent = 100 * result.confusion / np.maximum(truth, 1)
    axes.imshow(percent, cmap="Blues", vmin=0, vmax=100)
    for row, column in zip(*np.nonzero(percent >= 0.5), strict=True):
        value = percent[row, column]
        colour = "white" if value > 60 else "black"
        axes.text(column, row, f"{value:.0f}", ha="center", va="center", color=colour, fontsize=size)
    for row in range(len(percent)):
        corner = row - 0.5, row - 0.5
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=COLOURS[1], zorder=2))
    for row in np.flatnonzero(truth == 0):
        axes.axhspan(row - 0.5, row + 0.5, color="#EEEEEE", zorder=1)
        middle = (len(percent) - 1) / 2
        axes.text(middle, row, "absent", ha="center", va="center", fontsize=size, fontstyle="italic")
    ticks = range(len(percent))
    axes.set_xticks(
        ticks, result.class_names, rotation=60, ha="right", rotation_mode="anchor", fontsize=SMALL
    )
    axes.set_yticks(ticks, result.class_names, fontsize=SMALL)
