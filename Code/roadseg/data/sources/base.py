"""Source, the interface of every raw data set: sequences, sorted frames, class maps, checked pixels."""

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
from PIL import Image

from roadseg.data.classes import ClassMap, Colour
from roadseg.data.sources.image_files import read_image
from roadseg.data.sources.letterbox import fit_image, fit_labels
from roadseg.errors import DataError

RENDERED_MARKER = "roadscenes.json"  # in a folder of rendered scenes


@dataclass(frozen=True, order=True)
class Frame:
    """One image and its labels on disk."""

    sequence: str
    index: int
    image: Path
    label: Path


class Source(ABC):
    """A raw data set on disk. A subclass knows its layout; pairing and checking are the same for all."""

    kind: str  # as in `sources.KINDS`
    layout: str  # one phrase for messages
    class_names: tuple[str, ...]
    palette: tuple[Colour, ...]
    image_format = "PNG"
    size: tuple[int, int] | None = None  # (H, W) to which `read` fits frames of whatever size

    def __init__(self, path: Path):
        self.path = path

    @classmethod
    @abstractmethod
    def recognises(cls, path: Path) -> bool:
        """Whether the folder is laid out as this kind."""

    @abstractmethod
    def sequences(self) -> list[str]:
        """The names of all sequences on disk, sorted; raises DataError when there is none."""

    @abstractmethod
    def class_map(self, sequence: str) -> ClassMap:
        """Colours of that sequence -> class ids."""

    @abstractmethod
    def _image_files(self, sequence: str) -> dict[int, Path]: ...

    @abstractmethod
    def _label_files(self, sequence: str) -> dict[int, Path]: ...

    @abstractmethod
    def read_labels(self, frame: Frame) -> np.ndarray:
        """Class ids uint8 (H, W) at full size, IGNORE where undefined; every pixel is checked."""

    def read_image(self, frame: Frame) -> Image.Image:
        """The image at full size, mode RGB, 8 bit, decoded to its last byte."""
        return read_image(frame.image, self.image_format, "RGB")

    @property
    def identity(self) -> str:
        """The kind, and whatever decides what `read` gives beside the files and the class maps."""
        return self.kind if self.size is None else f"{self.kind} {self.size}"

    def read(self, frame: Frame) -> tuple[Image.Image, np.ndarray]:
        """Image and class ids of one frame, fitted to `size`.

        Raises DataError when the two files have different sizes.
        """
        labels, image = self.read_labels(frame), self.read_image(frame)
        if image.size != labels.shape[::-1]:
            raise DataError(
                f"{frame.label}: {labels.shape[1]} x {labels.shape[0]} pixels, but its image "
                f"{frame.image} has {image.width} x {image.height}; one of them is from elsewhere"
            )
        if self.size is None:
            return image, labels
        return fit_image(image, self.size), fit_labels(labels, self.size)

    def frames(self, sequences: Iterable[str] | None = None) -> list[Frame]:
        """All frames of the given sequences (None: of all), sorted by (sequence, index).

        A name stands for itself or for everything below it: "0001" for all variations of world 0001.
        """
        chosen = select_sequences(self.sequences(), sequences, self.path)
        return [frame for sequence in chosen for frame in self._paired_frames(sequence)]

    def survey(self, sequence: str) -> tuple[list[Frame], list[Path], list[str]]:
        """Of a sequence: its frames, the files that have no counterpart, and what else is wrong."""
        try:
            images, labels = self._image_files(sequence), self._label_files(sequence)
        except DataError as error:
            return [], [], [str(error)]
        return *pair(sequence, images, labels), []

    def _check_sequence(self, sequence: str) -> None:
        if sequence not in self.sequences():
            raise _unknown_sequence(self.path, sequence, self.sequences())

    def _paired_frames(self, sequence: str) -> list[Frame]:
        if not _is_text(sequence):
            raise DataError(f"{self.path}: the name of sequence {sequence!a} is not text; rename it")
        images, labels = self._image_files(sequence), self._label_files(sequence)
        if not images and not labels:
            raise DataError(f"{self.path}: sequence {sequence} has no frames; extract it again")
        for index in sorted(images.keys() ^ labels.keys()):
            alone, missing = (images, "label") if index in images else (labels, "image")
            raise DataError(
                f"{alone[index]}: this frame has no {missing} (sequence {sequence}, {len(images)} "
                f"images, {len(labels)} labels); extract the missing file or remove this one"
            )
        return [Frame(sequence, index, images[index], labels[index]) for index in sorted(images)]


def pair(
    sequence: str, images: Mapping[int, Path], labels: Mapping[int, Path]
) -> tuple[list[Frame], list[Path]]:
    """The frames that have both, and the files that are alone."""
    both, alone = sorted(images.keys() & labels.keys()), sorted(images.keys() ^ labels.keys())
    frames = [Frame(sequence, index, images[index], labels[index]) for index in both]
    return frames, [(images if index in images else labels)[index] for index in alone]


def _is_text(name: str) -> bool:
    """False for the name of a file that is not UTF-8, which no HDF5 file could hold."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def select_sequences(known: Sequence[str], wanted: Iterable[str] | None, where: object) -> list[str]:
    """Those of `known` that are named in `wanted` (None: all), or lie below a name; sorted, each once.

    where: what messages call the data set. Raises DataError for a name that nothing matches.
    """
    if wanted is None:
        return sorted(known)
    wanted = [wanted] if isinstance(wanted, str) else list(wanted)
    chosen = set()
    for name in wanted:
        below = {each for each in known if each == name or each.startswith(f"{name}/")}
        if not below:
            raise _unknown_sequence(where, name, known)
        chosen |= below
    if not chosen:
        raise DataError(f"{where}: an empty list of sequences was asked for")
    return sorted(chosen)


def _unknown_sequence(where: object, name: str, known: Sequence[str]) -> DataError:
    text = f"{where}: no sequence {name!r}; there are {', '.join(sorted(known))}"
    if isinstance(where, Path) and (where / RENDERED_MARKER).is_file():
        world, _, variation = name.partition("/")
        variations = f" VARIATIONS={variation}" if variation else ""
        text += f". These scenes were rendered; `make scenes WORLDS={world}{variations}` renders more"
    return DataError(text)


def frame_files(folder: Path, pattern: re.Pattern) -> Iterator[tuple[re.Match, Path]]:
    """The files of a folder and how their names match; raises DataError for any other visible entry."""
    for entry in entries(folder):
        path, match = folder / entry.name, pattern.fullmatch(entry.name)
        if match and (is_broken_link(entry) or not entry.is_file()):
            raise DataError(f"{path}: a broken link, or not a regular file; extract the frame again")
        if match:
            yield match, path
        elif not entry.name.startswith("."):
            raise DataError(f"{path}: not a frame's name ({pattern.pattern}); move it elsewhere")


def files_by_index(matches: Iterable[tuple[re.Match, Path]]) -> dict[int, Path]:
    """The number of each frame -> its file; raises DataError when two files have one number."""
    files: dict[int, Path] = {}
    for match, path in matches:
        index = int(match["index"])
        if index in files:
            raise DataError(
                f"{path}: the same frame number as {files[index].name} beside it; move one elsewhere"
            )
        files[index] = path
    return files


def subfolders(folder: Path, *patterns: str) -> Iterator[Path]:
    """Visible folders below, sorted; a pattern such as "Scene[0-9][0-9]" for each level.

    Unlike Path.glob it raises DataError for a folder that cannot be read and for a broken link, so that
    none is missed.
    """
    if not patterns:
        yield folder
        return
    for entry in entries(folder):
        if entry.name.startswith(".") or not fnmatchcase(entry.name, patterns[0]):
            continue
        if is_broken_link(entry):
            raise DataError(f"{folder / entry.name}: a broken link; mend or remove it")
        if entry.is_dir():
            yield from subfolders(folder / entry.name, *patterns[1:])


def is_broken_link(entry: os.DirEntry) -> bool:
    """Whether it leads nowhere, in a circle or to where nothing can be read."""
    try:
        return entry.is_symlink() and not entry.stat()
    except OSError:
        return True


def entries(folder: Path) -> list[os.DirEntry]:
    """What is in a folder, sorted; nothing when there is none."""
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror}); check the folder's permissions")
