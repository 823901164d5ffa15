"""Virtual KITTI 1.3.1 (Gaidon, Wang, Cabon, Vig, CVPR 2016) and 2.0.3 (Cabon, Murray, Humenberger 2020).

Both have the same 14 classes. In 1.3.1 cars and vans are coloured by instance, so that a colour may
mean Car in one world and Van in another; in 2.0.3 every class has one colour.
"""

import re
from abc import abstractmethod
from pathlib import Path

import numpy as np

from roadseg.data.classes import IGNORE, ClassMap, Colour, UnlistedColour
from roadseg.data.sources.base import Frame, Source, files_by_index, frame_files, subfolders
from roadseg.data.sources.image_files import read_image
from roadseg.errors import DataError

FRAME_COUNTS = {"0001": 447, "0002": 233, "0006": 270, "0018": 339, "0020": 837}  # in each world's drive
VARIATIONS = (
    "15-deg-left", "15-deg-right", "30-deg-left", "30-deg-right", "clone", "fog", "morning", "overcast",
    "rain", "sunset",
)  # fmt: skip
_MAX_ENCODING = 10_000_000  # bytes
_BYTE = re.compile("[0-9]{1,3}")
_INSTANCE = re.compile("[0-9]{1,18}")
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
    instance_classes: frozenset[str] = frozenset()  # listed as "Name:id"
    undefined: frozenset[str] = frozenset()

    def __init__(self, path: Path):
        super().__init__(path)
        self._class_maps: dict[str, ClassMap] = {}

    @abstractmethod
    def _encoding_file(self, sequence: str) -> Path: ...

    def class_map(self, sequence: str) -> ClassMap:
        if sequence not in self._class_maps:
            self._check_sequence(sequence)
            self._class_maps[sequence] = self._read_encoding(self._encoding_file(sequence))
        return self._class_maps[sequence]

    def read_labels(self, frame: Frame) -> np.ndarray:
        class_map = self.class_map(frame.sequence)
        try:
            return class_map.decode(np.asarray(read_image(frame.label, "PNG", "RGB")))
        except UnlistedColour as error:
            encoding = self._encoding_file(frame.sequence)
            raise UnlistedColour(
                f"{frame.label}: {error} ({encoding}); extract both again from the same archive"
            )

    def _read_encoding(self, path: Path) -> ClassMap:
        try:
            text = path.read_bytes().decode("utf-8")
        except FileNotFoundError:
            raise DataError(f"{path}: this encoding file is missing; extract it as well")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{path}: cannot be read ({error}); extract it again")
        return self.parse_encoding(text, path)

    @classmethod
    def parse_encoding(cls, text: str, path: object) -> ClassMap:
        """The class map that an encoding file holds; path: for messages. Raises DataError."""
        lines = text.splitlines()
        if not lines or lines[0].split() != cls.header.split():
            raise DataError(f"{path}: line 1 must be {cls.header!r}; extract the file again")
        colour_to_id: dict[Colour, int] = {}
        listed: set[str] = set()
        for number, line in enumerate(lines[1:], start=2):
            if not line.strip():
                continue
            try:
                name, class_id, colour = cls._parse_line(line)
                if name in listed:
                    raise ValueError(f"{name} is listed twice")
                if colour_to_id.get(colour, class_id) != class_id:
                    raise ValueError(f"colour {colour} already stands for another class")
            except ValueError as error:
                raise DataError(f"{path}: line {number}, {line!r}: {error}; extract the file again")
            listed.add(name)
            colour_to_id[colour] = class_id
        if not colour_to_id:
            raise DataError(f"{path}: lists no class; extract the file again")
        return ClassMap(cls.class_names, cls.palette, colour_to_id)

    @classmethod
    def _parse_line(cls, line: str) -> tuple[str, int, Colour]:
        name, *numbers = line.split()
        category, colon, instance = name.partition(":")
        if len(numbers) != 3 or not all(_BYTE.fullmatch(n) and int(n) <= 255 for n in numbers):
            raise ValueError("a name and three numbers 0..255 are expected")
        if category not in _CLASSES and category not in cls.undefined:
            raise ValueError(f"unknown class {category!r}")
        has_instances = category in cls.instance_classes
        if bool(colon) != has_instances or (has_instances and not _INSTANCE.fullmatch(instance)):
            raise ValueError(f"{category} {'needs an' if has_instances else 'has no'} instance id")
        class_id = IGNORE if category in cls.undefined else cls.class_names.index(category)
        red, green, blue = map(int, numbers)
        return name, class_id, (red, green, blue)


class VirtualKitti1(_VirtualKitti):
    """Version 1.3.1; a sequence is "<world>/<variation>", such as "0001/sunset"."""

    kind = "virtual_kitti_1"
    layout = "a folder with vkitti_1.3.1_rgb/ and vkitti_1.3.1_scenegt/"
    header = "Category(:id) r g b"
    instance_classes = frozenset({"Car", "Van"})
    _name = re.compile(r"(?P<index>[0-9]{5})\.png")

    def __init__(self, path: Path):
        super().__init__(path)
        self._images = path / "vkitti_1.3.1_rgb"
        self._labels = path / "vkitti_1.3.1_scenegt"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return any(True for part in ("rgb", "scenegt") for _ in subfolders(path, f"vkitti_1.3.1_{part}"))

    def sequences(self) -> list[str]:
        """The sequences whose images are there: the label archive is small and always complete."""
        found = [
            f"{variation.parent.name}/{variation.name}"
            for variation in subfolders(self._images, "[0-9][0-9][0-9][0-9]", "*")
        ]
        if not found:
            raise DataError(
                f"{self._images}: no image sequence here; extract at least one <world>/<variation>"
            )
        return sorted(found)

    def _encoding_file(self, sequence: str) -> Path:
        return self._labels / f"{sequence.replace('/', '_')}_scenegt_rgb_encoding.txt"

    def _image_files(self, sequence: str) -> dict[int, Path]:
        return files_by_index(frame_files(self._images / sequence, self._name))

    def _label_files(self, sequence: str) -> dict[int, Path]:
        return files_by_index(frame_files(self._labels / sequence, self._name))


class VirtualKitti2(_VirtualKitti):
    """Version 2.0.3; a sequence is "<Scene>/<variation>/<camera>", "Scene01/sunset/Camera_0".

    The archives have no top folder, so they may lie in one folder or each in one of its own.
    """

    kind = "virtual_kitti_2"
    layout = "a folder with Scene01/ ... or with vkitti_2.0.3_rgb/Scene01/ ..."
    header = "Category r g b"
    undefined = frozenset({"Undefined"})
    image_format = "JPEG"
    _image_name = re.compile(r"rgb_(?P<index>[0-9]{5})\.jpg")
    _label_name = re.compile(r"classgt_(?P<index>[0-9]{5})\.png")
    _scene = "Scene[0-9][0-9]"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        places = (cls._scene,), ("vkitti_2.0.3_*", cls._scene)
        return any(True for place in places for _ in subfolders(path, *place))

    def sequences(self) -> list[str]:
        """The sequences whose images are there, in any of the folders they may have been put in."""
        levels = self._scene, "*", "frames", "rgb", "Camera_[01]"
        found = [
            f"{camera.parents[3].name}/{camera.parents[2].name}/{camera.name}"
            for camera in subfolders(self._root("rgb"), *levels)
        ]
        if not found:
            raise DataError(
                f"{self._root('rgb')}: no SceneNN/<variation>/frames/rgb/Camera_N here; "
                "extract at least one sequence of vkitti_2.0.3_rgb.tar"
            )
        return sorted(found)

    def _root(self, archive: str) -> Path:
        return next(subfolders(self.path, f"vkitti_2.0.3_{archive}"), self.path)

    def _encoding_file(self, sequence: str) -> Path:
        scene, variation, _ = sequence.split("/")
        return self._root("textgt") / scene / variation / "colors.txt"

    def _image_files(self, sequence: str) -> dict[int, Path]:
        return self._files("rgb", sequence, self._image_name)

    def _label_files(self, sequence: str) -> dict[int, Path]:
        return self._files("classSegmentation", sequence, self._label_name)

    def _files(self, archive: str, sequence: str, pattern: re.Pattern) -> dict[int, Path]:
        scene, variation, camera = sequence.split("/")
        folder = self._root(archive) / scene / variation / "frames" / archive / camera
        return files_by_index(frame_files(folder, pattern))
