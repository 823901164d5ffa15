"""Random changes of a frame: one geometric transform for image and labels, colour for the image alone.

Keras' own layers are not used: in 3.15 they fill masks with class 0, return them as floats or draw one
crop for a whole batch. Pillow samples image and labels through the same affine map.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageFilter

from roadseg.data.classes import IGNORE
from roadseg.data.store import FrameStore

_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
_GREY = (128, 128, 128)  # about zero after the networks' normalisation

# A factor stays positive; a share is at most 1.
_LARGEST = dict.fromkeys(("brightness", "contrast", "saturation"), 1) | {"gamma": 3}
_LARGEST |= dict.fromkeys(("grey", "transfer", "paste", "blue_sky"), 1)
_DEEPEST_BLUE = np.array([0.85, 0.6, 0.25])  # of red, green and blue, what is taken from a white sky
_ONE_PIXEL = ImageFilter.GaussianBlur(1)


@dataclass(frozen=True)
class Augmentation:
    """Ranges to draw from; the defaults change nothing but the side of the road.

    Attributes:
        flip: mirror a frame with probability 1/2.
        crop: (height, width) of the result; None: as large as the frame.
        scale: (smallest, largest) magnification, drawn uniformly on a logarithmic scale. A random part
            of a larger image is cut out; a smaller one is put at a random place.
        brightness, contrast, saturation: the factor is drawn from 1 - x .. 1 + x.
        gamma: the exponent of the grey levels is drawn from exp(-x) .. exp(x): deeper or paler shadows.
        grey: the share of frames that lose their colours.
        transfer: the share of frames that get the mean and the deviation of each channel of another
            frame (Reinhard et al. 2001, here in RGB).
        paste: the share of frames that get the rare objects of another frame, in their own place
            (Ghiasi et al. 2021, arXiv 2012.07177).
        blue_sky: the share of frames whose sky becomes blue, more so towards the top. Data without a
            class "sky" stay as they are.

    Raises ValueError for a range that makes no sense.
    """

    flip: bool = True
    scale: tuple[float, float] = (1.0, 1.0)
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    gamma: float = 0.0
    crop: tuple[int, int] | None = None
    grey: float = 0.0
    transfer: float = 0.0
    paste: float = 0.0
    blue_sky: float = 0.0

    def __post_init__(self):
        smallest, largest = self.scale
        if not 1 / 16 <= smallest <= largest <= 16:
            raise ValueError(f"scale {self.scale}: (smallest, largest) within 1/16 .. 16")
        for name, most in _LARGEST.items():
            if not 0 <= getattr(self, name) <= most:
                raise ValueError(f"{name} {getattr(self, name)}: a number from 0 to {most} is expected")
        # Plain types, which JSON can hold and which compare equal when it is read again.
        object.__setattr__(self, "scale", (float(smallest), float(largest)))
        object.__setattr__(self, "crop", self.crop and tuple(map(int, self.crop)))

    @property
    def takes_from_others(self) -> bool:
        """Whether it needs a second frame."""
        return bool(self.transfer or self.paste)

    def __call__(
        self,
        image: np.ndarray,
        labels: np.ndarray,
        generator: Generator,
        other: tuple[np.ndarray, np.ndarray] | None = None,
        pasted: np.ndarray | None = None,
        sky: int | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Image and labels of an augmented frame, as large as `crop`, or else the frame.

        What lies outside of the frame is grey in the image and IGNORE in the labels.

        Args:
            image, labels: uint8 (H, W, 3) and (H, W).
            generator: of the random numbers.
            other: another frame, to take colours and objects from; needed where `takes_from_others`.
            pasted: ids of the classes whose objects are taken; None: of no class.
            sky: id of the class that becomes blue; None: there is none.
        """
        if self.takes_from_others:
            image = self._transfer(image, other[0], generator)
            image, labels = self._paste(image, labels, other, pasted, generator)
        if self.blue_sky and sky is not None:
            image = self._colour_sky(image, labels == sky, generator)
        window, size = self._window(labels.shape[::-1], generator)
        warped, warped_labels = (
            Image.fromarray(part).transform(size, Image.Transform.AFFINE, window, method, fillcolor=fill)
            for part, method, fill in (
                (image, Image.Resampling.BILINEAR, _GREY),
                (labels, Image.Resampling.NEAREST, IGNORE),
            )
        )
        recoloured = self._recolour(warped, generator)
        if self.gamma:
            exponent = np.exp(generator.uniform(-self.gamma, self.gamma))
            levels = np.round(255 * (np.arange(256) / 255) ** exponent)
            recoloured = recoloured.point(3 * levels.astype(int).tolist())
        return np.asarray(recoloured), np.asarray(warped_labels)

    def _transfer(self, image: np.ndarray, other: np.ndarray, generator: Generator) -> np.ndarray:
        if generator.random() >= self.transfer:
            return image
        # Every fourth pixel tells mean and deviation well enough.
        (mean, deviation), (new_mean, new_deviation) = (
            (sample.mean((0, 1)), sample.std((0, 1))) for sample in (image[::4, ::4], other[::4, ::4])
        )
        factor = new_deviation / np.maximum(deviation, 1)
        levels = np.clip((np.arange(256)[:, None] - mean) * factor + new_mean, 0, 255)
        table = np.round(levels).astype(np.uint8)
        return np.stack([table[image[..., i], i] for i in range(3)], axis=-1)

    def _paste(self, image, labels, other, pasted, generator) -> tuple[np.ndarray, np.ndarray]:
        """The other's objects, mirrored or not; arguments as of `__call__`."""
        wanted, mirrored = generator.random(2) < (self.paste, 0.5 if self.flip else 0)
        if not wanted or pasted is None:
            return image, labels
        other_image, other_labels = (part[:, ::-1] if mirrored else part for part in other)
        mask = np.isin(other_labels, pasted)
        return np.where(mask[..., None], other_image, image), np.where(mask, other_labels, labels)

    def _colour_sky(self, image: np.ndarray, is_sky: np.ndarray, generator: Generator) -> np.ndarray:
        """The image as if through a blue filter where there is sky, which leaves clouds their shape."""
        if generator.random() >= self.blue_sky or not is_sky.any():
            return image
        at_top = generator.uniform(0, 1)
        at_horizon = generator.uniform(0, at_top)
        hue, dimness = generator.uniform(0.7, 1, 3), generator.uniform(0, 0.25)
        lowest = np.flatnonzero(is_sky.any(axis=1))[-1]
        depths = np.linspace(at_top, at_horizon, lowest + 1)
        taken = 1 - (1 - np.outer(depths, hue * _DEEPEST_BLUE)) * (1 - dimness)
        # A camera blends the sky with what is in front of it.
        mask = Image.fromarray(255 * is_sky[: lowest + 1].astype(np.uint8)).filter(_ONE_PIXEL)
        left = 1 - np.asarray(mask, np.float32)[..., None] / 255 * taken[:, None].astype(np.float32)
        coloured = image.copy()
        coloured[: lowest + 1] = image[: lowest + 1] * left + 0.5
        return coloured

    def _window(self, size: tuple[int, int], generator: Generator) -> tuple[tuple, tuple]:
        """Affine map (a, b, c, d, e, f) from the result to the frame; the result's (width, height)."""
        result = self.crop[::-1] if self.crop else size
        magnification = np.exp(generator.uniform(*np.log(self.scale)))
        offsets = [
            generator.uniform(*sorted((0.0, length * magnification - cut)))
            for length, cut in zip(size, result, strict=True)
        ]
        step = 1 / magnification
        left, upper = (offset * step for offset in offsets)
        if self.flip and generator.random() < 0.5:
            return (-step, 0, size[0] - left, 0, step, upper), result
        return (step, 0, left, 0, step, upper), result

    def _recolour(self, image: Image.Image, generator: Generator) -> Image.Image:
        """Saturation, contrast and brightness as one matrix on (r, g, b, 1)."""
        brightness, contrast, saturation = (
            generator.uniform(1 - spread, 1 + spread)
            for spread in (self.brightness, self.contrast, self.saturation)
        )
        if self.grey and generator.random() < self.grey:
            saturation = 0.0
        if brightness == contrast == saturation == 1:
            return image
        mean = np.asarray(image.resize((1, 1), Image.Resampling.BOX))[0, 0] @ _LUMA
        matrix = np.empty((3, 4))
        matrix[:, :3] = saturation * np.eye(3) + (1 - saturation) * _LUMA
        matrix[:, :3] *= brightness * contrast
        matrix[:, 3] = brightness * (1 - contrast) * mean
        return image.convert("RGB", tuple(matrix.ravel().tolist()))


def read_augmented(
    frames: FrameStore,
    augmentation: Augmentation,
    positions: Sequence[int],
    others: Sequence[int] | None,
    seeds: tuple[int, ...],
    pasted: np.ndarray,
    sky: int | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 (B, H, W, 3) and labels uint8 (B, H, W) of the augmented frames of a batch.

    It runs in worker processes, which import no Keras.

    Args:
        frames, positions: the store, and which of its frames.
        augmentation, pasted, sky: as of `Augmentation.__call__`, for each frame.
        others: positions of the frames that they take colours or objects from; None: they take none.
        seeds: with the position they decide each frame's random numbers.
    """
    images, labels = frames.read(positions)
    sources = [None] * len(images) if others is None else zip(*frames.read(others), strict=True)
    augmented = [
        augmentation(image, label, np.random.default_rng([*seeds, position]), other, pasted, sky)
        for image, label, position, other in zip(images, labels, positions, sources, strict=True)
    ]
    images, labels = zip(*augmented, strict=True)
    return np.stack(images), np.stack(labels)
