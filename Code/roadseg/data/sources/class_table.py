"""ClassTable: which raw labels of a mask mean which class, as a classes.csv says."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from PIL import Image

from roadseg.data.classes import IGNORE, ClassMap, Colour, UnlistedColour
from roadseg.errors import DataError

VOID = "void"  # the name of what is not counted
MASK_MODES = "L", "I;16", "P", "RGB", "RGBA"  # of Pillow
MAX_ID = 65535
_UNLISTED = 254  # no class id
_BLACK = (0, 0, 0)


class UnlistedLabels(DataError):
    """A mask holds raw labels that its table does not list.

    counts: pixels of each such label, the most frequent first.
    ids: class ids uint8 (H, W) of the mask, IGNORE where its labels are not listed.
    """

    def __init__(self, where: object, table: object, counts: Mapping[Hashable, int], ids: np.ndarray):
        self.ids = ids
        self.counts = dict(sorted(counts.items(), key=lambda item: -item[1]))
        label, pixels = next(iter(self.counts.items()))
        more = f" ({len(counts)} such values in all)" if len(counts) > 1 else ""
        super().__init__(
            f"{where}: {describe(label)} in {pixels} pixels is not in {table}{more}; {remedy(label)}"
        )


@dataclass(frozen=True)
class ClassTable:
    """Raw labels of three kinds -> class ids, IGNORE for void; class ids follow the order of the table.

    class_names, palette: of the classes, void left out.
    ids: of grey masks, and indices of masks with a palette.
    colours: of RGB masks.
    classes: names of classes of another data set, see `label_map`.
    image_suffix, mask_suffix: with which the stems of files end, behind the name that both share.
    size: (H, W) to fit all frames to.
    where: the file, for messages.
    """

    class_names: tuple[str, ...]
    palette: tuple[Colour, ...]
    ids: Mapping[int, int] = field(default_factory=dict)
    colours: Mapping[Colour, int] = field(default_factory=dict)
    classes: Mapping[str, int] = field(default_factory=dict)
    image_suffix: str | None = None
    mask_suffix: str | None = None
    size: tuple[int, int] | None = None
    where: str = "the class table"

    @cached_property
    def class_map(self) -> ClassMap:
        """Its colours, or where it has ids the palette, with void in black."""
        colours = self.colours or {
            _BLACK: IGNORE,
            **{colour: number for number, colour in enumerate(self.palette)},
        }
        return ClassMap(self.class_names, self.palette, colours)

    def decode(self, mask: Image.Image, path: object) -> np.ndarray:
        """Class ids uint8 (H, W) of a mask, every pixel checked.

        Args:
            mask: of one of the MASK_MODES.
            path: of the mask, for messages.

        Raises:
            UnlistedLabels: a pixel's raw label is not in the table.
            DataError: the table has no labels of the mask's kind.
        """
        labels = self.raw_labels(mask, path)
        if labels.ndim == 3:
            try:
                return self.class_map.decode(labels)
            except UnlistedColour:
                raise self._unlisted(labels, self.colours, path)
        ids = self._lookup[labels]
        if (ids == _UNLISTED).any():
            raise self._unlisted(labels, self.ids, path)
        return ids

    def _unlisted(self, labels: np.ndarray, listed: Mapping, path: object) -> UnlistedLabels:
        found, places, counts = unique_labels(labels)
        ids = np.array([listed.get(label, IGNORE) for label in found], np.uint8)[places]
        unlisted = {label: n for label, n in zip(found, counts, strict=True) if label not in listed}
        return UnlistedLabels(path, self.where, unlisted, ids)

    def raw_labels(self, mask: Image.Image, path: object) -> np.ndarray:
        """What counts in a mask: ids uint8 or uint16 (H, W), or colours uint8 (H, W, 3).

        Of a mask with a palette the indices count, unless the table gives colours.
        """
        labels = raw_labels(mask, path, in_colours=bool(self.colours))
        kind, listed = ("colours", self.colours) if labels.ndim == 3 else ("ids", self.ids)
        if not listed:
            raise DataError(
                f"{path}: its pixels are {kind}, but {self.where} has none; add a column "
                f"{'colour' if labels.ndim == 3 else 'id'!r}, or save the masks in the other way"
            )
        return labels

    def label_map(self, class_names: Iterable[str]) -> np.ndarray:
        """uint8 (256): class ids of another data set -> class ids of this table; IGNORE stays IGNORE.

        Args:
            class_names: of the other data set, in the order of their ids.

        Raises:
            DataError: the table's column "class" lacks one of them.
        """
        table = np.full(256, IGNORE, np.uint8)
        for number, name in enumerate(class_names):
            if name not in self.classes:
                raise DataError(
                    f"{self.where}: class {name!r} is not in its column 'class'; "
                    f"write it behind a name, or behind {VOID}"
                )
            table[number] = self.classes[name]
        return table

    @cached_property
    def _lookup(self) -> np.ndarray:
        table = np.full(MAX_ID + 1, _UNLISTED, np.uint8)
        for raw, class_id in self.ids.items():
            table[raw] = class_id
        return table


def raw_labels(mask: Image.Image, path: object, in_colours: bool) -> np.ndarray:
    """Ids uint8 or uint16 (H, W) or colours uint8 (H, W, 3) of a mask.

    in_colours: whether a mask with a palette is read as colours.
    """
    if mask.mode == "RGBA":
        if mask.getextrema()[3] != (255, 255):
            raise DataError(f"{path}: partly transparent; save it without an alpha channel")
        mask = mask.convert("RGB")
    if mask.mode == "P" and in_colours:
        if mask.getextrema()[1] >= len(mask.getpalette()) // 3:
            raise DataError(f"{path}: pixels beyond the end of its palette; save it again")
        mask = mask.convert("RGB")
    return np.asarray(mask)


def unique_labels(labels: np.ndarray) -> tuple[list[Hashable], np.ndarray, list[int]]:
    """Each raw label, an int or a colour; which of them each pixel (H, W) has; pixels of each."""
    is_colour = labels.ndim == 3
    if is_colour:
        red, green, blue = np.moveaxis(labels.astype(np.uint32), -1, 0)
        labels = red << 16 | green << 8 | blue
    values, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
    found = values.tolist()
    if is_colour:
        found = [(value >> 16, value >> 8 & 255, value & 255) for value in found]
    return found, places.reshape(labels.shape), counts.tolist()


def describe(label: Hashable) -> str:
    """A raw label in words."""
    return f"colour {written(label)}" if isinstance(label, tuple) else f"id {label}"


def remedy(label: Hashable) -> str:
    """What to write into the table for a raw label that it lacks."""
    kind = "colour" if isinstance(label, tuple) else "id"
    return (
        f"add a line with a name and the {kind} {written(label)!r}, or append '| {written(label)}' to "
        f"the {kind}s of a class or of {VOID}"
    )


def written(label: Hashable) -> str:
    """As in a table."""
    return " ".join(map(str, label)) if isinstance(label, tuple) else str(label)
