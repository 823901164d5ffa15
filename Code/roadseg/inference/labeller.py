"""Labeller: a trained network that labels images of any size."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from roadseg.inference.deciding import decide, probabilities
from roadseg.inference.description import Description
from roadseg.inference.images import ImageLike, read_image
from roadseg.inference.segmentation import Segmentation
from roadseg.inference.windows import Span, spans

if TYPE_CHECKING:  # it imports Keras, and `roadseg --help` must not
    from roadseg.inference.model import Model

_LARGEST = 1_500_000  # pixels that a network sees at once; larger images are labelled in windows
_STEP = 16  # heights and widths are multiples of it, so that few networks are built for many images
_OVERLAP = 4  # windows overlap by a quarter


class Labeller:
    """Labels images: shrinks them to the network's scale, and its probabilities back to their size.

    Threads may share one. They take turns with the network, and do the rest at the same time.
    """

    def __init__(
        self, model: "Model", *, scale: float | None = None, tile: bool = False, flip: bool = False
    ):
        """Args:
            model: a trained network, as `open_model` gives it.
            scale: how much an image is shrunk; None: to the width of the images in training, or, in
                windows, as much as those were shrunk.
            tile: labels in overlapping windows of the size in training, which keeps small objects of
                large images.
            flip: averages the probabilities of the image and its mirror image.

        Raises:
            ValueError: the scale is not above 0.
        """
        if scale is not None and not scale > 0:
            raise ValueError(f"scale {scale}: give a number above 0")
        self._model = model
        self._scale, self._tile, self._flip = scale, tile, flip
        self._turn = threading.Lock()

    @property
    def description(self) -> Description:
        """Of the network: class names, palette, what it was trained on."""
        return self._model.description

    @property
    def settings(self) -> dict[str, object]:
        """Everything that the classes of an image depend on, for JSON."""
        return {
            "network": str(self.description),
            "weights": self._model.digest,
            "scale": self._scale,
            "tile": self._tile,
            "flip": self._flip,
        }

    def segment(self, image: ImageLike) -> Segmentation:
        """Labels one image; raises DataError when it cannot be read.

        image: a path, a Pillow image, or an array of uint8 or uint16, see `images.read_image`.
        """
        upright = read_image(image)
        small = self.shrink(upright)
        ids, confidence, entropy = self._label(small, upright.height, upright.width)
        return Segmentation(
            image=np.asarray(upright),
            ids=ids,
            confidence=confidence,
            entropy=entropy,
            class_names=self.description.class_names,
            palette=self.description.palette,
        )

    def shrink(self, image: Image.Image) -> np.ndarray:
        """uint8 (h, w, 3), at the scale of the network; averaged as the images in training were."""
        size = self._size(*image.size)
        larger = size[0] > image.width or size[1] > image.height
        sampling = Image.Resampling.BILINEAR if larger else Image.Resampling.BOX
        return np.asarray(image.resize(size, sampling))

    def _size(self, width: int, height: int) -> tuple[int, int]:
        trained_height, trained_width, _ = self.description.image_shape
        if self._scale is not None:
            scale = self._scale
        elif self._tile:
            scale = self.description.scale
        else:
            scale = width / trained_width
        size = width / scale, height / scale
        if self._tile or not self._model.resizable:
            return max(1, round(size[0])), max(1, round(size[1]))
        return self._rounded(size[0], trained_width), self._rounded(size[1], trained_height)

    def _rounded(self, length: float, trained: int) -> int:
        """A length that a network is built for: that in training if it is near, else a multiple."""
        if abs(length - trained) <= _STEP / 2:
            return trained
        return max(_STEP * round(length / _STEP), self._model.minimum_size)

    def _label(self, small: np.ndarray, height: int, width: int):
        """Class ids, confidence and entropy (height, width), window by window."""
        results = (
            np.empty((height, width), np.uint8),
            np.empty((height, width), np.float32),
            np.empty((height, width), np.float32),
        )
        for down, across in self._windows(*small.shape[:2]):
            window = small[down.start : down.stop, across.start : across.stop]
            probable = self._probabilities(window)
            rows, row_positions = _points(down, small.shape[0], height)
            columns, column_positions = _points(across, small.shape[1], width)
            decided = decide(probable, row_positions, column_positions)
            for whole, part in zip(results, decided, strict=True):
                whole[rows, columns] = part
        return results

    def _windows(self, height: int, width: int) -> list[tuple[Span, Span]]:
        window = self.description.image_shape[:2]
        if self._model.resizable and not self._tile and height * width <= _LARGEST:
            window = height, width
        down, across = (
            spans(length, size, size // _OVERLAP)
            for length, size in zip((height, width), window, strict=True)
        )
        return [(row, column) for row in down for column in across]

    def _probabilities(self, window: np.ndarray) -> np.ndarray:
        """float32 (h, w, C) of one window."""
        height, width, _ = window.shape
        padded = self._pad(window)
        probable = self._once(padded)
        if self._flip:
            probable = (probable + self._once(padded[:, ::-1])[:, ::-1]) / 2
        return probable[:height, :width]

    def _pad(self, window: np.ndarray) -> np.ndarray:
        """At the right and at the bottom, to the only size or the least size that the network takes."""
        if self._model.resizable:
            least = self._model.minimum_size, self._model.minimum_size
        else:
            least = self.description.image_shape[:2]
        missing = [max(0, size - length) for size, length in zip(least, window.shape, strict=False)]
        return np.pad(window, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")

    def _once(self, image: np.ndarray) -> np.ndarray:
        with self._turn:
            logits = self._model.logits(np.ascontiguousarray(image))
        return probabilities(logits)


def _points(span: Span, small: int, full: int) -> tuple[slice, np.ndarray]:
    """Which pixels of the full length a window decides, and where their centres lie in the window."""
    start, stop = round(span.core_start * full / small), round(span.core_stop * full / small)
    centres = (np.arange(start, stop) + 0.5) * small / full - 0.5
    return slice(start, stop), centres - span.start


def open(
    network: str | Path, *, scale: float | None = None, tile: bool = False, flip: bool = False
) -> Labeller:
    """Opens a trained network to label images with.

    Args:
        network: the folder of a finished run, a file that `roadseg export` wrote, or the name of weights
            that ship: "simple_plus-camvid" for photographs, "simple" and "simple_plus" for rendered
            scenes.
        scale, tile, flip: as for `Labeller`.

    Raises:
        TrainingError, ValueError: there is none, or the scale is not above 0.
    """
    from roadseg.inference.model import open_model

    return Labeller(open_model(network), scale=scale, tile=tile, flip=flip)


def segment(
    image: ImageLike,
    network: str | Path | Labeller,
    *,
    scale: float | None = None,
    tile: bool = False,
    flip: bool = False,
) -> Segmentation:
    """Labels one image. For several images, `open` the network once.

    Args:
        image: a path, a Pillow image, or an array (H, W, 3) of uint8; see `images.read_image`.
        network: what `open` takes, or what it gave.
        scale, tile, flip: as for `Labeller`; not used with one that is open already.

    Returns:
        Class ids, confidence and entropy at the image's own size.

    Raises:
        DataError: the image cannot be read.
        TrainingError, ValueError: there is no network of that name.
    """
    if not isinstance(network, Labeller):
        network = open(network, scale=scale, tile=tile, flip=flip)
    return network.segment(image)
