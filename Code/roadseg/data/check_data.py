"""The command `roadseg check-data`: what is in a data set, all that is wrong with it or looks so."""

import argparse
import os
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from roadseg.data import sources, splits
from roadseg.data.classes import IGNORE, Colour
from roadseg.data.propose_table import propose_table, settings_text
from roadseg.data.sources import Folder, Frame, Source, load_table, ready_tables
from roadseg.data.sources.base import unequal_sizes
from roadseg.data.sources.class_table import (
    MAX_PROBLEMS,
    TABLE_FILE,
    VOID,
    ClassTable,
    TableSource,
    UnlistedLabels,
    describe,
    own_table,
    ready_text,
    written,
)
from roadseg.data.sources.images import index_colours, inner_labels, is_packed_grey
from roadseg.errors import DataError
from roadseg.files import atomic_write, user_path
from roadseg.progress import progress_bar

_ORIENTATION = 274  # the number of that EXIF tag; 1 is upright
_SIZES_SHOWN = 5
_MUCH_VOID = 0.4  # of all pixels
_NEAR = 8  # levels between a listed colour and what smoothing or compression makes of it
_TWIN_WIDTH, _TWINS = 16, 0.95  # of small grey images: pixels a side, correlation of near twins
_PREVIEWED, _PREVIEW_WIDTH, _LINE = 4, 480, 16  # frames; pixels


@dataclass
class _Seen:
    """What is in the files of one frame; None or empty where one is unreadable."""

    size: tuple[int, int] | None = None  # (width, height) of the image
    small: np.ndarray | None = None  # the image in 16 x 16 greys, float32 (256), of mean 0 and length 1
    pixels: np.ndarray | int = 0  # int64 (C + 1), of each class and of void
    inside: np.ndarray | int = 0  # of them those amid others of the same class
    unlisted: dict[Hashable, int] = field(default_factory=dict)  # raw label -> pixels
    palette: dict[int, Colour] = field(default_factory=dict)  # of a mask whose indices count
    problems: list[tuple[str, str]] = field(default_factory=list)  # kinds and messages


class Census:
    """What is in a whole data set."""

    def __init__(self, class_names: tuple[str, ...]):
        self.class_names = class_names
        self.frames = 0  # that have an image and labels
        self.sizes: Counter[tuple[int, int]] = Counter()  # (width, height) -> images
        # Of each class, and at the end of void and of unlisted labels: int64 (C + 1)
        self.pixels, self.frames_with = np.zeros((2, len(class_names) + 1), np.int64)
        self.areas = np.zeros(len(class_names) + 1, bool)  # whether it is wider than a line anywhere
        self.small: dict[Frame, np.ndarray] = {}  # as in _Seen
        self.problems: dict[str, list[str]] = defaultdict(list)  # messages by kind
        self.suspicions: list[str] = []  # what only a person can judge
        self.unlisted: dict[Hashable, list[tuple[int, Path]]] = defaultdict(list)  # pixels, mask
        self._palettes: dict[int, tuple[Colour, Path]] = {}  # index -> the first colour and its mask

    def add(self, frame: Frame, seen: _Seen) -> None:
        """Counts one frame in."""
        self.frames += 1
        if seen.size:
            self.sizes[seen.size] += 1
            self.small[frame] = seen.small
        self.pixels += seen.pixels
        self.frames_with += seen.pixels > 0
        self.areas |= seen.inside > 0
        for label, pixels in seen.unlisted.items():
            self.unlisted[label].append((pixels, frame.label))
        for index, colour in seen.palette.items():
            other, first = self._palettes.setdefault(index, (colour, frame.label))
            if other != colour:
                self.problems["palettes that differ"].append(
                    f"{frame.label}: index {index} is {written(colour)}, but {written(other)} in "
                    f"{first}; give the table a column 'colour' instead of 'id'"
                )
        for kind, message in seen.problems:
            self.problems[kind].append(message)

    def conclude(self, source: Source) -> None:
        """Adds what only all frames together show."""
        totals = {label: sum(n for n, _ in places) for label, places in self.unlisted.items()}
        for label in sorted(totals, key=totals.get, reverse=True):
            places = self.unlisted[label]
            where = f": {totals[label]} pixels in {len(places)} frames, first in {places[0][1]}"
            self.problems["labels that the table lacks"].append(describe(label, where))
        if len(self.sizes) > 1 and source.size is None:
            (width, height), _ = self.sizes.most_common(1)[0]
            self.problems["frames of several sizes"].append(
                f"to fit all to one, write '# size: {width} x {height}' at the top of {TABLE_FILE}, or "
                f"preprocess with --size {height} {width}"
            )
        self.problems = {kind: [*dict.fromkeys(each)] for kind, each in self.problems.items() if each}
        self.suspicions += _suspicions(self, source)

    def __str__(self) -> str:
        return self.text(MAX_PROBLEMS)

    def text(self, most: int | None) -> str:
        """A table of the classes, and of each kind of problem so many messages; None: all."""
        sizes = [f"{count} of {w} x {h}" for (w, h), count in self.sizes.most_common()]
        more = [f"{len(sizes[_SIZES_SHOWN:])} more sizes"] * (len(sizes) > _SIZES_SHOWN)
        lines = [f"{self.frames} frames: {', '.join(sizes[:_SIZES_SHOWN] + more)}"]
        lines.append(f"{'class':24s}{'pixels':>16s}{'share':>9s}{'frames':>9s}")
        shares = self.pixels / max(self.pixels.sum(), 1)
        rows = zip((*self.class_names, VOID), self.pixels, shares, self.frames_with, strict=True)
        lines += [f"{name:24s}{n:16,d}{share:9.2%}{frames:9d}" for name, n, share, frames in rows]
        kinds = self.problems | ({"Suspicious": self.suspicions} if self.suspicions else {})
        for kind, messages in kinds.items():
            lines.append(f"\n{kind}: {len(messages)}")
            lines += [f"  {message}" for message in messages[:most]]
            lines += [f"  and {len(messages[most:])} more"] * bool(most and messages[most:])
        return "\n".join(lines if kinds else [*lines, "\nNo problems"])


def check(source: Source, progress: bool = True) -> Census:
    """Reads every file of a data set to its last pixel, and does not stop at a problem.

    Raises DataError when files lie so that sequences cannot be told apart, or there are none.
    """
    found = Census(source.class_names)
    frames: list[Frame] = []
    unlabelled = 0
    for sequence in source.sequences():
        files = source.files(sequence)
        frames += files.frames(sequence)
        unlabelled += len(files.images.keys() - files.labels.keys())
        found.problems["files without a counterpart"] += files.unpaired(source.labelled_only)
        found.problems["other files"] += files.problems
    if unlabelled and source.labelled_only:
        found.suspicions.append(f"{unlabelled} images have no label and are left out")
    bar = progress_bar(len(frames), 0, unit="frame", description="check", shown=progress)
    with ThreadPoolExecutor(os.cpu_count()) as pool, bar:
        for frame, seen in zip(frames, pool.map(partial(_see, source), frames), strict=True):
            found.add(frame, seen)
            bar.update()
    found.conclude(source)
    return found


def _see(source: Source, frame: Frame) -> _Seen:
    """Reads both files, whatever is wrong with one of them."""
    seen, ids = _Seen(), None
    try:
        image = source.read_image(frame)
        greys = image.convert("L").resize((_TWIN_WIDTH, _TWIN_WIDTH), Image.Resampling.BOX)
        small = np.asarray(greys, np.float32).ravel()
        small = small - small.mean()
        seen.size, seen.small = image.size, small / max(np.linalg.norm(small), 1)
        with Image.open(frame.image) as image:
            if image.getexif().get(_ORIENTATION, 1) != 1:
                problem = f"{frame.image}: EXIF data ask for it to be turned, and it is; if its mask is "
                seen.problems.append(("turned images", f"{problem}not, save both without EXIF data"))
    except DataError as error:
        seen.problems.append(("unusable files", str(error)))
    try:
        ids = source.read_labels(frame)
        if isinstance(source, TableSource) and not source.table.colours:
            with Image.open(frame.label) as mask:
                if mask.mode == "P" and not is_packed_grey(mask, source.table.ids):
                    seen.palette = index_colours(mask)
    except UnlistedLabels as error:
        ids, seen.unlisted = error.ids, error.counts
    except DataError as error:
        seen.problems.append(("unusable files", str(error)))
    if ids is not None:
        places = [*range(len(source.class_names)), IGNORE]
        seen.pixels = np.bincount(ids.ravel(), minlength=IGNORE + 1)[places]
        seen.inside = np.bincount(inner_labels(ids), minlength=IGNORE + 1)[places]
        if seen.size and seen.size != ids.shape[::-1]:
            seen.problems.append(("masks of another size", unequal_sizes(frame, seen.size, ids.shape)))
    return seen


def _twins(small: dict[Frame, np.ndarray]) -> Iterator[str]:
    """How many validation images of the default split have a near twin, with an example."""
    images, greys = [frame.image for frame in small], np.array([*small.values()])
    try:
        split = splits.last_drive([*small])
    except ValueError:  # too few to be split
        return
    nearest = [(greys[[*split.train]] @ greys[i]) for i in split.validation]
    found = [place for place, likeness in enumerate(nearest) if likeness.max() > _TWINS]
    if found:
        one, other = split.validation[found[0]], split.train[nearest[found[0]].argmax()]
        yield (
            f"{len(found)} of {len(nearest)} validation images have a near twin that trains, such as "
            f"{images[one]} and {images[other]}; their scores will be too high: hold out whole drives"
        )


def _suspicions(found: Census, source: Source) -> Iterator[str]:
    """What is often a mistake, though every file can be read."""
    names, void = np.array(found.class_names, object), found.pixels[-1] / max(found.pixels.sum(), 1)
    if void > _MUCH_VOID:
        yield f"{void:.0%} of the pixels are void and count for nothing; give a background a class"
    occur = found.frames_with[:-1] > 0
    if not occur.all():
        yield f"classes that never occur: {', '.join(names[~occur])}"
    thin = names[occur & ~found.areas[:-1]]
    if len(thin) > 1:
        yield (
            f"classes that occur only as lines one or two pixels wide: {', '.join(thin)}; were the "
            "masks resized or smoothed? Save them without interpolation"
        )
    yield from _twins(found.small)
    table = source.table if isinstance(source, TableSource) else ClassTable((), ())
    near = [
        label
        for label in found.unlisted
        if any(np.abs(np.subtract(label, colour)).max() <= _NEAR for colour in table.colours)
    ]
    if near:
        yield (
            f"{len(near)} unlisted colours, such as {written(near[0])}, are nearly a listed one; were "
            "the masks smoothed or compressed? Save them as PNG without either"
        )
    if table.ids == load_table("cityscapes").ids:
        of_high_ids = [table.ids[raw] for raw in range(19, 34) if table.ids[raw] != IGNORE]
        if not occur[of_high_ids].any():
            yield "no id above 18 but perhaps 255: of train ids, --table cityscapes_train_ids is right"


def draw_preview(source: Source) -> Image.Image:
    """The first images beside their labels in the colours of the classes, and a legend."""
    palette = np.zeros((IGNORE + 1, 3), np.uint8)
    palette[: len(source.palette)] = source.palette
    rows = []
    for frame in (each for name in source.sequences() for each in source.files(name).frames(name)):
        try:
            image, ids = source.read(frame)
        except DataError:  # `check` has said so
            continue
        size = _PREVIEW_WIDTH, max(1, round(_PREVIEW_WIDTH * image.height / image.width))
        labels = Image.fromarray(palette[ids]).resize(size, Image.Resampling.NEAREST)
        rows.append(np.hstack([np.asarray(image.resize(size)), np.asarray(labels)]))
        if len(rows) == _PREVIEWED:
            break
    legend = Image.new("RGB", (2 * _PREVIEW_WIDTH, _LINE * (1 + len(source.class_names))))
    draw = ImageDraw.Draw(legend)
    for place, name in enumerate((*source.class_names, VOID)):
        colour = tuple(palette[place].tolist()) if name != VOID else (0, 0, 0)
        draw.rectangle((0, _LINE * place, _LINE, _LINE * (place + 1)), fill=colour)
        draw.text((1.5 * _LINE, _LINE * place), name, fill="white")
    return Image.fromarray(np.vstack([*rows, np.asarray(legend)]))


def add_command(commands) -> None:
    """Adds the parser of `roadseg check-data` to the sub-parsers of the command line."""
    parser = commands.add_parser(
        "check-data",
        help="say all that is wrong with a data set",
        description="Reads every file of a data set and prints what is in it and all that is wrong. "
        f"Without {TABLE_FILE} it proposes one from the values in the masks.",
    )
    parser.add_argument("folder", type=Path, help="with images/, masks/ and classes.csv, or another")
    parser.add_argument(
        "--table", help=f"a CSV file instead of {TABLE_FILE}, or one of {', '.join(ready_tables())}"
    )
    parser.add_argument("--mask-suffix", help="with which all masks end, such as _L")
    parser.add_argument("--image-suffix", help="with which all images end")
    parser.add_argument("--write", action="store_true", help=f"write the proposed {TABLE_FILE}")
    parser.add_argument("--labelled-only", action="store_true", help="leave out images without a mask")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write all that is found into it")
    parser.add_argument("--preview", type=Path, metavar="FILE.png", help="draw the first frames")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    folder = user_path(options.folder)
    own, table = own_table(folder), None
    like_folder = [each for each in sources.KINDS.values() if issubclass(each, Folder)]
    kind = next((each for each in like_folder if each.recognises(folder)), Folder)
    if options.write and own:
        raise DataError(f"{own}: is there already; move it elsewhere to have another one written")
    given = {name: getattr(options, name) for name in ("image_suffix", "mask_suffix", "table")}
    given = {name: value for name, value in given.items() if value is not None}
    suffixes = {name: value for name, value in given.items() if name != "table"}
    if options.table in ready_tables():
        table = settings_text(**suffixes) + ready_text(options.table)
    elif not (options.table or own or kind.ready_table) and kind.recognises(folder):
        table, problems = propose_table(folder, **suffixes, kind=kind)
        head = f"{folder / TABLE_FILE}: no such file. A proposal:\n"
        print("\n".join([head, table, *problems[:MAX_PROBLEMS]]))
        if not options.write:
            return 1
    if options.write:
        if table is None:
            raise DataError("--write: there is nothing to write beside a proposal or a ready table")
        _write(folder / TABLE_FILE, lambda part: part.write_text(table, "utf-8"))
    source = kind(folder, **given) if given else sources.open(folder)
    source.labelled_only = options.labelled_only
    found = check(source)
    print(found)
    if options.report:
        _write(options.report, lambda part: part.write_text(found.text(None) + "\n", "utf-8"))
    if options.preview:
        _write(options.preview, draw_preview(source).save)
    return int(bool(found.problems))


def _write(path: Path, write) -> None:
    atomic_write(path, write)
    print(f"Written: {path}\n")
