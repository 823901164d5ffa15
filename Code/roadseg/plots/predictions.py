"""Figures of what networks predict: the classes, where they err, and how sure they are of it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from roadseg.data.classes import IGNORE
from roadseg.data.store import FrameStore
from roadseg.evaluation import predict
from roadseg.evaluation.metrics import frame_mean_iou
from roadseg.plots import style
from roadseg.plots.style import Panel, class_patches, error_map, frame_panels, image_grid, paint

if TYPE_CHECKING:  # figures of metrics and networks need no inference
    from roadseg.inference import Reliability, Segmentation

_PANEL = 436  # pixels wide


def predictions(
    networks: Mapping[str, keras.Model], frames: FrameStore, indices: Sequence[int]
) -> Figure:
    """Image and ground truth of each frame, and each network's prediction, its mean IoU and its errors.

    A frame has a column, or a block of two rows where frames are less than twice as wide as high.
    networks: name -> network for images of the frames' size. indices: positions in the store, preferably
    two or three.
    """
    _, labels = frames.read(indices)
    blocks = [frame_panels(frames, index) for index in indices]  # the panels of each frame
    shown = [labels]
    for name, network in networks.items():
        predicted = np.concatenate([ids for _, _, ids in predict(network, frames, indices)])
        shown.append(predicted)
        for block, truth, ids in zip(blocks, labels, predicted, strict=True):
            score = frame_mean_iou(truth, ids, frames.num_classes)
            painted = paint(ids, frames.palette)
            block.append(Panel(f"{name}: mean IoU {score:.2f}", painted, ids, frames.class_names))
            block.append(Panel(f"{name}: errors", error_map(truth, ids, frames.palette)))
    height, width = labels.shape[1:]
    if width > 2 * height:
        rows = list(zip(*blocks, strict=True))
    else:
        rows = [block[start::2] for block in blocks for start in (0, 1)]
    return image_grid(rows, class_patches(frames, shown, errors=True))


def overlays(segmentations: Mapping[str, "Segmentation"], opacity: float = 0.6) -> Figure:
    """Images with their classes over them, in two columns; before each new image the image alone.

    segmentations: title -> a labelled image; all of one size and with the same classes. opacity: of the
    classes' colours, 0..1.
    """
    panels, last = [], None
    for title, each in segmentations.items():
        if last is None or not np.array_equal(each.image, last):
            panels.append(Panel("image", _shrunk(each.image)))
        last = each.image
        painted = _shrunk(np.asarray(each.overlay(opacity, ())))
        panels.append(Panel(title, painted, _shrunk(each.ids), each.class_names))
    shown = [each.ids[each.ids != IGNORE] for each in segmentations.values()]
    rows = [panels[start : start + 2] for start in range(0, len(panels), 2)]
    return image_grid(rows, class_patches(each.distinct(), shown))


def confidence(segmentation: "Segmentation", truth: np.ndarray) -> Figure:
    """One labelled image: the image, its classes, the errors, and the confidence, from dark to yellow.

    truth: true class ids, uint8 (H, W), IGNORE for void pixels.
    """
    palette = np.array(segmentation.palette, np.uint8)
    ids, truth, sure = map(_shrunk, (segmentation.ids, truth, segmentation.confidence))
    rows = [
        [Panel("image", _shrunk(segmentation.image)), Panel("classes", paint(ids, palette))],
        [
            Panel("errors, in the colour of the wrong class", error_map(truth, ids, palette)),
            Panel("confidence: yellow is sure, dark is unsure", style.heat_map(sure)),
        ],
    ]
    return image_grid(rows, class_patches(segmentation, [ids, truth], errors=True))


def reliability(measured: Mapping[str, "Reliability"]) -> Figure:
    """How often networks are right when they are so sure, and how many pixels they are so sure of.

    measured: name -> reliability; the dashed line is where confidence is right as often as it says.
    """
    size = style.WIDTH, 3.4
    figure, (left, right) = plt.subplots(1, 2, figsize=size, layout="constrained", sharex=True)
    left.plot([0, 1], [0, 1], "--", color="grey", linewidth=1)
    left.set(xlabel="confidence", ylabel="share of right pixels", xlim=(0, 1), ylim=(0, 1))
    right.set(xlabel="confidence", ylabel="share of all pixels", ylim=(0, 1))
    for order, (name, each) in enumerate(measured.items()):
        colour = style.COLOURS[order % len(style.COLOURS)]
        left.plot(each.confidence, each.accuracy, "o-", color=colour, markersize=5, label=name)
        width = 0.84 / len(each.pixels) / len(measured)  # bars stand side by side within each bin
        places = (np.arange(len(each.pixels)) + 0.08) / len(each.pixels) + order * width
        shares = each.pixels / each.pixels.sum()
        right.bar(places, shares, width, align="edge", color=colour)
    words = {"fontsize": style.SMALL, "color": "dimgrey"}
    style.halo(left.text(0.05, 0.88, "too cautious", **words))
    style.halo(left.text(0.95, 0.07, "too sure", ha="right", **words))
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.set_axisbelow(True)
        axes.tick_params(labelsize=style.SMALL)
    style.legend_above(left)
    return figure


def _shrunk(values: np.ndarray) -> np.ndarray:
    """As wide as a panel: an image (H, W, 3) averaged, anything else (H, W) sampled."""
    height, width = values.shape[:2]
    if width <= _PANEL:
        return values
    shape = max(1, round(height * _PANEL / width)), _PANEL
    if values.ndim == 3:
        return np.asarray(Image.fromarray(values).resize(shape[::-1], Image.Resampling.BOX))
    rows, columns = (  # whose centres are nearest to those of the smaller pixels
        ((np.arange(new) + 0.5) * old / new).astype(np.intp)
        for new, old in zip(shape, (height, width), strict=True)
    )
    return values[rows][:, columns]
