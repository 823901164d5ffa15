"""What networks predict for frames, and where they err."""

from collections.abc import Mapping, Sequence

import keras
import numpy as np
from matplotlib.figure import Figure

from roadseg.data.store import FrameStore
from roadseg.evaluation import metrics, predict
from roadseg.plots.style import Panel, class_patches, error_map, frame_panels, image_grid, paint


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
    _, labels = frames.read(indices)
    predicted = {
        name: np.concatenate([ids for _, _, ids in predict(network, frames, indices)])
        for name, network in networks.items()
    }
    blocks = []  # the panels of each frame
    for place, index in enumerate(indices):
        truth = labels[place]
        block = frame_panels(frames, index)
        for name, ids in predicted.items():
            score = frame_mean_iou(truth, ids[place], frames.num_classes)
            block += [
                Panel(f"{name}: mean IoU {score:.2f}", paint(ids[place], frames.palette)),
                Panel(f"{name}: errors", error_map(truth, ids[place], frames.palette)),
            ]
        blocks.append(block)
    height, width = labels.shape[1:]
    if width > 2 * height:
        rows = list(zip(*blocks, strict=True))
    else:
        rows = [block[start::2] for block in blocks for start in (0, 1)]
    return image_grid(rows, class_patches(frames, [labels, *predicted.values()], errors=True))


def frame_mean_iou(labels: np.ndarray, predicted: np.ndarray, num_classes: int) -> float:
    """Mean IoU of a single frame."""
    return metrics.mean_iou(metrics.confusion_matrix(labels, predicted, num_classes))
