"""Reads classes.csv: a line for each class, with its raw labels; all that is wrong is said at once."""

import csv
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from roadseg.data.classes import IGNORE, Colour
from roadseg.data.sources.class_table import MAX_ID, VOID, ClassTable, written
from roadseg.data.sources.letterbox import checked_size
from roadseg.errors import DataError

TABLE_FILE = "classes.csv"
MAX_PROBLEMS = 20  # that are printed
MAX_CLASSES = 254
_TABLES = files("roadseg.data.sources") / "tables"
_MAX_BYTES = 1_000_000
_LABELS = {"id": "ids", "colour": "colours", "class": "classes"}  # column -> field of ClassTable
_COLUMNS = "name", *_LABELS, "palette"
_SETTING = re.compile(r"#\s*(image suffix|mask suffix|size)\s*:\s*(.*?)\s*", re.IGNORECASE)
_SIZE = re.compile(r"([0-9]{1,5}) ?x ?([0-9]{1,5})")
_ID = re.compile("[0-9]{1,5}")
_HEX = re.compile("#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")
_PADDING = ' ,;\t"'
_BYTE = re.compile("[0-9]{1,3}")


def ready_tables() -> list[str]:
    """Names of the tables that ship with the package."""
    return sorted(each.name.removesuffix(".csv") for each in _TABLES.iterdir())


def ready_text(name: str) -> str:
    """The file of a table that ships with the package."""
    return (_TABLES / f"{name}.csv").read_text("utf-8")


def load_table(table: str | Path) -> ClassTable:
    """The table in a file, or the one of that name that ships; raises DataError with all problems."""
    if str(table) in ready_tables():
        return parse_table(ready_text(str(table)), f"the ready table {table}")
    try:
        content = Path(table).read_bytes()
    except OSError as error:
        raise DataError(
            f"{table}: cannot be read ({error.strerror}); give a CSV file, or one of the ready tables "
            f"{', '.join(ready_tables())}"
        )
    try:
        return parse_table(content.decode("utf-8-sig"), str(table))
    except UnicodeDecodeError:
        raise DataError(f"{table}: not UTF-8 text; save it as CSV in UTF-8")


def parse_table(text: str, where: str) -> ClassTable:
    """The table that a text holds, separated by commas, semicolons or tabs.

    Args:
        text: of the file, without a byte order mark.
        where: the file, for messages.

    Raises:
        DataError: with all problems, up to MAX_PROBLEMS of them.
    """
    parser = _Parser()
    try:
        parser.read(text)
    except csv.Error as error:
        parser.problems.append(f"not a CSV file ({error}); save it as one")
    if parser.problems:
        count, shown = len(parser.problems), parser.problems[:MAX_PROBLEMS]
        head = "" if count == 1 else f"{count} problems"
        shown += [f"and {count - len(shown)} more"] if count > len(shown) else []
        raise DataError(f"{where}: {head}" + ("\n  " if head else "") + "\n  ".join(shown))
    return parser.table(where)


class _Parser:
    """Collects classes, labels and problems, line by line."""

    def __init__(self):
        self.problems: list[str] = []
        self.names: dict[str, int] = {}  # with the line that each stands in, void included
        self.labels: dict[str, dict] = {column: {} for column in _LABELS}  # raw label -> name
        self.palette: dict[str, Colour] = {}
        self.settings: dict[str, object] = {}
        self.columns: list[str] = []

    def read(self, text: str) -> None:
        lines = text.splitlines()
        for number, line in enumerate(lines, start=1):
            if setting := _SETTING.fullmatch(line.strip(_PADDING)):
                self._read_setting(number, setting[1].lower(), setting[2])
        lines = [(number, line) for number, line in enumerate(lines, start=1) if not _is_aside(line)]
        if not lines:
            self.problems.append("empty; write a header such as 'name,id', and a line for each class")
            return
        (first, header), *rest = lines
        delimiter = next((each for each in ";\t" if each in header), ",")
        if self._read_header(first, _cells(header, delimiter)):
            for number, line in rest:
                self._read_class(number, _cells(line, delimiter))
            self._check_whole()

    def table(self, where: str) -> ClassTable:
        names = [name for name in self.names if name != VOID]
        number = {name: place for place, name in enumerate(names)} | {VOID: IGNORE}
        labels = {
            field: {label: number[name] for label, name in self.labels[column].items()}
            for column, field in _LABELS.items()
        }
        palette = tuple(self._palette(names))
        return ClassTable(tuple(names), palette, **labels, **self.settings, where=where)

    def _say(self, line: int, what: str) -> None:
        self.problems.append(f"line {line}: {what}")

    def _read_setting(self, line: int, key: str, value: str) -> None:
        if key != "size":
            self.settings[key.replace(" ", "_")] = value
        elif size := _SIZE.match(value):
            try:
                self.settings["size"] = checked_size((int(size[2]), int(size[1])))
            except DataError as error:
                self._say(line, str(error))
        else:
            self._say(line, f"size {value!r}: write width x height in pixels, such as 1242 x 376")

    def _read_header(self, line: int, cells: list[str]) -> bool:
        """Whether it is one."""
        columns = [cell.lower().replace("color", "colour") for cell in cells]
        known = set(columns) <= set(_COLUMNS) and len(set(columns)) == len(columns)
        if known and "name" in columns and set(columns) & set(_LABELS):
            self.columns = columns
            return True
        self._say(
            line,
            f"{', '.join(cells)!r} is no header; it must have 'name', one or more of 'id', 'colour' and "
            "'class', and if wanted 'palette', each once",
        )
        return False

    def _read_class(self, line: int, cells: list[str]) -> None:
        if len(cells) > len(self.columns):
            self._say(
                line,
                f"{len(cells)} cells, but the header has {len(self.columns)}; write a colour as "
                "128 64 128, and several labels as 7 | 8",
            )
            return
        row = dict(zip(self.columns, cells, strict=False))
        name = row["name"]
        name = VOID if name.lower() == VOID else name
        if not name or not name.isprintable():
            self._say(line, "no name; give the class one, or void")
            return
        if name in self.names:
            self._say(
                line,
                f"{name!r} is already in line {self.names[name]}; put all of its labels into one line, "
                "separated by |",
            )
            return
        self.names[name] = line
        for column in _LABELS:
            self._read_labels(line, name, column, row.get(column, ""))
        self._read_palette(line, name, row.get("palette", ""))

    def _read_labels(self, line: int, name: str, column: str, cell: str) -> None:
        for part in filter(None, map(str.strip, cell.split("|"))):
            try:
                label = _PARSERS[column](part)
            except ValueError as error:
                self._say(line, str(error))
                continue
            taken = self.labels[column].setdefault(label, name)
            if taken != name:
                self._say(
                    line,
                    f"{column} {written(label)} already stands for {taken!r} in line "
                    f"{self.names[taken]}; leave it in one of them",
                )

    def _read_palette(self, line: int, name: str, cell: str) -> None:
        if not cell:
            return
        try:
            colour = _parse_colour(cell)
        except ValueError as error:
            self._say(line, f"palette: {error}")
            return
        twin = next((each for each, taken in self.palette.items() if taken == colour), None)
        if twin:
            self._say(line, f"palette {written(colour)} is that of {twin!r} too; give each its own")
        elif name == VOID and any(colour):
            self._say(line, "void is always painted black; leave its palette empty")
        else:
            self.palette[name] = colour

    def _check_whole(self) -> None:
        classes = [name for name in self.names if name != VOID]
        if not classes and not self.problems:
            self.problems.append("lists no class; write a line for each, such as 'road,7'")
        if len(classes) > MAX_CLASSES:
            self.problems.append(f"{len(classes)} classes, but at most {MAX_CLASSES} are possible")
        if self.problems:
            return
        for column in set(self.columns) & set(_LABELS):
            having = set(self.labels[column].values())
            for name in classes:
                if name not in having:
                    self._say(self.names[name], f"{name!r} has no {column}; write one, or drop the line")

    def _palette(self, names: list[str]) -> Iterator[Colour]:
        """Of each class: its palette colour, else its first colour, else one that no other has."""
        first = {name: colour for colour, name in reversed(self.labels["colour"].items())}
        given = [self.palette.get(name, first.get(name)) for name in names]
        free = (colour for colour in _spread_colours() if colour not in given)
        return (colour or next(free) for colour in given)


def _is_aside(line: str) -> bool:
    """Empty, perhaps but for separators, or a comment, perhaps in quotes."""
    return line.strip(_PADDING)[:1] in ("", "#")


def _cells(line: str, delimiter: str) -> list[str]:
    """Stripped, without the empty ones at the end."""
    (cells,) = csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True)
    cells = [cell.strip() for cell in cells]
    while not cells[-1]:
        cells.pop()
    return cells


def _parse_id(text: str) -> int:
    if not _ID.fullmatch(text) or int(text) > MAX_ID:
        raise ValueError(f"id {text!r}: a whole number 0..{MAX_ID} is expected")
    return int(text)


def _parse_colour(text: str) -> Colour:
    if match := _HEX.fullmatch(text):
        return tuple(int(part, 16) for part in match.groups())
    parts = text.split()
    if len(parts) != 3 or not all(_BYTE.fullmatch(part) and int(part) <= 255 for part in parts):
        raise ValueError(f"colour {text!r}: write three numbers 0..255, such as 128 64 128, or #804080")
    return tuple(map(int, parts))


_PARSERS = {"id": _parse_id, "colour": _parse_colour, "class": str}


def _spread_colours() -> Iterator[Colour]:
    """Colours that are far apart, as PASCAL VOC paints its classes: the bits of 1, 2, 3, ..."""
    for number in range(1, 4 * MAX_CLASSES):
        channels = [0, 0, 0]
        for place in range(8):
            for channel in range(3):
                channels[channel] |= (number >> (3 * place + channel) & 1) << (7 - place)
        yield tuple(channels)
