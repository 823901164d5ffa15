"""Every picture that the notebooks show. Each function returns a Matplotlib figure.

Classes are painted in the data set's own colours; everything else uses the colour-blind-safe palette of
Okabe and Ito (2008).
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from roadseg.data.classes import IGNORE
from roadseg.data.splits import Split
from roadseg.data.store import FrameStore
from roadseg.evaluation import Evaluation, predict
from roadseg.plots.diagram import network_diagram

__all__ = [
    "class_shares",
    "confusion",
    "history",
    "network_diagram",
    "per_class_iou",
    "predictions",
    "samples",
    "scores",
    "variations",
]

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_RIGHT, _WRONG, _UNLABELLED = (245, 245, 245), (0, 0, 0), (222, 205, 240)  # unlike any class
_WIDTH = 12  # inches


class Trained(Protocol):
    """A training, such as a training.Run, or what was kept of one."""

    history: Mapping[str, Sequence[float]]


def paint(ids: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) of class ids (H, W); IGNORE is black."""
    table = np.zeros((256, 3), np.uint8)
    table[: len(palette)] = palette
    return table[ids]


def samples(frames: FrameStore, indices: Sequence[int]) -> Figure:
    """Pictures and their ground truth."""
    images, labels = frames.read(indices)
    columns = {
        "input": images,
        "ground truth": [paint(ids, frames.palette) for ids in labels],
    }
    return _gallery(columns, _titles(frames, indices), frames)


def variations(frames: FrameStore) -> Figure:
    """The first frame of each "world/variation": a column for each world."""
    first = {name: i for i, name in reversed(list(enumerate(frames.sequence)))}
    worlds, kinds = (sorted({name.split("/")[part] for name in first}) for part in (0, 1))
    height, width, _ = frames.image_shape
    panel_width = 2 * _WIDTH / max(len(worlds), 3)
    size = panel_width * len(worlds), len(kinds) * (panel_width * height / width + 0.1)
    figure, axes = plt.subplots(
        len(kinds), len(worlds), figsize=size, squeeze=False, layout="constrained"
    )
    for row, kind in zip(axes, kinds, strict=True):
        row[0].set_ylabel(kind, fontsize=14)
        for panel, world in zip(row, worlds, strict=True):
            panel.set(xticks=[], yticks=[])
            if (position := first.get(f"{world}/{kind}")) is not None:
                panel.imshow(frames.images[position])
    for panel, world in zip(axes[0], worlds, strict=True):
        panel.set_title(world, fontsize=14)
    return figure


def predictions(
    networks: Mapping[str, keras.Model], frames: FrameStore, indices: Sequence[int]
) -> Figure:
    """Input, ground truth, and each network's prediction and errors of some frames."""
    images, labels = frames.read(indices)
    columns = {
        "input": images,
        "ground truth": [paint(ids, frames.palette) for ids in labels],
    }
    for name, network in networks.items():
        batches = [predicted for _, _, predicted in predict(network, frames, indices)]
        predicted = np.concatenate(batches)
        columns[name] = [paint(ids, frames.palette) for ids in predicted]
        columns[f"{name}: errors"] = [_errors(*pair) for pair in zip(labels, predicted, strict=True)]
    marks = [
        Patch(facecolor=np.array(colour) / 255, edgecolor="black", label=name)
        for name, colour in (("error", _WRONG), ("right", _RIGHT), ("not labelled", _UNLABELLED))
    ]
    return _gallery(columns, _titles(frames, indices), frames, marks)


def class_shares(frames: FrameStore, split: Split) -> Figure:
    """Share of the labelled pixels that each class has in both parts of a split."""
    figure, axes = plt.subplots(figsize=(_WIDTH, 0.4 * frames.num_classes), layout="constrained")
    parts = {"train": split.train, "validation": split.validation}
    shares = {}
    for name, indices in parts.items():
        pixels = frames.class_pixels(indices)
        shares[name] = np.where(pixels > 0, 100 * pixels / pixels.sum(), np.nan)
    axes.set(xscale="log", xlabel="share of the labelled pixels, % (logarithmic)")
    for order, (name, values) in enumerate(shares.items()):
        places = np.arange(len(values)) + 0.3 * order - 0.15
        axes.plot(values, places, "o", color=_COLOURS[order], label=name)
        for value, place in zip(values, places, strict=True):
            if not np.isnan(value):
                axes.annotate(
                    f"{value:.2g}", (value, place), (7, 0), textcoords="offset points", va="center",
                    fontsize=8,
                )  # fmt: skip
    _name_rows(axes, frames.class_names)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.grid(axis="x", alpha=0.3)
    return figure


def history(runs: Mapping[str, Trained], against: str = "epoch") -> Figure:
    """Loss, pixel accuracy and mean IoU during trainings: solid validation, dashed training.

    against: "epoch", or "minutes" to compare trainings whose epochs differ in length.
    """
    figure, panels = plt.subplots(1, 3, figsize=(_WIDTH, 3.6), layout="constrained")
    for order, (name, run) in enumerate(runs.items()):
        colour = _COLOURS[order % len(_COLOURS)]
        minutes = np.cumsum(run.history["seconds"]) / 60
        x = minutes if against == "minutes" else np.array(run.history["epoch"])
        for axes, column in zip(panels, ("loss", "accuracy", "mean_iou"), strict=True):
            axes.plot(x, run.history[column], "--", color=colour, label=f"{name}, training")
            validation = np.array(run.history.get(f"validation_{column}", []))
            if validation.size:
                there = ~np.isnan(validation)
                marker = "." if there.sum() < 30 else None
                axes.plot(
                    x[there],
                    validation[there],
                    color=colour,
                    marker=marker,
                    label=f"{name}, validation",
                )
    titles = ("loss (training)", "pixel accuracy", "mean IoU")
    for axes, title in zip(panels, titles, strict=True):
        axes.set(title=title, xlabel=against)
        axes.grid(alpha=0.3)
    for axes in panels[1:]:
        axes.set_ylim(0, 1)
    handles, labels = panels[1].get_legend_handles_labels()
    width = 0.6 + 0.085 * max(map(len, labels))  # inches
    columns = 4 if 4 * width <= _WIDTH else 2 if 2 * width <= _WIDTH else 1
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False)
    return figure


def per_class_iou(results: Mapping[str, Evaluation]) -> Figure:
    """IoU of every class, and the mean, of one or more networks; an absent class has no bar."""
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
    """Bars of scores 0..1: in each group, a name and its score; all groups have the same names.

    reference: the name whose scores the others are compared with, by a line across the figure.
    """
    names = list(next(iter(groups.values())))
    figure, axes = plt.subplots(
        figsize=(_WIDTH, (0.22 + 0.2 * len(groups)) * len(names) + 0.6), layout="constrained"
    )
    bars = {group: np.array([each[name] for name in names]) for group, each in groups.items()}
    _grouped_bars(axes, bars, names, "{:.2f}")
    axes.set(xlim=(0, 1), xlabel=label)
    if reference is not None:
        for order, group in enumerate(groups.values()):
            axes.axvline(group[reference], color=_COLOURS[order], linestyle=":", zorder=0)
    return figure


def confusion(result: Evaluation) -> Figure:
    """Confusion matrix in percent of each true class; a class that is never true has an empty row."""
    truth = result.confusion.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        percent = 100 * result.confusion / truth
    side = 0.5 * len(percent) + 2
    figure, axes = plt.subplots(figsize=(side, side), layout="constrained")
    axes.imshow(percent, cmap="Blues", vmin=0, vmax=100)
    for row, column in zip(*np.nonzero(percent >= 0.5), strict=True):
        value = percent[row, column]
        colour = "white" if value > 60 else "black"
        axes.text(column, row, f"{value:.0f}", ha="center", va="center", color=colour, fontsize=9)
    ticks = range(len(percent))
    axes.set_xticks(ticks, result.class_names, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, result.class_names)
    axes.set(xlabel="prediction", ylabel="ground truth", title="% of the true pixels of each class")
    return figure


def _errors(labels: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    picture = np.where((labels == predicted)[..., None], _RIGHT, _WRONG).astype(np.uint8)
    picture[labels == IGNORE] = _UNLABELLED
    return picture


def _titles(frames: FrameStore, indices: Sequence[int]) -> list[str]:
    return [f"{frames.sequence[i]}, frame {frames.index[i]}" for i in indices]


def _gallery(
    columns: Mapping[str, Sequence[np.ndarray]],
    titles: Sequence[str],
    frames: FrameStore,
    marks: Sequence[Patch] = (),
) -> Figure:
    """Parts side by side and frames below each other; the other way round for very wide frames."""
    height, width, _ = frames.image_shape
    wide = width > 2 * height
    rows, cols = (len(columns), len(titles)) if wide else (len(titles), len(columns))
    panel_width = _WIDTH / cols
    panel_height = panel_width * height / width + 0.08
    title_and_legend = 0.25 + 0.3 * (2 + frames.num_classes // 7)
    figure, axes = plt.subplots(
        rows,
        cols,
        figsize=(_WIDTH, rows * panel_height + title_and_legend),
        squeeze=False,
        layout="constrained",
    )
    grid = axes if wide else axes.T
    for row, (part, pictures) in enumerate(columns.items()):
        for column, (picture, title) in enumerate(zip(pictures, titles, strict=True)):
            panel = grid[row, column]
            panel.imshow(picture, interpolation="nearest")
            panel.set_xticks([])
            panel.set_yticks([])
            above, beside = (title, part) if wide else (part, title.replace(", ", "\n"))
            if (row if wide else column) == 0:
                panel.set_title(above, fontsize=10)
            if (column if wide else row) == 0:
                panel.set_ylabel(beside, fontsize=9)
    _add_legend(figure, frames.class_names, frames.palette, "outside lower center", marks)
    return figure


def _add_legend(figure, class_names, palette, loc, marks=()) -> None:
    handles = [
        Patch(facecolor=np.array(colour) / 255, edgecolor="black", label=name)
        for name, colour in zip(class_names, palette, strict=True)
    ]
    figure.legend(handles=[*handles, *marks], loc=loc, ncols=7, frameon=False, fontsize=9)


def _grouped_bars(axes, groups: Mapping[str, np.ndarray], names: Sequence[str], form: str) -> None:
    """Horizontal bars: one group a name, from top to bottom, each bar with its value."""
    places = np.arange(len(names))
    thickness = 0.8 / len(groups)
    for order, (group, values) in enumerate(groups.items()):
        bars = axes.barh(
            places + (order - (len(groups) - 1) / 2) * thickness,
            np.nan_to_num(values),
            thickness,
            color=_COLOURS[order % len(_COLOURS)],
            label=group,
        )
        texts = ["absent" if np.isnan(value) else form.format(value) for value in values]
        axes.bar_label(bars, texts, padding=3, fontsize=8)
    _name_rows(axes, names)


def _name_rows(axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.margins(x=0.1)
    axes.legend(loc="lower right")
