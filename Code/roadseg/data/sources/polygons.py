"""Labels that are polygons in text files: those of COCO, YOLO and LabelMe."""

import json
import re
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from roadseg.data.classes import IGNORE, ClassMap
from roadseg.data.sources.base import Files, Frame, Source
from roadseg.data.sources.class_table import VOID, ClassTable, spread_colours
from roadseg.data.sources.folder import LOOSE, frame_numbers
from roadseg.data.sources.images import IMAGE_FORMATS
from roadseg.errors import DataError

BACKGROUND = "background"  # the class of what no polygon covers
# The one entry of YOLO's data.yaml that is needed; PyYAML would be one more required package for it.
_NAMES = re.compile(r"^names:((?:.*\n?)(?:[ \-\]}].*\n?|\n)*)", re.MULTILINE)
_LOOKED_AT = 8  # files, to recognise a folder
_LABELME = {"__ignore__": VOID, "_background_": BACKGROUND}  # names with a meaning


class Polygons(Source):
    """Images whose labels are drawn at full size from polygons, of which a later one hides earlier ones.

    A sequence is a folder of images; `images` in its path does not count.
    """

    def __init__(self, path: Path):
        super().__init__(Path(path))
        files = sorted(each for each in self.path.rglob("*") if each.suffix.lower() in IMAGE_FORMATS)
        self._images = [each for each in files if not each.name.startswith(".")]
        self._drawn: dict[Path, tuple[Path, object]] = {}  # image -> file of its polygons, their content
        self._problems: list[str] = []
        names = dict.fromkeys([BACKGROUND, *self._read()])
        self.class_names = tuple(name for name in names if name != VOID)
        self.palette = tuple(islice(spread_colours(), len(self.class_names)))

    @abstractmethod
    def _read(self) -> Iterator[str]:
        """Fills `_drawn`; yields the names of the classes, in their order."""

    @abstractmethod
    def _polygons(self, content: object, size: tuple[int, int]) -> Iterator[tuple[str, np.ndarray]]:
        """Class and corners (N, 2), x and y in pixels, of those on an image of (width, height)."""

    def class_map(self, sequence: str) -> ClassMap:
        return ClassTable(self.class_names, self.palette).class_map

    def sequences(self) -> list[str]:
        return sorted({self._sequence(image) for image in self._images})

    def files(self, sequence: str) -> Files:
        images = {image.name: image for image in self._images if self._sequence(image) == sequence}
        images = {number: images[name] for name, number in frame_numbers(images).items()}
        labels = {n: self._drawn[image][0] for n, image in images.items() if image in self._drawn}
        return Files(images, labels, self._problems)

    def read_labels(self, frame: Frame) -> np.ndarray:
        label, content = self._drawn[frame.image]
        ids = Image.new("L", self.read_image(frame).size)  # 0: background
        draw = ImageDraw.Draw(ids)
        try:
            for name, corners in self._polygons(content, ids.size):
                number = IGNORE if name == VOID else self.class_names.index(name)
                draw.polygon([*map(tuple, corners.tolist())], fill=number)
        except (LookupError, TypeError, ValueError) as error:
            raise DataError(f"{label}: no polygons for {frame.image} ({error}); export them again")
        return np.array(ids)

    def _sequence(self, image: Path) -> str:
        parts = image.parent.relative_to(self.path).parts
        return "/".join(part for part in parts if part != "images") or LOOSE


class Coco(Polygons):
    """Lin et al. 2014 (cocodataset.org), as Roboflow and CVAT write it too; a crowd is void."""

    kind = "coco"
    layout = "a folder with COCO polygons, such as train/_annotations.coco.json, and their images"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return any("categories" in _content(file) for file in _json_files(path)[:_LOOKED_AT])

    def _read(self) -> Iterator[str]:
        for path in _json_files(self.path):
            coco, drawn = _content(path), defaultdict(list)
            categories = {each["id"]: each for each in coco.get("categories", ())}
            for each in coco.get("annotations", ()):
                drawn[each["image_id"]].append((categories[each["category_id"]]["name"], each))
            used = {each["category_id"] for each in coco.get("annotations", ())}
            groups = {each.get("supercategory") for each in categories.values()}
            for number, each in sorted(categories.items()):
                if number in used or each["name"] not in groups:  # Roboflow's first one is the project
                    yield each["name"]
            for entry in coco.get("images", ()):
                found = [each for each in self._images if each.name == Path(entry["file_name"]).name]
                beside = [each for each in found if path.parent in each.parents]
                named = [each for each in found if each.parent.name in path.stem]
                for image in (beside or named or found)[:1]:
                    self._drawn[image] = path, (drawn[entry["id"]], entry)

    def _polygons(self, content, size) -> Iterator[tuple[str, np.ndarray]]:
        annotations, entry = content
        _check_size((entry["width"], entry["height"]), size)
        for name, each in annotations:
            if not isinstance(each["segmentation"], list):
                raise ValueError("run lengths of pixels")
            for corners in each["segmentation"]:
                yield VOID if each.get("iscrowd") else name, np.array(corners, float).reshape(-1, 2)


class Yolo(Polygons):
    """Ultralytics' segmentation labels (docs.ultralytics.com); small polygons lie on large ones."""

    kind = "yolo"
    layout = "a folder with data.yaml, and YOLO polygons in labels/ beside images/"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return any(_NAMES.search(file.read_text("utf-8", "replace")) for file in path.glob("*.yaml"))

    def _read(self) -> Iterator[str]:
        text = "\n".join(file.read_text("utf-8", "replace") for file in self.path.glob("*.yaml"))
        lines = re.split(r"[,\n]", re.sub(r"\s#.*", "", _NAMES.search(text)[1]))
        names = [re.sub(r"^[\s\[{]*(-|\d+\s*:)?", "", line).strip(" '\"]}") for line in lines]
        self._names = [name for name in names if name]
        for image in self._images:
            before, _, after = str(image.with_suffix(".txt")).rpartition("/images/")
            label = Path(f"{before}/labels/{after}")
            if before and label.is_file():
                self._drawn[image] = label, label
        yield from self._names

    def _polygons(self, content, size) -> Iterator[tuple[str, np.ndarray]]:
        found = []
        for number, *values in map(str.split, content.read_text("utf-8").splitlines()):
            if len(values) < 6:
                raise ValueError("boxes")
            found.append((self._names[int(number)], np.array(values, float).reshape(-1, 2) * size))
        yield from sorted(found, key=lambda polygon: -_area(polygon[1]))


class LabelMe(Polygons):
    """JSON files of labelme (github.com/wkentaro/labelme) beside the images; __ignore__ is void."""

    kind = "labelme"
    layout = "a folder with a JSON file of LabelMe for each image"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return any("shapes" in _content(file) for file in _json_files(path)[:_LOOKED_AT])

    def _read(self) -> Iterator[str]:
        found, known = set(), {*self._images}
        for path in sorted(self.path.rglob("*.json")):
            content = _content(path)
            content.pop("imageData", None)  # the whole image once more
            image = path.parent / str(content.get("imagePath")).replace("\\", "/")
            if (image := image if image in known else image.resolve()) in known:
                self._drawn[image] = path, content
            elif not content:
                self._problems.append(f"{path}: damaged, or not of LabelMe; export it again")
            else:
                self._problems.append(f"{path}: its image is not there; put {image.name} beside it")
            found |= {shape["label"] for shape in content.get("shapes", ())}
        yield from (_LABELME.get(name, name) for name in sorted(found))

    def _polygons(self, content, size) -> Iterator[tuple[str, np.ndarray]]:
        _check_size((content["imageWidth"], content["imageHeight"]), size)
        for shape in content["shapes"]:
            corners, kind = np.array(shape["points"], float), shape.get("shape_type", "polygon")
            if kind == "rectangle":  # two corners
                corners = corners[[[0, 0], [1, 0], [1, 1], [0, 1]], [0, 1]]
            elif kind != "polygon":
                raise ValueError(f"a {kind}")
            yield _LABELME.get(shape["label"], shape["label"]), corners


def _area(corners: np.ndarray) -> float:
    x, y = corners.T
    return abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2


def _check_size(told: tuple[int, int], size: tuple[int, int]) -> None:
    if told != size:
        raise ValueError(f"of {told[0]} x {told[1]} pixels, not of {size[0]} x {size[1]}")


def _json_files(path: Path) -> list[Path]:
    """In the folder and in those in it."""
    return sorted([*path.glob("*.json"), *path.glob("*/*.json")])


def _content(path: Path) -> dict:
    """Of a JSON file; empty if it holds anything else."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
