"""A folder of one's own images and masks, with a table of classes; and two data sets laid out alike."""

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

from roadseg.data.classes import ClassMap
from roadseg.data.sources.base import Frame, Source, pair
from roadseg.data.sources.class_table import MASK_MODES
from roadseg.data.sources.image_files import read_image
from roadseg.data.sources.pairing import IMAGE_FORMATS, Pairing
from roadseg.data.sources.table_file import TABLE_FILE, load_table
from roadseg.errors import DataError


class Folder(Source):
    """`images/`, `masks/` and `classes.csv`; a sub-folder of both is a sequence."""

    kind = "folder"
    layout = f"a folder with images/, masks/ and {TABLE_FILE}"
    images, masks = "images", "masks"
    image_suffix = mask_suffix = ""
    ready_table: str | None = None  # where the folder has no table of its own

    def __init__(
        self,
        path: Path,
        table: str | Path | None = None,
        image_suffix: str | None = None,
        mask_suffix: str | None = None,
    ):
        """Reads the table.

        Args:
            path: of the folder.
            table: a CSV file, or the name of a table that ships; None: the folder's classes.csv.
            image_suffix, mask_suffix: with which the stems of files end, behind the name that an image
                and its mask share; None: as the table says.

        Raises:
            DataError: there is no table, or something is wrong with it.
        """
        super().__init__(path)
        self.table = load_table(table or self._own_table())
        self.class_names, self.palette = self.table.class_names, self.table.palette
        self.size = self.table.size
        self.pairing = self.find_files(
            path,
            self.table.image_suffix if image_suffix is None else image_suffix,
            self.table.mask_suffix if mask_suffix is None else mask_suffix,
        )

    @classmethod
    def recognises(cls, path: Path) -> bool:
        there = (path / cls.images).is_dir(), (path / cls.masks).is_dir(), (path / TABLE_FILE).exists()
        return sum(there) >= 2

    @classmethod
    def find_files(
        cls, path: Path, image_suffix: str | None = None, mask_suffix: str | None = None
    ) -> Pairing:
        """Where images and masks lie; None: the layout's own suffix."""
        suffixes = [
            own if given is None else given
            for own, given in ((cls.image_suffix, image_suffix), (cls.mask_suffix, mask_suffix))
        ]
        return Pairing(path / cls.images, path / cls.masks, *suffixes)

    def _own_table(self) -> Path | str:
        own = self.path / TABLE_FILE
        if own.exists():
            return own
        if self.ready_table is None:
            raise DataError(
                f"{own}: no such file; `roadseg check-data {self.path}` proposes one from the masks"
            )
        return self.ready_table

    @property
    def identity(self) -> str:
        raw = sorted(self.table.ids.items()), sorted(self.table.colours.items())
        return f"{self.kind} {self.size} {hashlib.sha256(repr(raw).encode()).hexdigest()}"

    def sequences(self) -> list[str]:
        return self.pairing.sequences()

    def class_map(self, sequence: str) -> ClassMap:
        self._check_sequence(sequence)
        return self.table.class_map

    def read_image(self, frame: Frame) -> Image.Image:
        return read_image(frame.image, IMAGE_FORMATS[frame.image.suffix.lower()], "RGB")

    def read_labels(self, frame: Frame) -> np.ndarray:
        return self.table.decode(read_image(frame.label, "PNG", *MASK_MODES), frame.label)

    def survey(self, sequence: str) -> tuple[list[Frame], list[Path], list[str]]:
        images, masks, problems = self.pairing.scan(sequence)
        return *pair(sequence, images, masks), problems

    def _image_files(self, sequence: str) -> dict[int, Path]:
        return self.pairing.files(sequence)[0]

    def _label_files(self, sequence: str) -> dict[int, Path]:
        return self.pairing.files(sequence)[1]


class Cityscapes(Folder):
    """Cordts et al. 2016 (cityscapes-dataset.com): a sequence is "<part>/<city>"; 19 classes."""

    kind = "cityscapes"
    layout = "a folder with leftImg8bit/ and gtFine/"
    images, masks = "leftImg8bit", "gtFine"
    image_suffix, mask_suffix = "_leftImg8bit", "_gtFine_labelIds"
    ready_table = "cityscapes"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return (path / cls.images).is_dir() or (path / cls.masks).is_dir()

    def sequences(self) -> list[str]:
        """Without those of the part "test", whose masks are withheld: the files there hold void only."""
        found = [name for name in super().sequences() if not name.startswith("test/")]
        if not found:
            raise DataError(f"{self.path}: only the part 'test' is there, which has no labels")
        return found


class KittiSemantics(Folder):
    """Alhaija et al. 2018 (cvlibs.net/datasets/kitti): 200 images with the ids of Cityscapes."""

    kind = "kitti_semantics"
    layout = "a folder with training/image_2/ and training/semantic/"
    images, masks = "training/image_2", "training/semantic"
    image_suffix = mask_suffix = "_10"  # image_2 may hold the later images of the stereo data set too
    ready_table = "cityscapes"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return (path / cls.masks).is_dir()
