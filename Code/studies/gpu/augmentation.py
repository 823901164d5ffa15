"""Random changes of a batch of frames, written in JAX: they are compiled into the training step.

What roadseg.data.augmentation does with Pillow, one frame after the other on the CPU, and more:
rotation, aspect ratio, the balance of the channels, noise, and another frame's colours.
"""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from roadseg.data.classes import IGNORE

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_GREY = 128.0  # outside of the frame; about zero after the networks' normalisation
_RANGES = [
    *("scale", "aspect", "rotation", "brightness", "contrast", "saturation", "channels", "grey"),
    *("gamma", "noise", "transfer", "copied", "copy_share"),
]


# All but the crop are values of the compiled program: other ranges need no other program.
@partial(jax.tree_util.register_dataclass, meta_fields=["crop"], data_fields=_RANGES)
@dataclass(frozen=True)
class DeviceAugmentation:
    """Ranges to draw from, for each frame by itself; every frame is mirrored with probability 1/2.

    Attributes:
        crop: (height, width) of the part that is cut out.
        scale: (smallest, largest) magnification, drawn uniformly on a logarithmic scale.
        aspect: width over height is changed by a factor of exp(-x) .. exp(x).
        rotation: radians, -x .. x.
        brightness: the factor is drawn from 1 - x .. 1 + x.
        contrast: likewise.
        saturation: likewise.
        channels: likewise, for red, green and blue apart.
        grey: the share of frames that lose their colours.
        gamma: the exponent of the grey levels is drawn from exp(-x) .. exp(x).
        noise: the largest standard deviation of normal noise, in grey levels.
        transfer: the share of frames that get the mean and deviation of each channel of another frame
            (Reinhard et al. 2001, here in RGB).
        copied: ids of the classes whose pixels are copied from another frame (Ghiasi et al. 2021,
            arXiv 2012.07177).
        copy_share: the share of frames that get such pixels.
    """

    crop: tuple[int, int]
    scale: tuple[float, float] = (0.6, 1.6)
    aspect: float = 0.0
    rotation: float = 0.0
    brightness: float = 0.4
    contrast: float = 0.4
    saturation: float = 0.4
    channels: float = 0.0
    grey: float = 0.1
    gamma: float = 0.3
    noise: float = 0.0
    transfer: float = 0.0
    copied: tuple[int, ...] = ()
    copy_share: float = 0.5

    def __call__(self, key, images, labels, donors, donor_labels):
        """Augments a batch.

        Args:
            key: of jax.random; the same one changes the same frames in the same way.
            images: uint8 (B, H, W, 3).
            labels: uint8 (B, H, W).
            donors: uint8 (B, H, W, 3), from which objects and colours are taken.
            donor_labels: uint8 (B, H, W).

        Returns:
            Crops of images and labels, uint8 (B, h, w, 3) and (B, h, w); grey and IGNORE outside of
            the frame.
        """
        keys = jax.random.split(key, len(images))
        return jax.vmap(self._frame)(keys, images, labels, donors, donor_labels)

    def _frame(self, key, image, labels, donor, donor_labels):
        """The same for one frame, without the axis B."""
        copy_key, place_key, colour_key, noise_key, transfer_key = jax.random.split(key, 5)
        image = self._transfer(transfer_key, image, donor)
        image, labels = self._copy(copy_key, image, labels, donor, donor_labels)
        rows, columns = self._places(place_key, *labels.shape)
        inside = (rows >= 0) & (rows <= labels.shape[0] - 1)
        inside &= (columns >= 0) & (columns <= labels.shape[1] - 1)
        labels = jnp.where(inside, _nearest(labels, rows, columns), IGNORE)
        image = self._recolour(colour_key, _bilinear(image, rows, columns))
        image = jnp.where(inside[..., None], image + self._noise(noise_key, image.shape), _GREY)
        return jnp.round(jnp.clip(image, 0, 255)).astype("uint8"), labels.astype("uint8")

    def _transfer(self, key, image, donor):
        """Colours as bright and as varied as the donor's; uint8, or float32 of grey levels."""
        image, donor = image.astype("float32"), donor.astype("float32")
        factor = donor.std((0, 1)) / jnp.maximum(image.std((0, 1)), 1)
        changed = jnp.clip((image - image.mean((0, 1))) * factor + donor.mean((0, 1)), 0, 255)
        return jnp.where(jax.random.uniform(key) < self.transfer, changed, image)

    def _copy(self, key, image, labels, donor, donor_labels):
        """The donor's objects, mirrored or not, in their own place."""
        wanted, mirrored = jax.random.uniform(key, (2,)) < jnp.array([self.copy_share, 0.5])
        donor = jnp.where(mirrored, donor[:, ::-1], donor)
        donor_labels = jnp.where(mirrored, donor_labels[:, ::-1], donor_labels)
        mask = wanted & jnp.isin(donor_labels, jnp.array(self.copied, donor_labels.dtype))
        image = jnp.where(mask[..., None], donor, image)
        return image, jnp.where(mask, donor_labels, labels)

    def _places(self, key, height, width):
        """Rows and columns in the frame, float32 (h, w), of each pixel of the crop."""
        draws = jax.random.uniform(key, (6,))
        magnification = jnp.exp(_between(draws[0], *jnp.log(jnp.array(self.scale))))
        stretch = jnp.exp(_between(draws[1], -self.aspect, self.aspect) / 2)
        angle = _between(draws[2], -self.rotation, self.rotation)
        sizes = jnp.array([height, width], "float32")
        steps = jnp.array([stretch, 1 / stretch]) / magnification  # frame's pixels for one of the crop
        half = steps * jnp.array(self.crop) / 2
        centre = _between(draws[3:5], half, sizes - half) - 0.5  # a larger crop contains the frame
        y, x = (jnp.arange(length) - (length - 1) / 2 for length in self.crop)
        y, x = y[:, None] * steps[0], x[None] * steps[1] * jnp.where(draws[5] < 0.5, -1, 1)
        rows = centre[0] + y * jnp.cos(angle) + x * jnp.sin(angle)
        return rows, centre[1] + x * jnp.cos(angle) - y * jnp.sin(angle)

    def _recolour(self, key, image):
        """Saturation, contrast, brightness, the balance of the channels, then gamma; float (h, w, 3)."""
        draws = jax.random.uniform(key, (8,))
        spreads = jnp.array([self.brightness, self.contrast, self.saturation])
        brightness, contrast, saturation = _between(draws[:3], 1 - spreads, 1 + spreads)
        saturation = jnp.where(draws[3] < self.grey, 0, saturation)
        luma = (image @ _LUMA)[..., None]
        image = luma + saturation * (image - luma)
        image = luma.mean() + contrast * (image - luma.mean())
        image *= brightness * _between(draws[4:7], 1 - self.channels, 1 + self.channels)
        exponent = jnp.exp(_between(draws[7], -self.gamma, self.gamma))
        return 255 * (jnp.clip(image, 0, 255) / 255) ** exponent

    def _noise(self, key, shape):
        size_key, noise_key = jax.random.split(key)
        deviation = jax.random.uniform(size_key, maxval=self.noise)
        return deviation * jax.random.normal(noise_key, shape)


def _between(share, low, high):
    return low + share * (high - low)


def _nearest(values, rows, columns):
    """values (H, W, ...) at the nearest places; beyond the edge, those of the edge."""
    last_row, last_column = values.shape[0] - 1, values.shape[1] - 1
    row = jnp.clip(jnp.round(rows).astype("int32"), 0, last_row)
    return values[row, jnp.clip(jnp.round(columns).astype("int32"), 0, last_column)]


def _bilinear(image, rows, columns):
    """uint8 (H, W, C) -> float32 (h, w, C)."""
    top, left = jnp.floor(rows), jnp.floor(columns)
    down, right = (rows - top)[..., None], (columns - left)[..., None]
    above, below = (
        (1 - right) * _nearest(image, row, left) + right * _nearest(image, row, left + 1)
        for row in (top, top + 1)
    )
    return (1 - down) * above + down * below
