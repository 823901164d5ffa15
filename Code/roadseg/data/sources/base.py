"""Source, the interface of every raw data set: sequences, sorted frames, class maps, checked pixels."""

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from roadseg.data.classes import ClassMap, Colour
from roadseg.data.sources.images import fit_image, fit_labels, read_image
from roadseg.errors import DataError

RENDERED_MARKER = "roadscenes.json"  # in a folder of rendered scenes
# What systems, people and labelling tools put beside images.
_NO_IMAGES = re.compile(r"\..*|thumbs\.db|.*\.(ini|txt|md|csv|json|xml|html)|readme.*", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Frame:
    """One image and its labels on disk."""

    sequence: str
    index: int
    image: Path
    label: Path


@dataclass
class Files:
    """Of one sequence: number of a frame -> its file, and what is wrong with other files."""

    images: dict[int, Path] = field(default_factory=dict)
    labels: dict[int, Path] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def frames(self, sequence: str) -> list[Frame]:
        """Those that have both files, sorted."""
        both = sorted(self.images.keys() & self.labels.keys())
        return [Frame(sequence, index, self.images[index], self.labels[index]) for index in both]

    def unpaired(self, labelled_only: bool = False) -> list[str]:
        """A message about each file that has no counterpart, or only about labels without an image."""
        alone = [(self.labels[i], "image") for i in sorted(self.labels.keys() - self.images.keys())]
        if not labelled_only:
            unlabelled = sorted(self.images.keys() - self.labels.keys())
            alone = [(self.images[i], "label") for i in unlabelled] + alone
        text = "{}: this frame has no {}; add the missing file or remove this one"
        return [text.format(path, missing) for path, missing in alone]


class Source(ABC):
    """A raw data set on disk. A subclass knows its layout; pairing and checking are the same for all."""

    kind: str  # as in `sources.KINDS`
    layout: str  # one phrase for messages
    class_names: tuple[str, ...]
    palette: tuple[Colour, ...]
    size: tuple[int, int] | None = None  # (H, W) to which `read` fits frames of whatever size
    labelled_only = False  # whether images without labels are left out, instead of an error

    def __init__(self, path: Path):
        self.path = path

    @classmethod
    @abstractmethod
    def recognises(cls, path: Path) -> bool:
        """Whether the folder is laid out as this kind."""

    @abstractmethod
    def sequences(self) -> list[str]:
        """The names of all sequences on disk, sorted."""

    @abstractmethod
    def class_map(self, sequence: str) -> ClassMap:
        """Colours of that sequence -> class ids."""

    @abstractmethod
    def files(self, sequence: str) -> Files:
        """The files of a sequence, paired by the numbers of frames."""

    @abstractmethod
    def read_labels(self, frame: Frame) -> np.ndarray:
        """Class ids uint8 (H, W) at full size, IGNORE where undefined; every pixel is checked."""

    def read_image(self, frame: Frame) -> Image.Image:
        """The image at full size, mode RGB, 8 bit, upright, decoded to its last byte."""
        return read_image(frame.image)

    @property
    def identity(self) -> str:
        """The kind, and whatever decides what `read` gives beside the files and the class maps."""
        return self.kind if self.size is None else f"{self.kind} {self.size}"

    def read(self, frame: Frame) -> tuple[Image.Image, np.ndarray]:
        """Image and class ids of one frame, fitted to `size`; raises DataError for unequal sizes."""
        labels, image = self.read_labels(frame), self.read_image(frame)
        if image.size != labels.shape[::-1]:
            raise DataError(unequal_sizes(frame, image.size, labels.shape))
        if self.size is None:
            return image, labels
        return fit_image(image, self.size), fit_labels(labels, self.size)

    def frames(self, sequences: Iterable[str] | None = None) -> list[Frame]:
        """All frames of the given sequences (None: of all), sorted by (sequence, index).

        A name stands for itself or for everything below it: "0001" for all variations of world 0001.
        Raises DataError for a file that is no frame, or has no counterpart.
        """
        found = []
        for sequence in select_sequences(self.sequences(), sequences, self.path):
            files = self.files(sequence)
            frames = files.frames(sequence)
            problems = files.problems + files.unpaired(self.labelled_only)
            if not frames and not self.labelled_only:
                problems.append(f"{self.path}: sequence {sequence} has no frames; extract it again")
            if problems:
                raise DataError(problems[0])
            found += frames
        return found


def unequal_sizes(frame: Frame, image_size: tuple[int, int], label_shape: tuple[int, int]) -> str:
    """What is wrong when an image (width, height) and its labels (H, W) differ in size."""
    (height, width), (columns, rows) = label_shape, image_size
    image = f"its image {frame.image} has {columns} x {rows}; one of them is from elsewhere, or turned"
    return f"{frame.label}: {width} x {height} pixels, but {image}"


class Joined(Source):
    """Several data sets with the same classes as one, so that a network can be trained on all of them.

    A sequence is "<name>/<sequence>", with the name under which its data set was given.
    """

    kind = "joined"
    layout = "none: it joins data sets that are open"

    def __init__(self, parts: Mapping[str, Source]):
        """Raises DataError when there is no part, or their classes differ, or a name has a slash."""
        if len({part.class_names for part in parts.values()}) != 1 or "/" in "".join(parts):
            kinds = ", ".join(f"{name}: {part.kind}" for name, part in parts.items()) or "none"
            raise DataError(
                f"data sets with the same classes can be joined, under names without /, not {kinds}"
            )
        super().__init__(Path(os.path.commonpath([part.path.resolve() for part in parts.values()])))
        self._parts = dict(parts)
        first = next(iter(parts.values()))
        self.class_names, self.palette = first.class_names, first.palette

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return False

    def sequences(self) -> list[str]:
        parts = self._parts.items()
        return sorted(f"{name}/{each}" for name, part in parts for each in part.sequences())

    def class_map(self, sequence: str) -> ClassMap:
        name, own_name = sequence.split("/", 1)
        return self._parts[name].class_map(own_name)

    def files(self, sequence: str) -> Files:
        name, own_name = sequence.split("/", 1)
        return self._parts[name].files(own_name)

    @property
    def identity(self) -> str:
        unlike = [part.identity for part in self._parts.values() if part.identity != part.kind]
        return " ".join([self.kind, *unlike])

    def read(self, frame: Frame) -> tuple[Image.Image, np.ndarray]:
        name, own_name = frame.sequence.split("/", 1)
        return self._parts[name].read(replace(frame, sequence=own_name))

    def read_labels(self, frame: Frame) -> np.ndarray:
        name, own_name = frame.sequence.split("/", 1)
        return self._parts[name].read_labels(replace(frame, sequence=own_name))


def select_sequences(known: Sequence[str], wanted: Iterable[str] | None, where: object) -> list[str]:
    """Those of `known` that are named in `wanted` (None: all), or lie below a name; sorted, each once.

    Raises DataError, which calls the data set `where`, for a name that nothing matches, and for none.
    """
    wanted = known if wanted is None else [wanted] if isinstance(wanted, str) else wanted
    chosen = set()
    for name in wanted:
        below = {each for each in known if f"{each}/".startswith(f"{name}/")}
        if not below:
            text = f"{where}: no sequence {name!r}; there are {', '.join(sorted(known))}"
            if isinstance(where, Path) and (where / RENDERED_MARKER).is_file():
                world, _, variation = name.partition("/")
                more = f" VARIATIONS={variation}" if variation else ""
                text += f". These scenes were rendered; `make scenes WORLDS={world}{more}` renders more"
            raise DataError(text)
        chosen |= below
    if not chosen:
        raise DataError(f"{where}: no sequence here, or an empty list was given; extract at least one")
    return sorted(chosen)


def visible_files(folder: Path) -> list[Path]:
    """The files of a folder that may be images, sorted."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        names = [each.name for each in entries if not each.is_dir()]
    return [folder / name for name in sorted(names) if not _NO_IMAGES.fullmatch(name)]


def numbered_files(
    images: tuple[Path, re.Pattern], labels: tuple[Path, re.Pattern], **groups: str
) -> Files:
    """The files in a folder of images and in one of labels, by the numbers of frames in their names.

    Each with the pattern of a frame's name, which has a group "index"; files whose other groups differ
    from `groups` are left out.
    """
    found = Files()
    for (folder, name), files in ((images, found.images), (labels, found.labels)):
        for path in visible_files(folder):
            if not (match := name.fullmatch(path.name)):
                problem = f"not a frame's name ({name.pattern}); move it elsewhere"
                found.problems.append(f"{path}: {problem}")
            elif not groups.items() <= match.groupdict().items():
                continue
            elif (twin := files.setdefault(int(match["index"]), path)) != path:
                problem = f"the same frame number as {twin.name} beside it; move one away"
                found.problems.append(f"{path}: {problem}")
    return found
