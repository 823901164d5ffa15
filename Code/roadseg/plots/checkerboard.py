"""The checkerboard that transposed convolutions leave, and its cure.

Odena, Dumoulin, Olah 2016, "Deconvolution and checkerboard artifacts", doi 10.23915/distill.00003.
"""

from collections.abc import Mapping

import keras
import numpy as np
from matplotlib.figure import Figure

from roadseg.data.store import FrameStore
from roadseg.plots.style import TEXT, Panel, frame_name, heat_map, image_grid

_COUNTED = 4, 8  # output pixels of the upsamplings that are counted
_CROP = 24, 48  # pixels of the magnified part of an image
_GREY = 200  # not 128, which the networks turn into zeros


def checkerboard(networks: Mapping[str, keras.Model], frames: FrameStore, index: int) -> Figure:
    """Where the checkerboard comes from, and how it shows in the logits of networks.

    First row: how many input pixels reach each output pixel, for three ways of upsampling. Second: the
    logit of one class for an image that is grey everywhere; its colours span as much as the same logit
    varies in the frame. Third: that logit in a part of the frame.

    networks: name -> network, preferably three: with transposed convolutions, untrained and trained, and
    with bilinear upsampling. index: position in the store of the frame that they label.
    """
    images, _ = frames.read([index])
    counts = {
        "transposed 3x3, stride 2": contributions(3, 2),
        "transposed 4x4, stride 2": contributions(4, 2),
        "upsampling, then 3x3": np.full(_COUNTED, 9),
    }
    rows = [[Panel(name, _shaded(each, 0, each.max() * 2)) for name, each in counts.items()], [], []]
    for name, network in networks.items():
        frame, grey = _logits(network, images[0]), _logits(network, np.full_like(images[0], _GREY))
        spread, part, same = frame.std(), _cropped(frame, 0.75), _cropped(grey, 0.5)
        rows[1].append(Panel(f"{name}:\na grey image", _shaded(same - same.mean(), -spread, spread)))
        title = f"{name}:\n{frame_name(frames, index)}"
        rows[2].append(Panel(title, _shaded(part, part.min(), part.max())))
    figure = image_grid(rows)
    for axes, each in zip(figure.axes, counts.values(), strict=False):
        for (row, column), count in np.ndenumerate(each):
            axes.text(column, row, count, color="white", ha="center", va="center", fontsize=TEXT)
    return figure


def contributions(kernel_size: int, stride: int) -> np.ndarray:
    """int (4, 8): how many input pixels reach each output pixel of a transposed convolution.

    All counts are equal only if the kernel size is a multiple of the stride. The pixels are far from the
    edges of the image.
    """
    # Input pixels lie `stride` apart, and each reaches `kernel_size` output pixels of a row.
    line = [len(range(pixel % stride, kernel_size, stride)) for pixel in range(max(_COUNTED))]
    return np.outer(line[: _COUNTED[0]], line[: _COUNTED[1]])


def _logits(network: keras.Model, image: np.ndarray) -> np.ndarray:
    """float (H, W): of the class that wins most pixels."""
    logits = np.asarray(network.predict_on_batch(image[None])[0], np.float32)
    return logits[..., np.bincount(logits.argmax(axis=-1).ravel()).argmax()]


def _cropped(values: np.ndarray, height: float) -> np.ndarray:
    """A part around the middle column; height: of its middle, from 0 at the top to 1."""
    (rows, columns), (crop_rows, crop_columns) = values.shape, _CROP
    top = int(np.clip(height * rows - crop_rows / 2, 0, max(0, rows - crop_rows)))
    left = max(0, (columns - crop_columns) // 2)
    return values[top : top + crop_rows, left : left + crop_columns]


def _shaded(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """uint8 (H, W, 3)."""
    return heat_map((values - low) / max(high - low, 1e-9))
