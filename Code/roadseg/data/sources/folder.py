"""A folder of one's own images and masks, with a table of classes; and two data sets laid out alike."""

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from roadseg.data.sources.base import Files, visible_files
from roadseg.data.sources.class_table import TABLE_FILE, ClassTable, TableSource, load_table, own_table
from roadseg.data.sources.images import IMAGE_FORMATS, MASK_FORMATS
from roadseg.errors import DataError

LOOSE = "all"  # the sequence of the files that lie in no sub-folder
_NUMBER = re.compile(r"(?<![0-9])[0-9]{1,18}(?=[^0-9]*$)")  # the last one in a name


@dataclass(frozen=True)
class _Tree:
    """Images or masks in a tree of folders; names are compared in the form NFC of Unicode."""

    path: Path
    suffix: str
    formats: Mapping[str, str]  # by the ending of a file
    others: str | None = None  # the suffix of other files in these folders

    def sequences(self) -> dict[str, list[Path]]:
        """Name of each folder -> its files that have the suffix; the top folder is called LOOSE."""
        found = {}
        for folder, inner, _ in os.walk(self.path, followlinks=True):
            inner[:] = [name for name in inner if not name.startswith(".")]
            name = unicodedata.normalize("NFC", Path(folder).relative_to(self.path).as_posix())
            if files := [file for file in visible_files(Path(folder)) if self.key(file) is not None]:
                found[name] = files
        if "." in found and (self.path / LOOSE).is_dir():
            raise DataError(
                f"{self.path}: files beside a sub-folder {LOOSE!r}, which means them; rename it"
            )
        return {LOOSE if name == "." else name: files for name, files in found.items()}

    def key(self, file: Path) -> str | None:
        """What the name shares with that of its counterpart; None without the suffix."""
        pattern = "(.*)" + re.escape(self.suffix).replace(r"\*", "(.*)")
        stem = unicodedata.normalize("NFC", file.stem)
        if self.others and stem.endswith(self.others):
            return None
        match = re.fullmatch(pattern, stem)
        return "*".join(match.groups()) if match else None

    def files(self, sequence: str) -> tuple[dict[str, Path], list[str]]:
        """Key -> file in a folder, and what is wrong with other files."""
        folders = self.path / sequence, self.path / unicodedata.normalize("NFD", sequence)  # of a Mac
        folders += (self.path,) * (sequence == LOOSE)
        found: dict[str, Path] = {}
        problems = []
        for path in next(filter(None, map(visible_files, folders)), ()):
            key, is_readable = self.key(path), path.suffix.lower() in self.formats
            if key is None or (self.suffix and not is_readable):
                continue
            if not is_readable:
                problems.append(f"{path}: not one of {', '.join(self.formats)}; convert or move it")
            elif (twin := found.setdefault(key, path)) != path:
                problems.append(f"{path}: the same name as {twin.name} beside it; remove one of them")
        return found, problems


class Folder(TableSource):
    """`images/`, `masks/` and `classes.csv`; a sub-folder of both is a sequence.

    An image and its mask have the same sub-folder, and the same stem but for a suffix of each, in which
    a * stands for more that both share: x_camera_1 and x_label_1 with the suffixes _camera_* and
    _label_*. Where a suffix is given, files without it are passed over.
    """

    kind = "folder"
    layout = f"a folder with images/, masks/ and {TABLE_FILE}"
    image_folder, mask_folder = "images", "masks"
    image_suffix = mask_suffix = ""
    ready_table: str | None = None  # where the folder has no table of its own

    def __init__(
        self,
        path: Path,
        table: str | Path | ClassTable | None = None,
        image_suffix: str | None = None,
        mask_suffix: str | None = None,
    ):
        """Reads the table; raises DataError when there is none, or something is wrong with it.

        Args:
            path: of the folder.
            table: a CSV file, or the name of a table that ships; None: the folder's classes.csv.
            image_suffix, mask_suffix: of the names of files; None: as the table says.
        """
        super().__init__(Path(path))
        table = table or own_table(self.path) or self.ready_table
        if table is None:
            proposal = f"`roadseg check-data {self.path}` proposes one from the masks"
            raise DataError(f"{self.path / TABLE_FILE}: no such file; {proposal}")
        self.use_table(table if isinstance(table, ClassTable) else load_table(table))
        for name, given in (("image_suffix", image_suffix), ("mask_suffix", mask_suffix)):
            choices = given, getattr(self.table, name), getattr(self, name)
            setattr(self, name, next(each for each in choices if each is not None))
        others = self.mask_suffix if self.image_folder == self.mask_folder else None
        self._images = _Tree(self.path / self.image_folder, self.image_suffix, IMAGE_FORMATS, others)
        self._masks = _Tree(self.path / self.mask_folder, self.mask_suffix, MASK_FORMATS)

    @classmethod
    def recognises(cls, path: Path) -> bool:
        folders = path / cls.image_folder, path / cls.mask_folder
        return sum([*(each.is_dir() for each in folders), own_table(path) is not None]) >= 2

    def sequences(self) -> list[str]:
        """Sub-folders, such as "train/0016E5", that hold files; raises DataError when there is none."""
        found = self._images.sequences().keys() | self._masks.sequences().keys()
        if found and self._masks.path.is_dir():
            return sorted(found)
        for tree in (self._images, self._masks):
            files = [each for each in tree.path.rglob("*") if each.is_file()]
            if files and tree.suffix:
                what = f"none of the {len(files)} files, such as {files[0].name}, ends with"
                raise DataError(f"{tree.path}: {what} {tree.suffix!r}")
        empty = (self._images if self._masks.path.is_dir() else self._masks).path
        problem = f"no {empty.name} in it or in its sub-folders; put them there"
        if not empty.is_dir():
            there = ", ".join(sorted(each.name for each in self.path.iterdir() if each.is_dir()))
            problem = f"no such folder; rename the one that has them ({there})"
        raise DataError(f"{empty}: {problem}")

    def files(self, sequence: str) -> Files:
        images, other_images = self._images.files(sequence)
        masks, other_masks = self._masks.files(sequence)
        problems = other_images + other_masks
        if images and masks and not images.keys() & masks.keys():
            image, mask = next(iter(images.values())), next(iter(masks.values()))
            suffix = f"{self.mask_suffix}{_common_suffix(images, masks) or '_L'}"
            problems.append(
                f"{mask.parent}: none of its {len(masks)} masks, such as {mask.name}, has the name of "
                f"one of the {len(images)} images, such as {image.name}; if all masks end alike beyond "
                f"the names of their images, write a line such as '# mask suffix: {suffix}' at the top "
                f"of {TABLE_FILE}"
            )
        numbers = frame_numbers(images.keys() | masks.keys())
        images, masks = ({numbers[key]: each[key] for key in each} for each in (images, masks))
        return Files(images, masks, problems)

    def guess_mask_suffix(self) -> str:
        """What all masks have at their end and images have not, or ""."""
        images, masks = (
            [tree.key(file) for files in tree.sequences().values() for file in files]
            for tree in (self._images, self._masks)
        )
        return _common_suffix(images, masks)


class Cityscapes(Folder):
    """Cordts et al. 2016 (cityscapes-dataset.com): a sequence is "<part>/<city>"; 19 classes."""

    kind = "cityscapes"
    layout = "a folder with leftImg8bit/ and gtFine/"
    image_folder, mask_folder = "leftImg8bit", "gtFine"
    image_suffix, mask_suffix = "_leftImg8bit", "_gtFine_labelIds"
    ready_table = "cityscapes"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return (path / cls.image_folder).is_dir() or (path / cls.mask_folder).is_dir()

    def sequences(self) -> list[str]:
        """Without those of the part "test", whose masks are withheld: the files there hold void only."""
        return [name for name in super().sequences() if not name.startswith("test/")]


class PascalVoc(Folder):
    """Everingham et al. 2010; CVAT's export "Segmentation mask" is like it, with a labelmap.txt."""

    kind = "pascal_voc"
    layout = "a folder with JPEGImages/ and SegmentationClass/"
    image_folder, mask_folder = "JPEGImages", "SegmentationClass"


class Roboflow(Folder):
    """The export "Semantic segmentation masks" of roboflow.com: masks beside images in each part."""

    kind = "roboflow_masks"
    layout = "a folder with train/_classes.csv, and masks that end with _mask beside the images"
    image_folder = mask_folder = ""
    mask_suffix = "_mask"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return any(path.glob("*/_classes.csv")) and not Folder.recognises(path)


class KittiSemantics(Folder):
    """Alhaija et al. 2018 (cvlibs.net/datasets/kitti): 200 images with the ids of Cityscapes."""

    kind = "kitti_semantics"
    layout = "a folder with training/image_2/ and training/semantic/"
    image_folder, mask_folder = "training/image_2", "training/semantic"
    image_suffix = mask_suffix = "_10"  # image_2 may hold the later images of the stereo data set too
    ready_table = "cityscapes"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return (path / cls.mask_folder).is_dir()


def frame_numbers(keys: Iterable[str]) -> dict[str, int]:
    """The last number in each name where these put all in order, else places.

    The order is the natural one of whole names, in which x2 is before x10.
    """
    ordered = sorted(keys, key=_natural_order)
    numbers = [int(match[0]) for key in ordered if (match := _NUMBER.search(key))]
    if len(numbers) < len(ordered) or any(one >= other for one, other in pairwise(numbers)):
        numbers = range(len(ordered))
    return dict(zip(ordered, numbers, strict=True))


def _natural_order(key: str) -> tuple[list[str | Fraction], str]:
    """Text and numbers in turn; behind a number and a dot are decimals, as in 1305031102.175."""
    parts: list = re.split(r"([0-9]+(?:\.[0-9]+)?)", key)
    parts[1::2] = map(Fraction, parts[1::2])
    return parts, key


def _common_suffix(images: Iterable[str], masks: Iterable[str]) -> str:
    """With which all masks end beyond the names of images, or ""."""
    names, masks = set(images), list(masks)
    starts = ((mask[:end], mask[end:]) for mask in masks[:1] for end in range(len(mask), 0, -1))
    suffix = next((rest for start, rest in starts if start in names), "")
    return suffix if all(mask.removesuffix(suffix) in names for mask in masks) else ""
