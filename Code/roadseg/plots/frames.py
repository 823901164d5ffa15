"""Figures of frames: samples of a data set, what networks predict for them, and where they err."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from roadseg.data.store import FrameStore
from roadseg.evaluation import metrics, predict
from roadseg.plots.style import (
    RIGHT,
    SMALL,
    TEXT,
    WIDTH,
    class_patches,
    error_map,
    frame_name,
    paint,
    patch,
)

_GAP, _TITLE, _LEGEND_ROW = 0.07, 0.2, 0.21  # inches
_LEGEND_COLUMNS = 7


class Panel(NamedTuple):
    """An image and what stands above it."""

    title: str
    image: np.ndarray  # uint8 (H, W, 3)


def samples(frames: FrameStore, indices: Sequence[int]) -> Figure:
    """Images and their ground truth."""
    images, labels = frames.read(indices)
    blocks = [
        [Panel(frame_name(frames, index), image), Panel("ground truth", paint(truth, frames.palette))]
        for index, image, truth in zip(indices, images, labels, strict=True)
    ]
    return image_grid(_arranged(blocks), class_patches(frames, labels))


def predictions(
    networks: Mapping[str, keras.Model], frames: FrameStore, indices: Sequence[int]
) -> Figure:
    """Image and ground truth of each frame, and each network's prediction, its mean IoU and its errors.

    Args:
        networks: name -> network for images of the frames' size.
        frames: an opened store.
        indices: positions in the store, preferably two or three.

    Returns:
        A figure with a column for each frame; a block of two rows for each where frames are less than
        twice as wide as high.
    """
    images, labels = frames.read(indices)
    predicted = {
        name: np.concatenate([ids for _, _, ids in predict(network, frames, indices)])
        for name, network in networks.items()
    }
    blocks = []
    for place, index in enumerate(indices):
        truth = labels[place]
        block = [
            Panel(frame_name(frames, index), images[place]),
            Panel("ground truth", paint(truth, frames.palette)),
        ]
        for name, each in predicted.items():
            score = frame_mean_iou(truth, each[place], frames.num_classes)
            block += [
                Panel(f"{name}: mean IoU {score:.2f}", paint(each[place], frames.palette)),
                Panel(f"{name}: errors", error_map(truth, each[place], frames.palette)),
            ]
        blocks.append(block)
    patches = class_patches(frames, [labels, *predicted.values()])
    return image_grid(_arranged(blocks), [*patches, patch("right", RIGHT)])


def variations(frames: FrameStore) -> Figure:
    """The first frame of each sequence "world/variation": a column for each world."""
    first = {name: i for i, name in reversed(list(enumerate(frames.sequence)))}
    worlds, kinds = (sorted({name.split("/")[part] for name in first}) for part in (0, 1))
    blank = np.full(frames.image_shape, 255, np.uint8)
    rows = [
        [
            Panel(f"{world}/{kind}", frames.images[first[name]]) if name in first else Panel("", blank)
            for world in worlds
            for name in [f"{world}/{kind}"]
        ]
        for kind in kinds
    ]
    return image_grid(rows)


def frame_mean_iou(labels: np.ndarray, predicted: np.ndarray, num_classes: int) -> float:
    """Mean IoU of a single frame."""
    return metrics.mean_iou(metrics.confusion_matrix(labels, predicted, num_classes))


def _arranged(blocks: Sequence[Sequence[Panel]]) -> list[list[Panel]]:
    """Rows of panels from the panels of each frame, which alternate between two rows or columns."""
    height, width = blocks[0][0].image.shape[:2]
    if width > 2 * height:
        return [list(row) for row in zip(*blocks, strict=True)]
    if len(blocks[0]) == 2:
        return [list(block) for block in blocks]
    return [list(block[start::2]) for block in blocks for start in (0, 1)]


def image_grid(rows: Sequence[Sequence[Panel]], handles: Sequence[Patch] = ()) -> Figure:
    """Panels of one shape in rows, with a legend close below them.

    Args:
        rows: panels from left to right, rows from top to bottom.
        handles: entries of the legend.

    Returns:
        A figure whose axes are the panels, row by row.
    """
    columns = max(map(len, rows))
    panel_width = (WIDTH - _GAP * (columns - 1)) / columns
    panel_height = panel_width * rows[0][0].image.shape[0] / rows[0][0].image.shape[1]
    legend = _LEGEND_ROW * math.ceil(len(handles) / _LEGEND_COLUMNS) + (0.1 if handles else 0)
    titles = [_TITLE * max(_lines(panel.title) for panel in row) for row in rows]
    height = sum(titles) + len(rows) * (panel_height + _GAP) + legend
    figure = plt.figure(figsize=(WIDTH, height))
    top = height
    for row, title in zip(rows, titles, strict=True):
        top -= title + panel_height
        for column, panel in enumerate(row):
            left = column * (panel_width + _GAP)
            place = left / WIDTH, top / height, panel_width / WIDTH, panel_height / height
            show_panel(figure.add_axes(place), panel)
        top -= _GAP
    if handles:
        figure.legend(
            handles=handles, loc="upper center", bbox_to_anchor=(0.5, (top + _GAP / 2) / height),
            ncols=_LEGEND_COLUMNS, frameon=False, fontsize=SMALL, handlelength=1.2, columnspacing=1.2,
            borderpad=0, borderaxespad=0.2,
        )  # fmt: skip
    return figure


def _lines(title: str) -> int:
    return title.count("\n") + 1 if title else 0


def show_panel(axes: plt.Axes, panel: Panel) -> None:
    """Without interpolation, so that every pixel stays visible."""
    axes.imshow(panel.image, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.set_title(panel.title, fontsize=TEXT, loc="left", pad=3)
