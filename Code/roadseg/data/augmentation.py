"""Random changes of a frame: one geometric transform for image and labels, colour for the image alone.

Keras' own layers are not used: in 3.15 they fill masks with class 0, return them as floats or draw one
crop for a whole batch. Pillow samples image and labels through the same affine map.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from roadseg.data.classes import IGNORE

_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
_GREY = (128, 128, 128)  # about zero after the networks' normalisation

_LARGEST = {"brightness": 1, "contrast": 1, "saturation": 1, "gamma": 3}  # a factor stays positive
_LARGEST_SCALE = 16


@dataclass(frozen=True)
class Augmentation:
    """Ranges to draw from; the defaults change nothing but the side of the road.

    flip: mirror a frame with probability 1/2.
    scale: (smallest, largest) magnification, drawn uniformly on a logarithmic scale.
        A random part of a larger image is cut out; a smaller one is put at a random place.
    brightness, contrast, saturation: factors are drawn from 1 - x .. 1 + x.
    gamma: the exponent of the grey levels is drawn from exp(-x) .. exp(x): deeper or paler shadows.

    Raises ValueError for a range that makes no sense.
    """

    flip: bool = True
    scale: tuple[float, float] = (1.0, 1.0)
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    gamma: float = 0.0

    def __post_init__(self):
        numbers = {name: getattr(self, name) for name in _LARGEST}
        try:
            smallest, largest = map(float, self.scale)
            numbers = {name: float(value) for name, value in numbers.items()}
        except (TypeError, ValueError):
            raise ValueError(f"{self}: scale is a pair of numbers, and the others but flip are numbers")
        if not 1 / _LARGEST_SCALE <= smallest <= largest <= _LARGEST_SCALE:
            raise ValueError(
                f"scale {self.scale}: (smallest, largest) within 1/{_LARGEST_SCALE} .. {_LARGEST_SCALE}"
            )
        for name, value in numbers.items():
            if not 0 <= value <= _LARGEST[name]:
                raise ValueError(f"{name} {value}: a number from 0 to {_LARGEST[name]} is expected")
        if not isinstance(self.flip, bool | np.bool_):
            raise ValueError(f"flip {self.flip!r}: True or False is expected")
        numbers |= {"scale": (smallest, largest), "flip": bool(self.flip)}
        for name, value in numbers.items():  # plain types, which JSON can hold
            object.__setattr__(self, name, value)

    def __call__(
        self, image: np.ndarray, labels: np.ndarray, generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Augments one frame: image uint8 (H, W, 3) and labels uint8 (H, W), to the same shapes.

        What lies outside of the frame is grey in the image and IGNORE in the labels.
        """
        size = labels.shape[::-1]
        window = self._window(size, generator)
        warped = Image.fromarray(image).transform(
            size, Image.Transform.AFFINE, window, Image.Resampling.BILINEAR, fillcolor=_GREY
        )
        warped_labels = Image.fromarray(labels).transform(
            size, Image.Transform.AFFINE, window, Image.Resampling.NEAREST, fillcolor=IGNORE
        )
        recoloured = self._change_gamma(self._recolour(warped, generator), generator)
        return np.asarray(recoloured), np.asarray(warped_labels)

    def _window(self, size: tuple[int, int], generator: np.random.Generator) -> tuple[float, ...]:
        """Affine map (a, b, c, d, e, f) from places in the result to places in the frame."""
        magnification = np.exp(generator.uniform(*np.log(self.scale)))
        offsets = [generator.uniform(*sorted((0.0, length * magnification - length))) for length in size]
        step = 1 / magnification
        left, upper = (offset * step for offset in offsets)
        if self.flip and generator.random() < 0.5:
            return -step, 0, size[0] - left, 0, step, upper
        return step, 0, left, 0, step, upper

    def _recolour(self, image: Image.Image, generator: np.random.Generator) -> Image.Image:
        """Saturation, contrast and brightness as one matrix on (r, g, b, 1)."""
        brightness, contrast, saturation = (
            generator.uniform(1 - spread, 1 + spread)
            for spread in (self.brightness, self.contrast, self.saturation)
        )
        if brightness == contrast == saturation == 1:
            return image
        mean = np.asarray(image.resize((1, 1), Image.Resampling.BOX))[0, 0] @ _LUMA
        matrix = np.empty((3, 4))
        matrix[:, :3] = saturation * np.eye(3) + (1 - saturation) * _LUMA
        matrix[:, :3] *= brightness * contrast
        matrix[:, 3] = brightness * (1 - contrast) * mean
        return image.convert("RGB", tuple(matrix.ravel().tolist()))

    def _change_gamma(self, image: Image.Image, generator: np.random.Generator) -> Image.Image:
        if self.gamma == 0:
            return image
        exponent = np.exp(generator.uniform(-self.gamma, self.gamma))
        levels = np.round(255 * (np.arange(256) / 255) ** exponent)
        return image.point(3 * levels.astype(int).tolist())
