"""Virtual KITTI 1.3.1 (Gaidon, Wang, Cabon, Vig, CVPR 2016) and 2.0.3 (Cabon, Murray, Humenberger 2020).

Both have the same 14 classes. In 1.3.1 cars and vans are coloured by instance, so that a colour may
mean Car in one world and Van in another; in 2.0.3 every class has one colour.
"""

import re
from abc import abstractmethod
from pathlib import Path

import numpy as np

from roadseg.data.classes import IGNORE, ClassMap, Colour, UnlistedColour
from roadseg.data.sources.base import Files, Frame, Source, numbered_files
from roadseg.data.sources.images import read_mask
from roadseg.errors import DataError

FRAME_COUNTS = {"0001": 447, "0002": 233, "0006": 270, "0018": 339, "0020": 837}  # in each world's drive
VARIATIONS = (
    "15-deg-left", "15-deg-right", "30-deg-left", "30-deg-right", "clone", "fog", "morning", "overcast",
    "rain", "sunset",
)  # fmt: skip
# In the order of the data set's own encoding files. Car and Van are painted as in version 2.
_CLASSES: dict[str, Colour] = {
    "Terrain": (210, 0, 200),
    "Sky": (90, 200, 255),
    "Tree": (0, 199, 0),
    "Vegetation": (90, 240, 0),
    "Building": (140, 140, 140),
    "Road": (100, 60, 100),
    "GuardRail": (255, 100, 255),
    "TrafficSign": (255, 255, 0),
    "TrafficLight": (200, 200, 0),
    "Pole": (255, 130, 0),
    "Misc": (80, 80, 80),
    "Truck": (160, 60, 60),
    "Car": (255, 127, 80),
    "Van": (0, 139, 139),
}


class _VirtualKitti(Source):
    class_names = tuple(_CLASSES)
    palette = tuple(_CLASSES.values())
    header: str  # first line of an encoding file
    image_name: re.Pattern
    label_name: re.Pattern

    def __init__(self, path: Path):
        super().__init__(path)
        self._class_maps: dict[str, ClassMap] = {}

    @abstractmethod
    def _places(self, sequence: str) -> tuple[Path, Path, Path]:
        """Where a sequence has its images, its label images, and the encoding of their colours."""

    def files(self, sequence: str) -> Files:
        images, labels, _ = self._places(sequence)
        return numbered_files((images, self.image_name), (labels, self.label_name))

    def class_map(self, sequence: str) -> ClassMap:
        if sequence not in self._class_maps:
            path = self._places(sequence)[2]
            try:
                text = path.read_text("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise DataError(f"{path}: this encoding file cannot be read ({error}); extract it again")
            self._class_maps[sequence] = self._parse_encoding(text, path)
        return self._class_maps[sequence]

    def read_labels(self, frame: Frame) -> np.ndarray:
        class_map = self.class_map(frame.sequence)
        try:
            return class_map.decode(np.asarray(read_mask(frame.label).convert("RGB")))
        except UnlistedColour as error:
            encoding = self._places(frame.sequence)[2]
            raise UnlistedColour(
                f"{frame.label}: {error} ({encoding}); extract both again from the same archive"
            )

    def _parse_encoding(self, text: str, path: Path) -> ClassMap:
        ids = {name: number for number, name in enumerate(self.class_names)} | {"Undefined": IGNORE}
        colour_to_id: dict[Colour, int] = {}
        for number, line in enumerate(text.splitlines() or [""], start=1):
            try:
                if number > 1 and line.strip():
                    name, *channels = line.split()
                    red, green, blue = bytes(map(int, channels))
                    class_id = ids[name.partition(":")[0]]  # "Car:7" is one of the cars
                    is_right = colour_to_id.setdefault((red, green, blue), class_id) == class_id
                else:
                    is_right = number > 1 or line.split() == self.header.split()
            except (ValueError, KeyError):
                is_right = False
            if not is_right:
                raise DataError(
                    f"{path}: line {number}, {line!r}: the header {self.header!r} is expected, then "
                    "known classes with three numbers 0..255 each, no colour for two of them; extract "
                    "it again"
                )
        return ClassMap(self.class_names, self.palette, colour_to_id)


class VirtualKitti1(_VirtualKitti):
    """Version 1.3.1; a sequence is "<world>/<variation>", such as "0001/sunset"."""

    kind = "virtual_kitti_1"
    layout = "a folder with vkitti_1.3.1_rgb/ and vkitti_1.3.1_scenegt/"
    header = "Category(:id) r g b"
    image_name = label_name = re.compile(r"(?P<index>[0-9]{5})\.png")

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return any((path / f"vkitti_1.3.1_{part}").is_dir() for part in ("rgb", "scenegt"))

    def sequences(self) -> list[str]:
        """The sequences whose images are there: the label archive is small and always complete."""
        found = self.path.glob("vkitti_1.3.1_rgb/[0-9][0-9][0-9][0-9]/[!.]*/")
        return sorted(f"{folder.parent.name}/{folder.name}" for folder in found)

    def _places(self, sequence: str) -> tuple[Path, Path, Path]:
        labels = self.path / "vkitti_1.3.1_scenegt"
        encoding = f"{sequence.replace('/', '_')}_scenegt_rgb_encoding.txt"
        return self.path / "vkitti_1.3.1_rgb" / sequence, labels / sequence, labels / encoding


class VirtualKitti2(_VirtualKitti):
    """Version 2.0.3; a sequence is "<Scene>/<variation>/<camera>", "Scene01/sunset/Camera_0".

    The archives have no top folder, so they may lie in one folder or each in one of its own.
    """

    kind = "virtual_kitti_2"
    layout = "a folder with Scene01/ ... or with vkitti_2.0.3_rgb/Scene01/ ..."
    header = "Category r g b"
    image_name = re.compile(r"rgb_(?P<index>[0-9]{5})\.jpg")
    label_name = re.compile(r"classgt_(?P<index>[0-9]{5})\.png")

    @classmethod
    def recognises(cls, path: Path) -> bool:
        scene = "Scene[0-9][0-9]/"
        return any(any(path.glob(place)) for place in (scene, f"vkitti_2.0.3_*/{scene}"))

    def sequences(self) -> list[str]:
        found = self._root("rgb").glob("Scene[0-9][0-9]/[!.]*/frames/rgb/Camera_[01]/")
        return sorted("/".join((*camera.parts[-5:-3], camera.name)) for camera in found)

    def _root(self, archive: str) -> Path:
        own = self.path / f"vkitti_2.0.3_{archive}"
        return own if own.is_dir() else self.path

    def _places(self, sequence: str) -> tuple[Path, Path, Path]:
        scene, variation, camera = sequence.split("/")
        images, labels = (
            self._root(archive) / scene / variation / "frames" / archive / camera
            for archive in ("rgb", "classSegmentation")
        )
        return images, labels, self._root("textgt") / scene / variation / "colors.txt"
