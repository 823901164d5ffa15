"""Shared by all figures: sizes, colours, painted class ids, legends.

Classes have the data set's own colours; everything else has the colour-blind-safe palette of Okabe and
Ito (2008).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from roadseg.data.classes import IGNORE
from roadseg.data.store import FrameStore

# Inches, at Matplotlib's 100 pixels an inch: with its margins a figure is 900 pixels wide, which neither
# JupyterLab nor GitHub shrinks, so that 10 points stay 14 pixels.
WIDTH = 8.8
TEXT, SMALL = 10, 9  # points
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
RIGHT = (226, 226, 226)  # of correctly predicted pixels in an error map; lighter than any class


def paint(ids: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Class ids (H, W) -> their colours, uint8 (H, W, 3); void pixels are black."""
    table = np.zeros((256, 3), np.uint8)
    table[: len(palette)] = palette
    return table[ids]


def error_map(labels: np.ndarray, predicted: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Shows what was mistaken for what.

    Args:
        labels: true class ids (H, W), IGNORE for void pixels.
        predicted: predicted class ids (H, W).
        palette: uint8 (C, 3), a colour for each class.

    Returns:
        uint8 (H, W, 3): the predicted class's colour on wrong pixels, light grey on right ones, black on
        void ones.
    """
    image = paint(predicted, palette)
    image[labels == predicted] = RIGHT
    image[labels == IGNORE] = 0
    return image


def confidence_map(confidence: np.ndarray) -> np.ndarray:
    """Probabilities (H, W) -> uint8 (H, W, 3): dark where they are low, yellow where they are high."""
    return colormaps["viridis"](confidence, bytes=True)[..., :3]


def frame_name(frames: FrameStore, index: int) -> str:
    return f"{frames.sequence[index]}, frame {frames.index[index]}"


class HasClasses(Protocol):
    """Anything with class names and their colours, such as a store or a labelled image."""

    class_names: Sequence[str]
    palette: Sequence[Sequence[int]]


def class_patches(classes: HasClasses, shown: Iterable[np.ndarray]) -> list[Patch]:
    """Legend entries of the class ids that the given arrays hold, in the order of the ids."""
    present = set(np.concatenate([np.unique(ids) for ids in shown]).tolist())
    colours = dict(zip(classes.class_names, classes.palette, strict=True))
    patches = [patch(*each) for i, each in enumerate(colours.items()) if i in present]
    return [*patches, patch("void", (0, 0, 0))] if IGNORE in present else patches


def patch(name: str, colour: Sequence[int]) -> Patch:
    return Patch(facecolor=np.asarray(colour) / 255, edgecolor="black", linewidth=0.5, label=name)


def bars(axes: Axes, groups: Mapping[str, np.ndarray], names: Sequence[str]) -> None:
    """Horizontal bars 0..1, a group of them for each name from top to bottom, each with its value."""
    places = np.arange(len(names))
    thickness = 0.84 / len(groups)
    for order, (group, values) in enumerate(groups.items()):
        drawn = axes.barh(
            places + (order - (len(groups) - 1) / 2) * thickness,
            np.nan_to_num(values),
            thickness,
            color=COLOURS[order % len(COLOURS)],
            label=group,
        )
        texts = ["absent" if np.isnan(value) else f"{value:.2f}" for value in values]
        axes.bar_label(drawn, texts, padding=3, fontsize=SMALL if len(groups) < 3 else 8)
    name_rows(axes, names)


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """A name for each whole number of the vertical axis, from top to bottom."""
    axes.set_yticks(range(len(names)), names, fontsize=TEXT)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)


def legend_above(axes: Axes, columns: int = 4) -> None:
    """Over the left end of the axes, so that it covers no data."""
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False, fontsize=TEXT, borderpad=0
    )
