"""Labeller: a trained network that labels images of any size."""

import math
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from PIL import Image

from roadseg.data.sources.images import read_image, to_rgb
from roadseg.errors import DataError
from roadseg.inference.interpolation import MAPS, Span, confidence_of, decide, probabilities, spans
from roadseg.inference.segmentation import Segmentation

if TYPE_CHECKING:  # they import Keras, and `roadseg --help` must not
    import keras

    from roadseg.networks import ModelCard
    from roadseg.training import Run

ImageLike = str | Path | Image.Image | np.ndarray
Item = TypeVar("Item")
Result = TypeVar("Result")

_LARGEST = 1_500_000  # pixels that a network sees at once; larger images are labelled in windows
_STEP = 16  # heights and widths are multiples of it, so that few graphs are compiled for many images
_OVERLAP = 4  # windows overlap by a quarter
_WORKERS = 3  # on two cores: one waits for the disk or for the network


def rgb_image(image: ImageLike) -> Image.Image:
    """The image upright in mode RGB, as `sources.images.to_rgb` makes it.

    image: the path of a file, a Pillow image, or an array uint8 (H, W), (H, W, 3) or (H, W, 4). Raises
    DataError for any other.
    """
    if isinstance(image, str | Path):
        return read_image(Path(image))
    if isinstance(image, np.ndarray):
        is_image = image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (3, 4))
        if image.dtype != np.uint8 or not is_image or not image.size:
            raise DataError(
                f"the array is {image.dtype} of shape {image.shape}: give uint8 of shape (H, W), "
                "(H, W, 3) or (H, W, 4); floats from 0 to 1 become that with "
                "(255 * array).round().astype('uint8')"
            )
        image = Image.fromarray(image)
    return to_rgb(image, "the image")


class KerasModel:
    """A trained Keras network with its card.

    resizable: False for one that takes images of `card.image_shape` alone.
    minimum_size: the least height and width that it takes, in pixels.
    """

    def __init__(self, network: "keras.Model", card: "ModelCard"):
        from roadseg.networks import NETWORKS

        self.card, self._network = card, network
        self.resizable = network.input_shape[1] is None
        architecture = NETWORKS.get(getattr(network, "architecture", None))
        self.minimum_size = architecture.MINIMUM_SIZE if architecture else 1

    def logits(self, image: np.ndarray) -> np.ndarray:
        """uint8 (H, W, 3) -> float32 (H, W, C)."""
        return self._predict(image[None])[0]

    @cached_property
    def _predict(self) -> Callable[[np.ndarray], np.ndarray]:
        """uint8 (1, H, W, 3) -> float32 (1, H, W, C)."""
        import keras

        if keras.backend.backend() != "tensorflow":
            return self._network.predict_on_batch
        import tensorflow as tf
        from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

        image = tf.TensorSpec((1, *self._network.input_shape[1:]), tf.uint8)
        graph = tf.function(partial(self._network, training=False)).get_concrete_function(image)
        # For a single image TensorFlow lets oneDNN rearrange kernels only if they are constants; without
        # AVX-512, `simple` took twice as long with variables.
        frozen = convert_variables_to_constants_v2(graph)
        return lambda images: frozen(tf.constant(images))[0].numpy()


class Labeller:
    """Labels images: shrinks them to the network's scale, and its probabilities back to their size.

    Threads may share one. They take turns with the network, and do the rest at the same time. `card` is
    the card of the network.

    Args:
        model: a trained network, or an exported file with the same attributes.
        scale: how much an image is shrunk; None: to the width of the images in training, or, in windows,
            as much as those were shrunk.
        tile: labels in overlapping windows of the size in training, which keeps small objects of large
            images.
        flip: averages the probabilities of the image and its mirror image.

    Raises ValueError unless the scale is above 0.
    """

    def __init__(
        self, model: KerasModel, *, scale: float | None = None, tile: bool = False, flip: bool = False
    ):
        if scale is not None and not scale > 0:
            raise ValueError(f"scale {scale}: give a number above 0")
        self.card, self._model = model.card, model
        self.scale, self._tile, self._flip = scale, tile, flip
        self._turn = threading.Lock()

    def segment(self, image: ImageLike, maps: Collection[str] = tuple(MAPS)) -> Segmentation:
        """Labels one image.

        image: a path, a Pillow image, or an array of uint8, see `rgb_image`.
        maps: of "confidence" and "entropy", those to compute as well; each takes time, and 4 bytes a
        pixel. Raises DataError when the image cannot be read.
        """
        upright = rgb_image(image)
        small = self.shrink(upright)
        shape = upright.height, upright.width
        ids = np.empty(shape, np.uint8)
        filled = {name: np.empty(shape, np.float32) for name in maps}
        sure = []  # mean confidence of each window
        for down, across in self._windows(*small.shape[:2]):
            probable = self._probabilities(small[down.start : down.stop, across.start : across.stop])
            (rows, ys), (columns, xs) = map(Span.points, (down, across), small.shape, shape)
            parts = {name: values[rows, columns] for name, values in filled.items()}
            decide(probable, ys, xs, ids[rows, columns], parts)
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

    def scale_of(self, width: int, height: int) -> float:
        """How much an image of that size is shrunk."""
        if self.scale is not None or self._tile:
            return self.scale or self.card.scale
        # A narrow strip would become millions of pixels.
        return max(width / self.card.image_shape[1], min(1, math.sqrt(width * height / _LARGEST)))

    def _size(self, width: int, height: int) -> tuple[int, int]:
        trained_height, trained_width, _ = self.card.image_shape
        scale = self.scale_of(width, height)
        lengths = width / scale, height / scale
        if self._tile or not self._model.resizable:
            return tuple(max(1, round(length)) for length in lengths)
        return tuple(
            trained
            if abs(length - trained) <= _STEP / 2
            else max(_STEP * round(length / _STEP), self._model.minimum_size)
            for length, trained in zip(lengths, (trained_width, trained_height), strict=True)
        )

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
        """float32 (h, w, C) of one window, which is padded to what the network takes at least."""
        height, width, _ = window.shape
        least = 2 * [self._model.minimum_size] if self._model.resizable else self.card.image_shape
        missing = max(0, least[0] - height), max(0, least[1] - width)
        padded = np.pad(window, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")
        views = [padded, padded[:, ::-1].copy()] if self._flip else [padded]
        with self._turn:
            logits = [self._model.logits(view) for view in views]
        probable = probabilities(logits[0])
        if self._flip:
            probable = (probable + probabilities(logits[1])[:, ::-1]) / 2
        return probable[:height, :width]


def open(
    network: str | Path, *, scale: float | None = None, tile: bool = False, flip: bool = False
) -> Labeller:
    """Opens a trained network to label images with.

    Args:
        network: the folder of a finished run, a file that `roadseg export` wrote, or the name of weights
            that ship: "simple_plus-camvid" for photographs, "simple" and "simple_plus" for rendered
            scenes. A folder of that name is written as "./simple".
        scale, tile, flip: as for `Labeller`.

    Raises TrainingError, DataError or ValueError when the folder holds no finished run, the file is no
    exported network, or there is neither of that name.
    """
    from roadseg.inference.export_formats import open_exported

    if Path(network).suffix == ".saved_model" or Path(network).is_file():
        model = open_exported(network)
    else:
        model = KerasModel(*load_trained(network)[:2])
    return Labeller(model, scale=scale, tile=tile, flip=flip)


def load_trained(name: str | Path) -> "tuple[keras.Model, ModelCard, Run | None]":
    """A network, its card and the run that trained it, by the run's folder or the name of weights.

    Raises TrainingError when the folder holds no finished run, ValueError when there is neither.
    """
    from roadseg import networks, training

    if str(name) in networks.shipped():
        return networks.load_pretrained(name), networks.model_card(name), None
    if not Path(name).is_dir():
        known = ", ".join(networks.shipped())
        raise ValueError(f"{name}: no file, no folder of a run, and no weights that ship ({known})")
    run = training.open_run(name)
    return run.load_best(), run.card, run


def segment(image: ImageLike, network: str | Path | Labeller, **options) -> Segmentation:
    """Labels one image, at its own size. For several images, `open` the network once.

    Args:
        image: a path, a Pillow image, or an array of uint8, see `rgb_image`.
        network: what `open` takes, or what it gave.
        options: scale, tile and flip as for `open`; not used with one that is open already.

    Raises DataError when the image cannot be read, and what `open` raises.
    """
    labeller = network if isinstance(network, Labeller) else open(network, **options)
    return labeller.segment(image)


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
