"""ClassMap: class ids, names and colours of one sequence in one table, and the pickle that keeps them.

An encoded label image is RGB, one colour a class or an object instance. A colour means something
only within its own sequence, so every sequence has its own ClassMap; class ids are shared by all.
"""

import pickle
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from roadseg.errors import DataError
from roadseg.files import user_path

IGNORE = 255  # label id of pixels that belong to no class: void, undefined, outside of the image
_UNLISTED = 254  # stands for an unlisted colour until it is reported
_STRIP = 32  # rows decoded at a time, so that intermediate arrays stay in the processor's cache

Colour = tuple[int, int, int]

# Colour -> classes that usually get it. Any two are at least 15 apart in CAM02-UCS (Luo, Cui, Li 2006),
# for most people and for deuteranopes.
DISTINCT: dict[Colour, tuple[str, ...]] = {
    (75, 60, 90): ("road",),
    (150, 75, 165): ("pavement", "sidewalk"),
    (225, 195, 90): ("building",),
    (240, 180, 225): ("wall",),
    (75, 120, 120): ("fence", "guardrail"),
    (105, 165, 180): ("pole",),
    (240, 255, 180): ("trafficlight",),
    (240, 255, 30): ("trafficsign", "signsymbol"),
    (0, 150, 30): ("tree",),
    (45, 120, 75): ("vegetation", "plants"),
    (45, 210, 165): ("terrain",),
    (105, 195, 255): ("sky",),
    (240, 15, 135): ("pedestrian", "person"),
    (120, 0, 255): ("bicyclist", "rider"),
    (255, 90, 0): ("car", "vehicle"),
    (135, 45, 0): ("truck",),
    (15, 60, 165): ("van", "bus"),
    (105, 45, 60): ("misc", "train"),
    (210, 60, 255): ("bicycle",),
}


def distinct_palette(class_names: Sequence[str], palette: Sequence[Colour]) -> tuple[Colour, ...]:
    """A colour of `DISTINCT` for each class: the usual one of its name, else one that is left.

    More classes than there are such colours keep their own, which is the palette.
    """
    if len(class_names) > len(DISTINCT):
        return tuple(palette)
    usual = {name: colour for colour, names in DISTINCT.items() for name in names}
    chosen = {}
    for name in class_names:
        colour = usual.get(re.sub(r"[\W_]", "", name).casefold())
        if colour and colour not in chosen.values():
            chosen[name] = colour
    left = (colour for colour in DISTINCT if colour not in chosen.values())
    return tuple(chosen.get(name) or next(left) for name in class_names)


class UnlistedColour(DataError):
    """A label image holds a colour that its sequence does not list."""


@dataclass(frozen=True)
class ClassMap:
    """Colours of one sequence <-> class ids."""

    class_names: tuple[str, ...]  # in the source's own order
    palette: tuple[Colour, ...]  # to paint a class for which the sequence lists no colour
    colour_to_id: Mapping[Colour, int]  # all that are listed, instances included; IGNORE: undefined

    def decode(self, colours: np.ndarray) -> np.ndarray:
        """Class ids uint8 (H, W) of an encoded label image uint8 (H, W, 3).

        Raises UnlistedColour when a pixel's colour is not listed exactly.
        """
        ids = np.empty(colours.shape[:2], np.uint8)
        for start in range(0, len(ids), _STRIP):
            strip = slice(start, start + _STRIP)
            # "clip" spares a copy; 24 bits cannot lie outside of the table.
            self._lookup.take(_pack_image(colours[strip]), out=ids[strip], mode="clip")
        ids ^= _UNLISTED
        unlisted = ids == _UNLISTED
        if unlisted.any():
            values, counts = np.unique(_pack_image(colours)[unlisted], return_counts=True)
            value, pixels = int(values[counts.argmax()]), counts.max()
            colour = value & 255, value >> 8 & 255, value >> 16
            more = f", and {len(values) - 1} more colours" if len(values) > 1 else ""
            raise UnlistedColour(
                f"colour {colour} in {pixels} pixels{more}: not in the encoding of this sequence"
            )
        return ids

    def encode(self, ids: np.ndarray) -> np.ndarray:
        """Colours uint8 (..., 3) of class ids uint8 (...): the inverse of `decode`.

        A class is painted in the first colour that the sequence lists for it, else in its palette
        colour; IGNORE in the undefined colour, else black.
        """
        table = np.zeros((256, 3), np.uint8)
        table[: len(self.palette)] = self.palette
        for colour, class_id in reversed(self.colour_to_id.items()):
            table[class_id] = colour
        return table[ids]

    def __getstate__(self) -> dict[str, object]:
        """Without the 16 MiB of the look-up table, which a copy in another process makes itself."""
        return {name: value for name, value in self.__dict__.items() if name != "_lookup"}

    @cached_property
    def _lookup(self) -> np.ndarray:
        """Packed 24-bit colour -> id ^ _UNLISTED, which makes "unlisted" zero.

        So only those pages of the 16 MiB that hold a listed colour ever exist in memory.
        """
        table = np.zeros(1 << 24, np.uint8)
        for (red, green, blue), class_id in self.colour_to_id.items():
            table[red | green << 8 | blue << 16] = class_id ^ _UNLISTED
        return table


def _pack_image(colours: np.ndarray) -> np.ndarray:
    """int64 (H, W): red | green << 8 | blue << 16.

    Four bytes are read at every third one and the fourth, of the next pixel, is masked out: one pass
    over the image instead of one a channel. The last pixel has no next one.
    """
    flat = np.ascontiguousarray(colours).reshape(-1)
    packed = np.empty(colours.shape[:2], np.int64)
    overlapping = np.ndarray(packed.size - 1, "<u4", flat, strides=(3,))
    np.bitwise_and(overlapping, 0xFFFFFF, out=packed.reshape(-1)[:-1])
    packed[-1, -1] = int.from_bytes(flat[-3:].tobytes(), "little")
    return packed


def dump_class_maps(class_maps: Mapping[str, ClassMap]) -> bytes:
    """The pickle of builtins that stands beside a store.

    {id_to_name: {id: name}, name_to_id: {name: id}, id_to_colour: {id: (r, g, b)} to paint with,
    colour_to_id: {sequence: {(r, g, b): id}}, where 255 is "ignore"}
    """
    first = next(iter(class_maps.values()))
    tables = {
        "id_to_name": dict(enumerate(first.class_names)),
        "name_to_id": {name: class_id for class_id, name in enumerate(first.class_names)},
        "id_to_colour": dict(enumerate(first.palette)),
        "colour_to_id": {name: dict(each.colour_to_id) for name, each in class_maps.items()},
    }
    return pickle.dumps(tables, protocol=4)


class _BuiltinsOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str):
        raise pickle.UnpicklingError(f"it names {module}.{name}, where only builtins are expected")


def load_class_maps(path: str | Path) -> dict[str, dict]:
    """The dictionaries of `dump_class_maps`; raises DataError for anything else, running none of it."""
    path = user_path(path)
    try:
        with path.open("rb") as file:
            return dict(_BuiltinsOnly(file).load())
    except Exception as error:  # whatever a damaged pickle happens to mean
        raise DataError(f"{path}: not a readable class map ({error}); run the preprocessing again")
