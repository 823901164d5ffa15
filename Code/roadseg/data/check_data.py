"""The command `roadseg check-data`: all that is wrong with a data set, and what is in it."""

import argparse
import os
from collections import Counter, defaultdict
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from roadseg.data import sources
from roadseg.data.classes import IGNORE
from roadseg.data.propose_table import propose_table, settings_text
from roadseg.data.sources import Folder, Frame, Source
from roadseg.data.sources.class_table import VOID, UnlistedLabels, describe, remedy
from roadseg.data.sources.table_file import MAX_PROBLEMS, TABLE_FILE, ready_tables, ready_text
from roadseg.errors import DataError
from roadseg.files import atomic_write, user_path
from roadseg.progress import progress_bar

_SIZES_SHOWN = 5
_ORIENTATION = 274  # the number of that EXIF tag; 1 is upright


@dataclass
class _Unlisted:
    """Where a raw label that the table lacks occurs."""

    pixels: int = 0
    frames: int = 0
    first: Path | None = None


@dataclass
class Findings:
    """What is in a data set, and what is wrong with it.

    sizes: frames of each (width, height).
    pixels, frames_with: int64 (C + 1), of each class and at the end of void.
    problems: messages by kind.
    """

    class_names: tuple[str, ...]
    frames: int = 0
    sizes: Counter = field(default_factory=Counter)
    problems: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self):
        self.pixels = np.zeros(len(self.class_names) + 1, np.int64)
        self.frames_with = np.zeros_like(self.pixels)

    def __str__(self) -> str:
        sizes = [f"{count} of {w} x {h}" for (w, h), count in self.sizes.most_common(_SIZES_SHOWN)]
        sizes += [f"{len(self.sizes) - len(sizes)} more sizes"] * (len(self.sizes) > len(sizes))
        lines = [f"{self.frames} frames: {', '.join(sizes)}"]
        total = max(self.pixels.sum(), 1)
        lines.append(f"{'class':24s}{'pixels':>14s}{'share':>9s}{'frames':>9s}")
        names = (*self.class_names, VOID)
        for name, pixels, frames in zip(names, self.pixels, self.frames_with, strict=True):
            lines.append(f"{name:24s}{pixels:14,d}{pixels / total:9.2%}{frames:9d}")
        for kind, messages in self.problems.items():
            lines.append(f"\n{kind}: {len(messages)}")
            lines += [f"  {message}" for message in messages[:MAX_PROBLEMS]]
            if len(messages) > MAX_PROBLEMS:
                lines.append(f"  and {len(messages) - MAX_PROBLEMS} more")
        return "\n".join([*lines, *([] if self.problems else ["\nNo problems"])])


def check(source: Source, progress: bool = True) -> Findings:
    """Reads every file of a data set to its last pixel, and does not stop at a problem."""
    findings = Findings(source.class_names)
    frames: list[Frame] = []
    for sequence in source.sequences():
        paired, alone, problems = source.survey(sequence)
        frames += paired
        findings.problems["files without a counterpart"] += map(str, alone)
        findings.problems["other files"] += problems
    unlisted: dict[Hashable, _Unlisted] = defaultdict(_Unlisted)
    bar = progress_bar(len(frames), 0, unit="frame", description="check", shown=progress)
    with ThreadPoolExecutor(os.cpu_count()) as pool, bar:
        for frame, seen in zip(frames, pool.map(lambda each: _read(source, each), frames), strict=True):
            _add(findings, unlisted, frame, *seen)
            bar.update()
    _conclude(findings, unlisted, source)
    return findings


def _read(source: Source, frame: Frame) -> tuple[tuple[int, int] | None, object, list[DataError]]:
    """Size of the image, and pixels of each class id and the size of the mask, as far as readable."""
    size = counts = None
    errors = []
    try:
        size = source.read_image(frame).size
        if _is_turned(frame.image):
            errors.append(_Turned(f"{frame.image}: EXIF data ask to turn it; save it upright, without"))
    except DataError as error:
        errors.append(error)
    try:
        labels = source.read_labels(frame)
        counts = np.bincount(labels.ravel(), minlength=IGNORE + 1)
        if size not in (None, labels.shape[::-1]):
            height, width = labels.shape
            errors.append(_OtherSize(
                f"{frame.label}: {width} x {height} pixels, but its image {frame.image} has "
                f"{size[0]} x {size[1]}"
            ))  # fmt: skip
    except DataError as error:
        errors.append(error)
    return size, counts, errors


class _OtherSize(DataError):
    """A mask is larger or smaller than its image."""


class _Turned(DataError):
    """An image that other programs show turned or mirrored, and perhaps was labelled so."""


def _is_turned(path: Path) -> bool:
    with Image.open(path) as image:
        return image.getexif().get(_ORIENTATION, 1) != 1


_KINDS = {_OtherSize: "masks of another size", _Turned: "turned images"}


def _add(findings, unlisted, frame: Frame, size, counts, errors: list[DataError]) -> None:
    """Adds what was seen in one frame."""
    findings.frames += 1
    if size:
        findings.sizes[size] += 1
    if counts is not None:
        own = np.append(counts[: len(findings.class_names)], counts[IGNORE])
        findings.pixels += own
        findings.frames_with += own > 0
    for error in errors:
        if isinstance(error, UnlistedLabels):
            for label, pixels in error.counts.items():
                entry = unlisted[label]
                entry.pixels, entry.frames = entry.pixels + pixels, entry.frames + 1
                entry.first = entry.first or frame.label
        else:
            kind = _KINDS.get(type(error), "unusable files")
            findings.problems[kind].append(str(error))


def _conclude(findings: Findings, unlisted, source: Source) -> None:
    """Adds what only all frames together tell."""
    for label, entry in sorted(unlisted.items(), key=lambda item: -item[1].pixels):
        findings.problems["labels that the table lacks"].append(
            f"{describe(label)}: {entry.pixels} pixels in {entry.frames} frames, first in "
            f"{entry.first}; {remedy(label)}"
        )
    if len(findings.sizes) > 1 and source.size is None:
        (width, height), _ = findings.sizes.most_common(1)[0]
        findings.problems["frames of several sizes"].append(
            f"to fit all to one, write '# size: {width} x {height}' at the top of {TABLE_FILE}, or "
            f"preprocess with --size {height} {width}"
        )
    findings.problems = {kind: each for kind, each in findings.problems.items() if each}


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
    own = folder / TABLE_FILE
    if options.write and own.exists():
        raise DataError(f"{own}: is there already; move it elsewhere to have another one written")
    suffixes = {"image_suffix": options.image_suffix, "mask_suffix": options.mask_suffix}
    suffixes = {name: value for name, value in suffixes.items() if value is not None}
    if options.table in ready_tables() and options.write:
        _write(own, settings_text(**suffixes) + ready_text(options.table))
    elif options.table is None and Folder.recognises(folder) and not own.exists():
        text, problems = propose_table(Folder.find_files(folder, **suffixes))
        print("\n".join([f"{own}: no such file. A proposal:\n", text, *problems[:MAX_PROBLEMS]]))
        if not options.write:
            return 1
        _write(own, text)
    elif options.write:
        raise DataError("--write: there is nothing to write beside a proposal or a ready table")
    given = suffixes | ({"table": options.table} if options.table else {})
    source = Folder(folder, **given) if given else sources.open(folder)
    findings = check(source)
    print(findings)
    return int(bool(findings.problems))


def _write(path: Path, text: str) -> None:
    atomic_write(path, lambda part: part.write_text(text, "utf-8"))
    print(f"Written: {path}\n")
