"""Shared by all figures: sizes, colours, painted class ids, grids of images, legends.

Classes have the data set's own colours; everything else has the colour-blind-safe palette of Okabe and
Ito (2008).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from PIL import Image, ImageFilter

from roadseg.data.classes import IGNORE
from roadseg.data.store import FrameStore

# Inches, at Matplotlib's 100 pixels an inch: with its margins a figure is 900 pixels wide, which neither
# JupyterLab nor GitHub shrinks, so that 10 points stay 14 pixels.
WIDTH = 8.8
TEXT, SMALL = 10, 9  # points
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
RIGHT = (226, 226, 226)  # of correctly predicted pixels in an error map; lighter than any class

_GAP, _TITLE, _LEGEND_ROW = 0.07, 0.2, 0.21  # inches
_LEGEND_COLUMNS = 7


class Panel(NamedTuple):
    title: str  # above the image
    image: np.ndarray  # uint8 (H, W, 3)
    ids: np.ndarray | None = None  # (H, W), of regions that get a name
    names: Sequence[str] = ()  # of the ids from 0 on


def paint(ids: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Class ids (H, W) -> their colours, uint8 (H, W, 3); void pixels are black."""
    table = np.zeros((256, 3), np.uint8)
    table[: len(palette)] = palette
    return table[ids]


def error_map(labels: np.ndarray, predicted: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Shows what was mistaken for what, uint8 (H, W, 3).

    Wrong pixels have the predicted class's colour, right ones are light grey and void ones black.
    labels, predicted: class ids (H, W), IGNORE for void pixels. palette: uint8 (C, 3).
    """
    image = paint(predicted, palette)
    image[labels == predicted] = RIGHT
    image[labels == IGNORE] = 0
    return image


def heat_map(values: np.ndarray) -> np.ndarray:
    """Numbers 0..1 (H, W) -> uint8 (H, W, 3): dark where they are low, yellow where they are high."""
    return colormaps["viridis"](values, bytes=True)[..., :3]


def frame_name(frames: FrameStore, index: int) -> str:
    """Sequence and number of the frame at a position of the store."""
    return f"{frames.sequence[index]}, frame {frames.index[index]}"


def frame_panels(frames: FrameStore, index: int) -> list[Panel]:
    """The image and the ground truth of the frame at a position of the store."""
    images, labels = frames.read([index])
    painted = paint(labels[0], frames.palette)
    truth = Panel("ground truth", painted, labels[0], frames.class_names)
    return [Panel(frame_name(frames, index), images[0]), truth]


def image_grid(rows: Sequence[Sequence[Panel]], handles: Sequence[Patch] = ()) -> Figure:
    """Panels of one shape in rows, with a legend of these handles close below them.

    The axes of the figure are the panels, row by row.
    """
    columns = max(map(len, rows))
    panel_width = (WIDTH - _GAP * (columns - 1)) / columns
    panel_height = panel_width * rows[0][0].image.shape[0] / rows[0][0].image.shape[1]
    legend = _LEGEND_ROW * math.ceil(len(handles) / _LEGEND_COLUMNS) + (0.1 if handles else 0)
    lines = [max(len(panel.title.splitlines()) for panel in row) for row in rows]
    height = sum(lines) * _TITLE + len(rows) * (panel_height + _GAP) + legend
    figure = plt.figure(figsize=(WIDTH, height))
    top = height  # in inches from the bottom
    for row, count in zip(rows, lines, strict=True):
        top -= count * _TITLE + panel_height
        for column, panel in enumerate(row):
            left = column * (panel_width + _GAP)
            place = left / WIDTH, top / height, panel_width / WIDTH, panel_height / height
            axes = figure.add_axes(place)
            show_panel(axes, panel)
            if panel.ids is not None:
                name_regions(axes, panel.ids, dict(enumerate(panel.names)))
        top -= _GAP
    if handles:
        figure.legend(
            handles=handles, loc="upper center", bbox_to_anchor=(0.5, (top + _GAP / 2) / height),
            ncols=_LEGEND_COLUMNS, frameon=False, fontsize=SMALL, handlelength=1.2, columnspacing=1.2,
            borderpad=0, borderaxespad=0.2,
        )  # fmt: skip
    return figure


def show_panel(axes: Axes, panel: Panel) -> None:
    """Without interpolation, so that every pixel stays visible."""
    axes.imshow(panel.image, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.set_title(panel.title, fontsize=TEXT, loc="left", pad=3)


def name_regions(axes: Axes, ids: np.ndarray, names: Mapping[int, object]) -> None:
    """Writes the name of each id where most of its pixels are, largest first, if there is room for it.

    ids: (H, W), shown in axes whose place in the figure is fixed.
    """
    radius = min(ids.shape) // 4
    pixel = axes.get_window_extent().width / ids.shape[1]  # on the screen
    taken = []
    counts = {name: np.count_nonzero(ids == number) for number, name in names.items()}
    for number, name in sorted(names.items(), key=lambda each: -counts[each[1]]):
        mask = np.pad(np.uint8(255) * (ids == number), radius)
        density = np.asarray(Image.fromarray(mask).filter(ImageFilter.BoxBlur(radius)))
        row, column = np.unravel_index(np.where(mask, density, 0).argmax(), mask.shape)
        text = axes.text(column - radius, row - radius, name, fontsize=SMALL, ha="center", va="center")
        box = halo(text).get_window_extent()
        fits = axes.get_window_extent().contains(*box.min) and axes.get_window_extent().contains(
            *box.max
        )
        if counts[name] * pixel**2 < box.width * box.height / 2 or not fits or box.count_overlaps(taken):
            text.remove()
        else:
            taken.append(box)


def halo(text: Text) -> Text:
    """The text with a white rim, so that it can be read on lines and colours."""
    text.set_path_effects([withStroke(linewidth=3, foreground="white")])
    return text


def class_patches(classes, shown: Iterable[np.ndarray], errors: bool = False) -> list[Patch]:
    """Legend entries of the class ids that occur, in the order of the ids.

    classes: anything with `class_names` and a `palette`, such as a store or a labelled image. shown:
    arrays of class ids. errors: whether an error map is shown as well.
    """
    present = set(np.concatenate([np.unique(ids) for ids in shown]).tolist())
    colours = zip(classes.class_names, classes.palette, strict=True)
    patches = [patch(*each) for number, each in enumerate(colours) if number in present]
    if IGNORE in present:
        patches.append(patch("void", (0, 0, 0)))
    return [*patches, patch("right", RIGHT)] if errors else patches


def patch(name: str, colour: Sequence[int]) -> Patch:
    """A legend entry; colour: three numbers 0..255."""
    return Patch(facecolor=np.asarray(colour) / 255, edgecolor="black", linewidth=0.5, label=name)


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """A name for each whole number of the vertical axis, from top to bottom."""
    axes.set_yticks(range(len(names)), names, fontsize=TEXT)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)


def legend_above(axes: Axes) -> None:
    """Over the left end of the axes, so that it covers no data."""
    place = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderpad": 0}
    axes.legend(ncols=4, frameon=False, fontsize=TEXT, **place)
