"""ClassTable: which raw labels of a mask mean which class; and the files that say so, as classes.csv."""

import csv
import hashlib
import re
import unicodedata
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image

from roadseg.data.classes import IGNORE, ClassMap, Colour, UnlistedColour
from roadseg.data.sources.base import Frame, Source
from roadseg.data.sources.images import raw_labels, read_mask, unique_labels
from roadseg.errors import DataError

TABLE_FILE = "classes.csv"
# That may lie beside the data; the last ones are of CVAT and of Roboflow.
TABLE_FILES = TABLE_FILE, "class_dict.csv", "label_colors.txt", "labelmap.txt", "_classes.csv"
VOID = "void"  # the name of what is not counted
MAX_PROBLEMS = 20  # that are printed
MAX_CLASSES = 254
MAX_ID = 65535  # of a mask with 16 bits
_UNLISTED = 254  # no class id
_TABLES = files("roadseg.data.sources") / "tables"
_LABELS = {"id": "ids", "colour": "colours", "class": "classes"}  # column -> field of ClassTable
_ID_EXPECTED = f"a whole number 0..{MAX_ID} is expected, or a range such as 0-127"
_COLOUR_EXPECTED = "write three numbers 0..255, such as 128 64 128, or #804080"
_PADDING = ' ,;\t"'  # what spreadsheets put around a comment
_SETTING = re.compile(r"#\s*(image suffix|mask suffix|size)\s*:\s*(.*?)\s*", re.IGNORECASE)
_SIZE = re.compile(r"([1-9][0-9]{0,3}) ?x ?([1-9][0-9]{0,3})( ?\(.*\))?")
_COMMENT = re.compile(r"#(?![0-9a-fA-F]{6}\b)")  # and no colour such as #804080
_WITHOUT_HEADER = (  # lines of label_colors.txt and of CVAT's labelmap.txt, such as "road:128,64,128::"
    (r"^\s*(\d+\s+\d+\s+\d+)\s+(.+)$", r"\1,\2"),
    (r"^([^#:]+):(\d+),(\d+),(\d+):.*$", r"\2 \3 \4,\1"),
)


class UnlistedLabels(DataError):
    """A mask holds raw labels that its table does not list."""

    def __init__(self, where: object, table: object, counts: Mapping[Hashable, int], ids: np.ndarray):
        self.ids = ids  # class ids uint8 (H, W), IGNORE where labels are not listed
        # Pixels of each such label, the most frequent first
        self.counts = dict(sorted(counts.items(), key=lambda item: -item[1]))
        label, pixels = next(iter(self.counts.items()))
        more = f" ({len(counts)} such values in all)" if len(counts) > 1 else ""
        super().__init__(f"{where}: {describe(label, f' in {pixels} pixels is not in {table}{more}')}")


@dataclass(frozen=True)
class ClassTable:
    """Raw labels of three kinds -> class ids, IGNORE for void; ids follow the order of the table."""

    class_names: tuple[str, ...]  # without void
    palette: tuple[Colour, ...]
    ids: Mapping[int, int] = field(default_factory=dict)  # grey values, or indices of a palette
    colours: Mapping[Colour, int] = field(default_factory=dict)  # of RGB masks
    classes: Mapping[str, int] = field(default_factory=dict)  # of another data set, see `label_map`
    image_suffix: str | None = None  # of the stems of files, behind the name that both share
    mask_suffix: str | None = None
    size: tuple[int, int] | None = None  # (H, W) to fit all frames to
    where: str = "the class table"  # the file, for messages

    @cached_property
    def class_map(self) -> ClassMap:
        """Its colours, or where it has ids the palette, with void in black."""
        painted = {colour: number for number, colour in enumerate(self.palette)}
        return ClassMap(self.class_names, self.palette, self.colours or {(0, 0, 0): IGNORE, **painted})

    def decode(self, mask: Image.Image, path: object) -> np.ndarray:
        """Class ids uint8 (H, W) of a mask that `images.read_mask` has read; path: for messages.

        Where the table lists no colours, the indices of a mask with a palette count. Raises
        UnlistedLabels for a raw label, and DataError for a kind of label, that is not in the table.
        """
        labels = raw_labels(mask, bool(self.colours), self.ids)
        kind, listed = ("colour", self.colours) if labels.ndim == 3 else ("id", self.ids)
        if not listed:
            what = f"{path}: its pixels are {kind}s, but {self.where} has none"
            raise DataError(f"{what}; add a column {kind!r}, or save the masks in the other way")
        with suppress(UnlistedColour):  # an error of this table says more
            ids = self._lookup[labels] if kind == "id" else self.class_map.decode(labels)
            if not (ids == _UNLISTED).any():
                return ids
        found, places, counts = unique_labels(labels)
        ids = np.array([listed.get(label, IGNORE) for label in found], np.uint8)[places]
        unlisted = {label: n for label, n in zip(found, counts, strict=True) if label not in listed}
        raise UnlistedLabels(path, self.where, unlisted, ids)

    def label_map(self, class_names: Sequence[str]) -> np.ndarray:
        """uint8 (256): class ids of another data set, with these names -> ids here; IGNORE stays.

        Raises DataError where the table's column "class" lacks a name.
        """
        if missing := [name for name in class_names if name not in self.classes]:
            what = f"class {missing[0]!r} is not in its column 'class'; write it behind a name or {VOID}"
            raise DataError(f"{self.where}: {what}")
        table = np.full(256, IGNORE, np.uint8)
        table[: len(class_names)] = [self.classes[name] for name in class_names]
        return table

    @cached_property
    def _lookup(self) -> np.ndarray:
        table = np.full(MAX_ID + 1, _UNLISTED, np.uint8)
        table[[*self.ids]] = [*self.ids.values()]
        return table


class TableSource(Source):
    """A raw data set in which one table says what all masks mean."""

    table: ClassTable

    @property
    def identity(self) -> str:
        raw = sorted(self.table.ids.items()), sorted(self.table.colours.items())
        return f"{self.kind} {self.size} {hashlib.sha256(repr(raw).encode()).hexdigest()}"

    def use_table(self, table: ClassTable) -> None:
        """Takes the classes and the size over that a table gives."""
        self.table, self.size = table, table.size
        self.class_names, self.palette = table.class_names, table.palette

    def class_map(self, sequence: str) -> ClassMap:
        return self.table.class_map

    def read_labels(self, frame: Frame) -> np.ndarray:
        return self.table.decode(read_mask(frame.label), frame.label)


def written(label: Hashable) -> str:
    """A raw label as in a table."""
    return " ".join(map(str, label)) if isinstance(label, tuple) else str(label)


def describe(label: Hashable, pixels: str) -> str:
    """What is wrong with a raw label that a table lacks, and what to write; pixels: how many, where."""
    kind, text = "colour" if isinstance(label, tuple) else "id", written(label)
    return (
        f"{kind} {text}{pixels}; add a line with a name and the {kind} {text!r}, or append '| {text}' "
        f"to the {kind}s of a class or of {VOID}"
    )


def ready_tables() -> list[str]:
    """Names of the tables that ship with the package."""
    return sorted(each.name.removesuffix(".csv") for each in _TABLES.iterdir())


def ready_text(name: str) -> str:
    """The file of a table that ships with the package."""
    return (_TABLES / f"{name}.csv").read_text("utf-8")


def own_table(folder: Path) -> Path | None:
    """The table that lies beside the data, or in a folder there as Roboflow has it, if there is one."""
    there = [folder / name for name in TABLE_FILES] + sorted(folder.glob(f"*/{TABLE_FILES[-1]}"))
    return next((path for path in there if path.exists()), None)


def load_table(table: str | Path) -> ClassTable:
    """The table in a file, or the one of that name that ships; raises DataError with all problems."""
    if str(table) in ready_tables():
        return parse_table(ready_text(str(table)), f"the ready table {table}")
    try:
        text = Path(table).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        ready = ", ".join(ready_tables())
        raise DataError(f"{table}: {error}; give a CSV file, saved in UTF-8, or the name of {ready}")
    if Path(table).suffix != ".txt":
        return parse_table(text, str(table))
    for line, becomes in _WITHOUT_HEADER:
        text = re.sub(line, becomes, text, flags=re.MULTILINE)
    return parse_table(text, str(table), ["colour", "name"])


def parse_table(text: str, where: str, columns: Sequence[str] = ()) -> ClassTable:
    """The table that the text of a classes.csv holds, or of a class_dict.csv with columns r, g and b.

    Commas, semicolons or tabs separate the columns. where: the file, for messages; columns: of a text
    without a header. Raises DataError with all problems, up to MAX_PROBLEMS of them.
    """
    parser = _Parser(unicodedata.normalize("NFC", text), columns)
    if problems := parser.problems:
        more = [f"and {len(problems) - MAX_PROBLEMS} more"] * (len(problems) > MAX_PROBLEMS)
        head = [f"{len(problems)} problems"] * (len(problems) > 1)
        raise DataError(f"{where}: " + "\n  ".join([*head, *problems[:MAX_PROBLEMS], *more]))
    return parser.table(where)


class _Parser:
    """Collects classes, labels and problems, line by line."""

    def __init__(self, text: str, columns: Sequence[str]):
        self.columns = columns
        self.problems: list[str] = []
        self.names: dict[str, int] = {}  # with the line that each stands in, void included
        self.labels: dict[str, dict] = {column: {} for column in _LABELS}  # raw label -> name
        self.palette: dict[str, Colour] = {}
        self.settings: dict[str, object] = {}
        delimiter = ","
        for self.line, line in enumerate(text.splitlines(), start=1):
            bare = line.strip(_PADDING)
            if setting := _SETTING.fullmatch(bare):
                self._read_setting(setting[1].lower(), setting[2])
            elif bare and not _COMMENT.match(bare):
                if not self.columns:
                    delimiter = next((each for each in ";\t" if each in line), ",")
                (cells,) = csv.reader([line], delimiter=delimiter, skipinitialspace=True)
                cells = [cell.strip() for cell in cells]
                while not cells[-1]:  # a spreadsheet fills rows up
                    cells.pop()
                (self._read_class if self.columns else self._read_header)(cells)
                if not self.columns:  # without a header the other lines say nothing
                    return
        if not self.problems:
            self._check_whole()

    def table(self, where: str) -> ClassTable:
        names = [name for name in self.names if name != VOID]
        number = {name: place for place, name in enumerate(names)} | {VOID: IGNORE}
        labels = {
            field: {label: number[name] for label, name in self.labels[column].items()}
            for column, field in _LABELS.items()
        }
        given = self._given_palette()
        free = (colour for colour in spread_colours() if colour not in given.values())
        palette = tuple(given.get(name) or next(free) for name in names)
        return ClassTable(tuple(names), palette, **labels, **self.settings, where=where)

    def _say(self, what: str, line: int | None = None) -> None:
        self.problems.append(f"line {line or self.line}: {what}")

    def _read_setting(self, key: str, value: str) -> None:
        if key != "size":
            self.settings[key.replace(" ", "_")] = value
        elif size := _SIZE.fullmatch(value):
            self.settings["size"] = int(size[2]), int(size[1])
        else:
            self._say(f"size {value!r}: write width x height in pixels, such as 1242 x 376")

    def _read_header(self, cells: list[str]) -> None:
        columns = [cell.lower().replace("color", "colour") for cell in cells]
        if columns == ["pixel value", "class"]:  # of Roboflow
            columns = ["id", "name"]
        found, labels = set(columns), {*_LABELS, "r"}
        is_known = "name" in found and found & labels and found <= {"name", "palette", *labels, "g", "b"}
        if is_known and len(found) == len(columns):
            self.columns = columns
        else:
            self._say(
                f"{', '.join(cells)!r} is no header; it must have 'name', one or more of 'id', 'colour' "
                "and 'class', and if wanted 'palette', each once"
            )

    def _read_class(self, cells: list[str]) -> None:
        row = dict(zip(self.columns, cells, strict=False))
        if "r" in row:
            row["colour"] = " ".join(row.get(channel, "") for channel in "rgb")
        name = row.get("name", "")
        name = VOID if name.lower() == VOID else name
        if len(cells) > len(self.columns):
            what = f"{len(cells)} cells, but the header has {len(self.columns)}"
            return self._say(f"{what}; write a colour as 128 64 128, and several labels as 7 | 8")
        if not name:
            return self._say("no name; give the class one, or void")
        if name in self.names:
            what = f"{name!r} is already in line {self.names[name]}"
            return self._say(f"{what}; put all of its labels into one line, separated by |")
        self.names[name] = self.line
        for column in _LABELS:
            for label in self._labels_in(column, row.get(column, "")):
                if (taken := self.labels[column].setdefault(label, name)) != name:
                    what = f"{column} {written(label)} already stands for {taken!r}"
                    self._say(f"{what} in line {self.names[taken]}; leave it in one of them")
                    break
        for colour in self._labels_in("palette", row.get("palette", "")):
            self.palette[name] = colour
        return None

    def _labels_in(self, column: str, cell: str) -> list:
        labels = []
        for part in filter(None, map(str.strip, cell.split("|"))):
            try:
                labels += [part] if column == "class" else (_ids if column == "id" else _colour)(part)
            except ValueError:
                self._say(f"{column} {part!r}: {_ID_EXPECTED if column == 'id' else _COLOUR_EXPECTED}")
        return labels

    def _check_whole(self) -> None:
        classes = [name for name in self.names if name != VOID]
        if not 1 <= len(classes) <= MAX_CLASSES:
            what = f"lists {len(classes)} classes, but 1 to {MAX_CLASSES} are possible"
            self.problems.append(
                f"{what}; write a header 'name,id', and a line such as 'road,7' for each"
            )
        for column, labels in self.labels.items():
            for name in classes if labels else ():
                if name not in labels.values():
                    self._say(f"{name!r} has no {column}; write one, or drop the line", self.names[name])
        painted: dict[Colour, str] = {}
        for name, colour in self._given_palette().items():
            if (twin := painted.setdefault(colour, name)) != name:
                what = f"{name!r} is painted {written(colour)}, and so is {twin!r}"
                self._say(f"{what}; give each a palette of its own", self.names[name])

    def _given_palette(self) -> dict[str, Colour]:
        """Of a class: its palette colour, else its first colour."""
        first = {name: colour for colour, name in reversed(self.labels["colour"].items())} | self.palette
        return {name: first[name] for name in self.names if name in first and name != VOID}


def _ids(text: str) -> range:
    """One id, or all of a range such as 0-127; raises ValueError for anything else."""
    first, dash, last = text.partition("-")
    ids = range(int(first), int(last if dash else first) + 1)
    if not 0 <= ids.start < ids.stop <= MAX_ID + 1:
        raise ValueError(text)
    return ids


def _colour(text: str) -> list[Colour]:
    """Raises ValueError unless it is one colour."""
    parts = text.strip("()[]").replace(",", " ").split()
    red, green, blue = bytes.fromhex(text[1:]) if text[0] == "#" else bytes(map(int, parts))
    return [(red, green, blue)]


def spread_colours() -> Iterator[Colour]:
    """Colours that are far apart, as PASCAL VOC paints its classes: the bits of 1, 2, 3, ..."""
    for number in range(1, 4 * MAX_CLASSES):
        bits = [number >> place & 1 for place in range(24)]  # red, green, blue, red, ...
        yield tuple(int("".join(map(str, bits[channel::3])), 2) for channel in range(3))
