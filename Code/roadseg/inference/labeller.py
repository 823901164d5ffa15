"""Labeller: a trained network that labels images of any size."""

import math
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
from PIL import Image

from roadseg.inference.images import ImageLike, read_image
from roadseg.inference.interpolation import MAPS, Span, confidence_of, decide, probabilities, spans
from roadseg.inference.segmentation import Segmentation

if TYPE_CHECKING:  # they import Keras, and `roadseg --help` must not
    import keras

    from roadseg.networks import ModelCard

Item = TypeVar("Item")
Result = TypeVar("Result")

_LARGEST = 1_500_000  # pixels that a network sees at once; larger images are labelled in windows
_STEP = 16  # heights and widths are multiples of it, so that few graphs are compiled for many images
_OVERLAP = 4  # windows overlap by a quarter
_WORKERS = 3  # on two cores: one waits for the disk or for the network


class Model(Protocol):
    """What a `Labeller` needs of a network: a Keras network, or an exported file.

    card: of the network.
    resizable: False for one that takes images of `card.image_shape` alone.
    minimum_size: the least height and width that it takes, in pixels.
    """

    card: "ModelCard"
    resizable: bool
    minimum_size: int

    def logits(self, image: np.ndarray) -> np.ndarray:
        """uint8 (H, W, 3) -> float32 (H, W, C)."""


class KerasModel:
    """A trained Keras network with its card."""

    minimum_size = 16

    def __init__(self, network: "keras.Model", card: "ModelCard"):
        self.card, self._network = card, network
        self.resizable = network.input_shape[1] is None

    def logits(self, image: np.ndarray) -> np.ndarray:
        """uint8 (H, W, 3) -> float32 (H, W, C)."""
        return self._network.predict_on_batch(image[None])[0]


class Labeller:
    """Labels images: shrinks them to the network's scale, and its probabilities back to their size.

    Threads may share one. They take turns with the network, and do the rest at the same time.
    """

    def __init__(
        self, model: Model, *, scale: float | None = None, tile: bool = False, flip: bool = False
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
    def card(self) -> "ModelCard":
        """Of the network: class names, palette, what it was trained on."""
        return self._model.card

    def segment(self, image: ImageLike, maps: Collection[str] = tuple(MAPS)) -> Segmentation:
        """Labels one image.

        Args:
            image: a path, a Pillow image, or an array of uint8 or uint16, see `images.read_image`.
            maps: of "confidence" and "entropy", those to compute as well; each takes a third of the time
                and 4 bytes a pixel.

        Raises:
            DataError: the image cannot be read.
        """
        upright = read_image(image)
        small = self.shrink(upright)
        shape = upright.height, upright.width
        ids = np.empty(shape, np.uint8)
        filled = {name: np.empty(shape, np.float32) for name in maps}
        sure = []  # mean confidence of each window
        for down, across in self._windows(*small.shape[:2]):
            window = small[down.start : down.stop, across.start : across.stop]
            probable = self._probabilities(window)
            rows, row_positions = down.points(small.shape[0], shape[0])
            columns, column_positions = across.points(small.shape[1], shape[1])
            parts = {name: values[rows, columns] for name, values in filled.items()}
            decide(probable, row_positions, column_positions, ids[rows, columns], parts)
            sure.append(confidence_of(probable).mean())
        return Segmentation(
            image=np.asarray(upright),
            ids=ids,
            confidence=filled.get("confidence"),
            entropy=filled.get("entropy"),
            class_names=self.card.class_names,
            palette=self.card.palette,
            mean_confidence=float(np.mean(sure)),
        )

    def shrink(self, image: Image.Image) -> np.ndarray:
        """uint8 (h, w, 3), at the scale of the network; averaged as the images in training were."""
        size = self._size(*image.size)
        larger = size[0] > image.width or size[1] > image.height
        sampling = Image.Resampling.BILINEAR if larger else Image.Resampling.BOX
        return np.asarray(image.resize(size, sampling))

    def _size(self, width: int, height: int) -> tuple[int, int]:
        trained_height, trained_width, _ = self.card.image_shape
        if self._scale is not None:
            scale = self._scale
        elif self._tile:
            scale = self.card.scale
        else:  # a narrow strip would become millions of pixels
            scale = max(width / trained_width, min(1, math.sqrt(width * height / _LARGEST)))
        size = width / scale, height / scale
        if self._tile or not self._model.resizable:
            return max(1, round(size[0])), max(1, round(size[1]))
        return self._rounded(size[0], trained_width), self._rounded(size[1], trained_height)

    def _rounded(self, length: float, trained: int) -> int:
        """The length in training if it is near, else a multiple of the step."""
        if abs(length - trained) <= _STEP / 2:
            return trained
        return max(_STEP * round(length / _STEP), self._model.minimum_size)

    def _windows(self, height: int, width: int) -> list[tuple[Span, Span]]:
        window = self.card.image_shape[:2]
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
            least = self.card.image_shape[:2]
        missing = [max(0, size - length) for size, length in zip(least, window.shape, strict=False)]
        return np.pad(window, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")

    def _once(self, image: np.ndarray) -> np.ndarray:
        with self._turn:
            logits = self._model.logits(np.ascontiguousarray(image))
        return probabilities(logits)


def open_model(network: str | Path) -> Model:
    """Opens a trained network.

    Args:
        network: the folder of a finished run; a file that `roadseg export` wrote; or the name of weights
            that ship with this package, as `networks.shipped` lists them. A folder of that name is
            written as "./simple".

    Raises:
        TrainingError: the folder holds no finished run.
        DataError: the file is no exported network.
        ValueError: there is neither a folder nor a file nor weights of that name.
    """
    from roadseg import networks, training
    from roadseg.inference import export

    path = Path(network)
    if network in networks.shipped():
        name, _, weights = str(network).partition("-")
        weights = weights or "rendered"
        card = networks.model_card(name, weights)
        return KerasModel(networks.load_pretrained(name, weights=weights), card)
    if path.suffix == ".saved_model" or path.is_file():
        return export.open_exported(path)
    if path.is_dir():
        run = training.open_run(path)
        return KerasModel(run.load_best(), run.card)
    raise ValueError(
        f"{network}: neither the folder of a run, nor an exported file, nor weights that ship "
        f"({', '.join(networks.shipped())})"
    )


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


def in_order(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """`map` in threads: reading, labelling and writing of several items at the same time.

    Items are taken only as results are used, so that memory is bounded. After an error, and when nobody
    wants further results, what has not begun is given up.
    """
    with ThreadPoolExecutor(_WORKERS) as pool:
        pending = deque()
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                if len(pending) > _WORKERS:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for each in pending:
                each.cancel()
