"""Segmentation: what a network says about one image, how sure it is, and the images that show it."""

import dataclasses
import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from roadseg.data.classes import IGNORE, Colour, distinct_palette

LAYOUTS = "overlay", "beside"
PALETTES = "distinct", "own"
_SMALLEST_TEXT = 13  # pixels high, in legends
_BINS = 10  # of confidence, equally wide


@dataclass(frozen=True)
class Segmentation:
    """The classes of one image's pixels, at the image's own size.

    Attributes:
        image: what was labelled, uint8 (H, W, 3), upright.
        ids: uint8 (H, W), the most probable class of each pixel; IGNORE (255) where it is not chosen.
        confidence: float32 (H, W), the probability of that class, 0..1; None where nobody asked for it.
        entropy: float32 (H, W), in nats: 0 where the network is certain, ln C where all classes are as
            likely; None where nobody asked for it.
        class_names: in the order of their ids.
        palette: (R, G, B) of each class.
        mean_confidence: over the pixels that the network saw.
    """

    image: np.ndarray
    ids: np.ndarray
    confidence: np.ndarray | None
    entropy: np.ndarray | None
    class_names: tuple[str, ...]
    palette: tuple[Colour, ...]
    mean_confidence: float = math.nan

    def only(self, names: Iterable[str]) -> "Segmentation":
        """The same with the named classes alone; pixels of all others are IGNORE.

        Raises ValueError for a name that is no class.
        """
        is_chosen = np.isin(self.ids, self._ids_of(names))
        return dataclasses.replace(self, ids=np.where(is_chosen, self.ids, np.uint8(IGNORE)))

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

    def overlay(
        self, opacity: float = 0.5, legend_of: Sequence[str] | None = None, palette: str = "distinct"
    ) -> Image.Image:
        """The image with the classes' colours over it, white lines between them, and a legend below.

        Args:
            opacity: of the colours, 0..1.
            legend_of: names of the classes in the legend; None: those that occur; empty: no legend.
            palette: "distinct", see `distinct`, or the class's "own" colours.

        Raises ValueError for another palette or opacity, or a name that is no class.
        """
        check_opacity(opacity)
        check_names("palette", [palette], PALETTES)
        if palette == "distinct":
            return self.distinct().overlay(opacity, legend_of, "own")
        image = Image.fromarray(self.image)
        blended = Image.blend(image, self.painted(), opacity)
        if (self.ids == IGNORE).any():
            blended.paste(image, mask=Image.fromarray(self.ids == IGNORE))
        # White lines lie below and to the right of another class; wider ones in large images.
        edges = np.zeros(self.ids.shape, bool)
        for shift in range(1, 1 + max(1, round(image.width / 900))):
            edges[shift:] |= self.ids[shift:] != self.ids[:-shift]
            edges[:, shift:] |= self.ids[:, shift:] != self.ids[:, :-shift]
        blended.paste("white", mask=Image.fromarray(edges))
        if legend_of is None:
            legend_of = [self.class_names[index] for index in np.flatnonzero(self.pixels())]
        return self.with_legend(blended, legend_of)

    def distinct(self) -> "Segmentation":
        """The same in colours that most colour-blind people can tell apart, too."""
        return dataclasses.replace(self, palette=distinct_palette(self.class_names, self.palette))

    def confidence_image(self) -> Image.Image:
        """Mode L: black for 0, white for 1."""
        return Image.fromarray(np.rint(255 * self.confidence).astype(np.uint8))

    def pixels(self) -> np.ndarray:
        """int64 (C): how many pixels each class has."""
        return np.bincount(self.ids.ravel(), minlength=IGNORE + 1)[: len(self.class_names)]

    def shares(self) -> dict[str, float]:
        """The share of each class in all pixels of the image, 0..1."""
        return dict(zip(self.class_names, (self.pixels() / self.ids.size).tolist(), strict=True))

    def with_legend(self, image: Image.Image, names: Iterable[str]) -> Image.Image:
        """The image with a legend of the named classes below; the image alone without names."""
        entries = tuple((self.class_names[index], self.palette[index]) for index in self._ids_of(names))
        if not entries:
            return image
        text_height = max(_SMALLEST_TEXT, min(image.width // 60, image.height // 8))
        return Image.fromarray(np.vstack([image, _legend(entries, image.width, text_height)]))

    def _ids_of(self, names: Iterable[str]) -> list[int]:
        names = {names} if isinstance(names, str) else {*names}
        check_names("class", names, self.class_names)
        return sorted(map(self.class_names.index, names))


@dataclass(frozen=True)
class Appearance:
    """What results show."""

    classes: tuple[str, ...] | None = None  # names of the only classes that are kept; None: all
    opacity: float = 0.5  # of the overlay, 0..1
    layout: str = "overlay"  # of videos: "overlay", or "beside", the frame and its overlay

    def __post_init__(self):
        check_opacity(self.opacity)
        check_names("layout", [self.layout], LAYOUTS)

    def chosen(self, segmentation: Segmentation) -> Segmentation:
        """The segmentation with the chosen classes alone."""
        return segmentation if self.classes is None else segmentation.only(self.classes)

    def video_frame(self, segmentation: Segmentation) -> Image.Image:
        """One frame of a labelled video; its legend names all classes, so that its height never changes.

        Frames more than twice as wide as high stand above their overlay, not beside it.
        """
        names = self.classes or segmentation.class_names
        if self.layout == "overlay":
            return segmentation.overlay(self.opacity, names)
        image, overlay = segmentation.image, np.asarray(segmentation.overlay(self.opacity, ()))
        both = np.concatenate([image, overlay], axis=int(image.shape[1] <= 2 * image.shape[0]))
        return segmentation.with_legend(Image.fromarray(both), names)


@dataclass(frozen=True)
class Reliability:
    """Labelled pixels, sorted by the confidence of their prediction into equally wide bins from 0 to 1.

    Each of B bins has so many `pixels` int64 (B,), of which so many are `right` int64 (B,), and their
    mean `confidence` float (B,), NaN in an empty bin.
    """

    pixels: np.ndarray
    right: np.ndarray
    confidence: np.ndarray

    @property
    def accuracy(self) -> np.ndarray:
        """float (B,): the share of right pixels in each bin; NaN in an empty one."""
        return _ratio(self.right, self.pixels)

    @property
    def gap(self) -> float:
        """Expected calibration error: how far confidence and accuracy differ, mean over all pixels."""
        gaps = self.pixels * abs(self.confidence - self.accuracy)
        return float(_ratio(np.nansum(gaps), self.pixels.sum()))

    def above(self, confidence: float) -> tuple[float, float]:
        """The share of the pixels whose bin begins there or higher, and how many of them are right."""
        chosen = slice(round(confidence * len(self.pixels)), None)
        pixels, right = self.pixels[chosen].sum(), self.right[chosen].sum()
        return float(_ratio(pixels, self.pixels.sum())), float(_ratio(right, pixels))


def measure_reliability(pairs: Iterable[tuple[Segmentation, np.ndarray]]) -> Reliability:
    """Whether a network is right as often as its confidence says (Guo et al. 2017).

    pairs: what the network says, and the true class ids uint8 (H, W); IGNORE where nothing counts.

    Raises ValueError for a truth of another size than its image, or with ids that are no class.
    """
    pixels, right, confidence = np.zeros((3, _BINS))
    for segmentation, truth in pairs:
        classes, shape = len(segmentation.class_names), segmentation.ids.shape
        counted = truth != IGNORE
        if truth.shape != shape or not np.isin(truth[counted], range(classes)).all():
            raise ValueError(
                f"truth of {truth.shape}, ids {truth.min()} to {truth.max()}, for an image of {shape} "
                f"pixels and {classes} classes: give an id for each pixel, {IGNORE} where none is known"
            )
        sure = segmentation.confidence[counted]
        bins = np.minimum((sure * _BINS).astype(np.intp), _BINS - 1)
        pixels += np.bincount(bins, minlength=_BINS)
        right += np.bincount(bins, (segmentation.ids == truth)[counted], _BINS)
        confidence += np.bincount(bins, sure, _BINS)
    return Reliability(pixels.astype(np.int64), right.astype(np.int64), _ratio(confidence, pixels))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """NaN where there is nothing."""
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


def check_names(kind: str, names: Iterable[str], known: Sequence[str]) -> None:
    """Raises ValueError for a name that is not known; kind: of the names, for the message."""
    for name in names:
        if name not in known:
            raise ValueError(f"unknown {kind} {name!r}: one of {', '.join(known)}")


def check_opacity(opacity: float) -> None:
    """Raises ValueError unless it lies in 0..1."""
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity {opacity}: give a number from 0 to 1")


@functools.lru_cache(maxsize=64)  # neighbouring frames have the same one
def _legend(entries: tuple[tuple[str, Colour], ...], width: int, size: int) -> Image.Image:
    """Name and colour of each class, in as many rows as they need; size: of the text in pixels."""
    fonts = {name: _font(name, size) for name, _ in entries}
    rows, left = [], width
    for name, colour in entries:
        needed = round(size * 1.4 + fonts[name].getlength(name))
        if left + needed > width - size // 2:
            rows.append([])
            left = size // 2
        rows[-1].append((left, name, colour))
        left += needed + size
    height = round(size * 1.6)
    image = Image.new("RGB", (width, height * len(rows) + size // 2), "white")
    draw = ImageDraw.Draw(image)
    for number, row in enumerate(rows):
        middle = size // 4 + height * number + height // 2
        for left, name, colour in row:
            box = left, middle - size // 2, left + size, middle + size // 2
            draw.rectangle(box, fill=colour, outline="black")
            draw.text((left + size * 1.4, middle), name, fill="black", font=fonts[name], anchor="lm")
    return image


def _font(text: str, size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own for ASCII; else that of Matplotlib, or the first installed one with all letters."""
    if text.isascii():
        return ImageFont.load_default(size)
    from matplotlib import font_manager, ft2font

    dejavu = font_manager.findfont("DejaVu Sans")
    for path in (dejavu, *sorted(entry.fname for entry in font_manager.fontManager.ttflist)):
        if ft2font.FT2Font(path).get_charmap().keys() >= set(map(ord, text)):
            return ImageFont.truetype(path, size)
    return ImageFont.truetype(dejavu, size)
