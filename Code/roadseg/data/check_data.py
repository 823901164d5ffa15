"""The command `roadseg check-data`: what is in a data set, and all that is wrong with it."""

import argparse
import os
from collections import Counter, defaultdict
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from roadseg.data import sources
from roadseg.data.classes import IGNORE
from roadseg.data.propose_table import propose_table, settings_text
from roadseg.data.sources import Folder, Frame, Source, ready_tables
from roadseg.data.sources.base import unequal_sizes
from roadseg.data.sources.class_table import (
    MAX_PROBLEMS,
    TABLE_FILE,
    VOID,
    UnlistedLabels,
    describe,
    own_table,
    ready_text,
)
from roadseg.errors import DataError
from roadseg.files import atomic_write, user_path
from roadseg.progress import progress_bar

UNPAIRED, OTHER_FILES, UNUSABLE = "files without a counterpart", "other files", "unusable files"
OTHER_SIZE, TURNED = "masks of another size", "turned images"
UNLISTED, SEVERAL_SIZES = "labels that the table lacks", "frames of several sizes"
_SIZES_SHOWN = 5
_ORIENTATION = 274  # the number of that EXIF tag; 1 is upright


class Seen(NamedTuple):
    """What is in the two files of a frame.

    size: (width, height) of the image; None: unreadable.
    ids: pixels of each class id, int64 (256); None: unreadable.
    problems: kind and message.
    unlisted: pixels of each raw label that the table lacks.
    """

    size: tuple[int, int] | None
    ids: np.ndarray | None
    problems: list[tuple[str, str]]
    unlisted: dict[Hashable, int]


@dataclass
class Findings:
    """What is in a whole data set.

    sizes: how many images are (width, height).
    pixels, frames_with: int64 (C + 1), of each class, and at the end of void and of unlisted labels.
    problems: messages by kind.
    """

    class_names: tuple[str, ...]
    frames: int = 0
    sizes: Counter = field(default_factory=Counter)
    problems: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self):
        self.pixels = np.zeros(len(self.class_names) + 1, np.int64)
        self.frames_with = np.zeros_like(self.pixels)

    def add(self, seen: Seen) -> None:
        """Counts one frame in."""
        self.frames += 1
        if seen.size is not None:
            self.sizes[seen.size] += 1
        if seen.ids is not None:
            pixels = np.append(seen.ids[: len(self.class_names)], seen.ids[IGNORE])
            self.pixels += pixels
            self.frames_with += pixels > 0
        for kind, message in seen.problems:
            self.problems[kind].append(message)

    def __str__(self) -> str:
        sizes = [f"{count} of {w} x {h}" for (w, h), count in self.sizes.most_common(_SIZES_SHOWN)]
        sizes += [f"{len(self.sizes) - len(sizes)} more sizes"] * (len(self.sizes) > len(sizes))
        lines = [f"{self.frames} frames: {', '.join(sizes)}"]
        lines.append(f"{'class':24s}{'pixels':>16s}{'share':>9s}{'frames':>9s}")
        shares = self.pixels / max(self.pixels.sum(), 1)
        rows = zip((*self.class_names, VOID), self.pixels, shares, self.frames_with, strict=True)
        lines += [f"{name:24s}{n:16,d}{share:9.2%}{frames:9d}" for name, n, share, frames in rows]
        for kind, messages in self.problems.items():
            lines.append(f"\n{kind}: {len(messages)}")
            lines += [f"  {message}" for message in messages[:MAX_PROBLEMS]]
            lines += [f"  and {len(messages) - MAX_PROBLEMS} more"] * (len(messages) > MAX_PROBLEMS)
        return "\n".join(lines if self.problems else [*lines, "\nNo problems"])


def check(source: Source, progress: bool = True) -> Findings:
    """Reads every file of a data set to its last pixel, and does not stop at a problem.

    Raises DataError when files lie so that sequences cannot be told apart, or there are none.
    """
    found = Findings(source.class_names)
    frames: list[Frame] = []
    for sequence in source.sequences():
        files = source.files(sequence)
        frames += files.frames(sequence)
        found.problems[UNPAIRED] += files.unpaired()
        found.problems[OTHER_FILES] += files.problems
    unlisted: dict[Hashable, list[tuple[int, Path]]] = defaultdict(list)
    bar = progress_bar(len(frames), 0, unit="frame", description="check", shown=progress)
    with ThreadPoolExecutor(os.cpu_count()) as pool, bar:
        for frame, seen in zip(frames, pool.map(lambda each: _see(source, each), frames), strict=True):
            found.add(seen)
            for label, pixels in seen.unlisted.items():
                unlisted[label].append((pixels, frame.label))
            bar.update()
    for label, places in sorted(unlisted.items(), key=lambda item: -sum(n for n, _ in item[1])):
        found.problems[UNLISTED].append(
            describe(
                label,
                f": {sum(n for n, _ in places)} pixels in {len(places)} frames, first in {places[0][1]}",
            )
        )
    if len(found.sizes) > 1 and source.size is None:
        (width, height), _ = found.sizes.most_common(1)[0]
        found.problems[SEVERAL_SIZES].append(
            f"to fit all to one, write '# size: {width} x {height}' at the top of {TABLE_FILE}, or "
            f"preprocess with --size {height} {width}"
        )
    found.problems = {kind: [*dict.fromkeys(each)] for kind, each in found.problems.items() if each}
    return found


def _see(source: Source, frame: Frame) -> Seen:
    """Reads both files, whatever is wrong with one of them."""
    size, ids, problems, unlisted = None, None, [], {}
    try:
        size = source.read_image(frame).size
        with Image.open(frame.image) as image:
            if image.getexif().get(_ORIENTATION, 1) != 1:
                problem = f"{frame.image}: EXIF data ask for it to be turned, and it is; if its mask is "
                problems.append((TURNED, f"{problem}not, save both upright, without EXIF data"))
    except DataError as error:
        problems.append((UNUSABLE, str(error)))
    try:
        ids = source.read_labels(frame)
    except UnlistedLabels as error:
        ids, unlisted = error.ids, error.counts
    except DataError as error:
        problems.append((UNUSABLE, str(error)))
    if size and ids is not None and size != ids.shape[::-1]:
        problems.append((OTHER_SIZE, unequal_sizes(frame, size, ids.shape)))
    counts = None if ids is None else np.bincount(ids.ravel(), minlength=IGNORE + 1)
    return Seen(size, counts, problems, unlisted)


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
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    folder = user_path(options.folder)
    own, written = own_table(folder), None
    if options.write and own:
        raise DataError(f"{own}: is there already; move it elsewhere to have another one written")
    suffixes = {"image_suffix": options.image_suffix, "mask_suffix": options.mask_suffix}
    suffixes = {name: value for name, value in suffixes.items() if value is not None}
    if options.table in ready_tables():
        written = settings_text(**suffixes) + ready_text(options.table)
    elif options.table is None and Folder.recognises(folder) and not own:
        written, problems = propose_table(folder, **suffixes)
        head = f"{folder / TABLE_FILE}: no such file. A proposal:\n"
        print("\n".join([head, written, *problems[:MAX_PROBLEMS]]))
        if not options.write:
            return 1
    if options.write:
        if written is None:
            raise DataError("--write: there is nothing to write beside a proposal or a ready table")
        atomic_write(folder / TABLE_FILE, lambda part: part.write_text(written, "utf-8"))
        print(f"Written: {folder / TABLE_FILE}\n")
    if options.table:
        suffixes["table"] = options.table
    found = check(Folder(folder, **suffixes) if suffixes else sources.open(folder))
    print(found)
    return int(bool(found.problems))
