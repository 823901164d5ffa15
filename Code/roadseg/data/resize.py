"""Which pixels of a full-size frame become the pixels of its smaller version."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Downscale:
    """Images are averaged over each block, labels are taken under its centre: both stay aligned.

    What does not divide is cropped symmetrically.
    """

    scale: Fraction  # how many full-size pixels wide a new pixel is
    full_size: tuple[int, int]  # (width, height)

    @classmethod
    def of(cls, full_size: tuple[int, int], scale: float) -> "Downscale":
        """For frames of (width, height); raises ValueError unless scale is a simple ratio from 1 up."""
        exact = Fraction(float(scale)).limit_denominator(16)
        downscale = cls(exact, full_size)
        if exact < 1 or abs(exact - scale) > 1e-6 or 0 in downscale.size:
            raise ValueError(
                f"scale {scale} of {full_size[0]} x {full_size[1]} pixels: give 3, 1.5 or another "
                "simple ratio of at least 1"
            )
        return downscale

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the smaller version."""
        old, new = self.scale.as_integer_ratio()
        return self.full_size[0] // old * new, self.full_size[1] // old * new

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The part of the full-size frame that is used: left, upper, right, lower."""
        width, height = (int(length * self.scale) for length in self.size)
        left, upper = (self.full_size[0] - width) // 2, (self.full_size[1] - height) // 2
        return left, upper, left + width, upper + height

    @property
    def cropped(self) -> tuple[int, int]:
        """How many columns and rows of the full-size frame are not used."""
        left, upper, right, lower = self.box
        return self.full_size[0] - (right - left), self.full_size[1] - (lower - upper)

    def image(self, image: Image.Image) -> np.ndarray:
        """The average of each block, uint8 (H, W, 3): of the pixels whose centres lie in it."""
        if self.scale.denominator == 1:
            return np.asarray(image.reduce(int(self.scale), box=self.box))
        return np.asarray(image.resize(self.size, Image.Resampling.BOX, box=self.box))

    def labels(self, labels: np.ndarray) -> np.ndarray:
        """The class id under the centre of each block, uint8 (H, W)."""
        left, upper, _, _ = self.box
        old, new = self.scale.as_integer_ratio()
        # floor((i + 1/2) * scale), in integers
        columns, rows = ((2 * np.arange(length) + 1) * old // (2 * new) for length in self.size)
        return labels.take(rows + upper, axis=0).take(columns + left, axis=1)
