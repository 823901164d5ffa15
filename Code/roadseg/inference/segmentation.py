"""Segmentation: what a network says about one image, and the images that show it."""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from roadseg.data.classes import IGNORE
from roadseg.inference import legend


@dataclass(frozen=True)
class Segmentation:
    """The classes of one image's pixels, at the image's own size.

    Attributes:
        image: what was labelled, uint8 (H, W, 3), upright.
        ids: uint8 (H, W), the most probable class of each pixel; IGNORE (255) where it is not chosen.
        confidence: float32 (H, W), the probability of that class, 0..1.
        entropy: float32 (H, W), in nats: 0 where the network is certain, ln C where all classes are as
            likely.
        class_names: in the order of their ids.
        palette: (R, G, B) of each class.
    """

    image: np.ndarray
    ids: np.ndarray
    confidence: np.ndarray
    entropy: np.ndarray
    class_names: tuple[str, ...]
    palette: tuple[tuple[int, int, int], ...]

    def only(self, names: Iterable[str]) -> "Segmentation":
        """The same with the named classes alone; pixels of all others are IGNORE.

        Raises ValueError for a name that is no class.
        """
        chosen = np.full(IGNORE + 1, IGNORE, np.uint8)
        for index in check_classes(names, self.class_names):
            chosen[index] = index
        return dataclasses.replace(self, ids=chosen[self.ids])

    def id_image(self) -> Image.Image:
        """Mode P: the pixels are class ids, and the palette paints them; IGNORE is black."""
        image = Image.fromarray(self.ids, "L")
        colours = np.zeros((256, 3), np.uint8)
        colours[: len(self.palette)] = self.palette
        image.putpalette(colours.tobytes())
        return image

    def painted(self) -> Image.Image:
        """Mode RGB: every pixel in the colour of its class, black where it is IGNORE."""
        return self.id_image().convert("RGB")

    def overlay(self, opacity: float = 0.5, legend_of: Sequence[str] | None = None) -> Image.Image:
        """The image with the classes' colours over it and a legend below.

        Args:
            opacity: of the colours, 0..1.
            legend_of: names of the classes in the legend; None: those that occur. An empty one leaves
                the legend out.
        """
        if not 0 <= opacity <= 1:
            raise ValueError(f"opacity {opacity}: give a number from 0 to 1")
        image = Image.fromarray(self.image)
        blended = Image.blend(image, self.painted(), opacity)
        if (self.ids == IGNORE).any():
            blended.paste(image, mask=Image.fromarray(self.ids == IGNORE))
        names = self._occurring() if legend_of is None else legend_of
        return self.with_legend(blended, names)

    def confidence_image(self) -> Image.Image:
        """Mode L: black for 0, white for 1."""
        return Image.fromarray(np.rint(255 * self.confidence).astype(np.uint8))

    def pixels(self) -> np.ndarray:
        """int64 (C): how many pixels each class has."""
        return np.bincount(self.ids.ravel(), minlength=IGNORE + 1)[: len(self.class_names)]

    def shares(self) -> dict[str, float]:
        """The share of each class in all pixels of the image, 0..1."""
        return dict(zip(self.class_names, (self.pixels() / self.ids.size).tolist(), strict=True))

    def _occurring(self) -> list[str]:
        return [name for name, count in zip(self.class_names, self.pixels(), strict=True) if count]

    def with_legend(self, image: Image.Image, names: Iterable[str]) -> Image.Image:
        """The image with a legend of the named classes below."""
        chosen = check_classes(names, self.class_names)
        return legend.below(image, tuple((self.class_names[i], self.palette[i]) for i in chosen))


def check_classes(names: Iterable[str], class_names: Sequence[str]) -> list[int]:
    """The ids of the named classes; raises ValueError for a name that is no class."""
    names = [names] if isinstance(names, str) else list(names)
    unknown = [name for name in names if name not in class_names]
    if unknown:
        raise ValueError(f"unknown class {unknown[0]!r}: one of {', '.join(class_names)}")
    return sorted({class_names.index(name) for name in names})
