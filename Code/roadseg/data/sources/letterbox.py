"""Frames of whatever size are fitted into one: scaled as a whole, centred, the rest black and void."""

import numpy as np
from PIL import Image

from roadseg.data.classes import IGNORE
from roadseg.errors import DataError

_MAX_SIDE = 10_000  # pixels


def checked_size(size: tuple[int, int]) -> tuple[int, int]:
    """(H, W) in pixels; raises DataError unless both are whole numbers that an image can have."""
    height, width = size
    if not all(isinstance(side, int) and 1 <= side <= _MAX_SIDE for side in (height, width)):
        raise DataError(f"size {size}: give height and width in pixels, each 1..{_MAX_SIDE}")
    return height, width


def fit_image(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """An RGB image of (H, W): pixels are averaged where it shrinks, interpolated where it grows."""
    left, upper, width, height = _place(image.size, size)
    filter_ = Image.Resampling.BOX if width <= image.width else Image.Resampling.BILINEAR
    scaled = image.resize((width, height), filter_)
    fitted = Image.new("RGB", size[::-1])
    fitted.paste(scaled, (left, upper))
    return fitted


def fit_labels(labels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Class ids uint8 (H, W): each the one under the centre of the new pixel, IGNORE around them."""
    left, upper, width, height = _place(labels.shape[::-1], size)
    rows, columns = (
        (2 * np.arange(new) + 1) * old // (2 * new)
        for new, old in zip((height, width), labels.shape, strict=True)
    )
    fitted = np.full(size, IGNORE, np.uint8)
    fitted[upper : upper + height, left : left + width] = labels[np.ix_(rows, columns)]
    return fitted


def _place(old: tuple[int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Where an image of (width, height) comes to lie in (H, W): left, upper, width, height."""
    factor = min(size[1] / old[0], size[0] / old[1])
    width, height = (max(1, round(length * factor)) for length in old)
    return (size[1] - width) // 2, (size[0] - height) // 2, width, height
