"""The command `roadseg check-data`: all that is wrong with a data set, and what is in it."""

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from roadseg.data import findings, sources
from roadseg.data.classes import IGNORE
from roadseg.data.findings import Findings, Seen
from roadseg.data.propose_table import propose_table, settings_text
from roadseg.data.sources import Folder, Frame, Source, ready_tables
from roadseg.data.sources.class_table import UnlistedLabels
from roadseg.data.sources.table_file import MAX_PROBLEMS, TABLE_FILE, ready_text
from roadseg.errors import DataError
from roadseg.files import atomic_write, user_path
from roadseg.progress import progress_bar

_ORIENTATION = 274  # the number of that EXIF tag; 1 is upright


def check(source: Source, progress: bool = True) -> Findings:
    """Reads every file of a data set to its last pixel, and does not stop at a problem.

    Raises DataError when there is no sequence at all.
    """
    found = Findings(source.class_names)
    frames: list[Frame] = []
    for sequence in source.sequences():
        paired, alone, problems = source.survey(sequence)
        frames += paired
        found.problems[findings.UNPAIRED] += map(str, alone)
        found.problems[findings.OTHER_FILES] += problems
    bar = progress_bar(len(frames), 0, unit="frame", description="check", shown=progress)
    with ThreadPoolExecutor(os.cpu_count()) as pool, bar:
        for frame, seen in zip(frames, pool.map(lambda each: _see(source, each), frames), strict=True):
            found.add(frame, seen)
            bar.update()
    found.conclude(are_fitted=source.size is not None)
    return found


def _see(source: Source, frame: Frame) -> Seen:
    """Reads both files, whatever is wrong with one of them."""
    size, ids, problems = None, None, []
    try:
        size = source.read_image(frame).size
        if _is_turned(frame.image):
            problem = f"{frame.image}: EXIF data ask for it to be turned; save it upright, without them"
            problems.append((findings.TURNED, problem))
    except DataError as error:
        problems.append((findings.UNUSABLE, str(error)))
    try:
        ids = source.read_labels(frame)
    except UnlistedLabels as error:
        problems.append(error)
        ids = error.ids
    except DataError as error:
        problems.append((findings.UNUSABLE, str(error)))
    if size and ids is not None and size != ids.shape[::-1]:
        problems.append((
            findings.OTHER_SIZE,
            f"{frame.label}: {ids.shape[1]} x {ids.shape[0]} pixels, but its image {frame.image} has "
            f"{size[0]} x {size[1]}",
        ))  # fmt: skip
    counts = None if ids is None else np.bincount(ids.ravel(), minlength=IGNORE + 1)
    return Seen(size, counts, problems)


def _is_turned(path: Path) -> bool:
    """Whether other programs show an image turned or mirrored; perhaps it was labelled so."""
    try:
        with Image.open(path) as image:
            return image.getexif().get(_ORIENTATION, 1) != 1
    except (OSError, SyntaxError, ValueError):  # of the EXIF data: the pixels have been read
        return False


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
    if options.table:
        suffixes["table"] = options.table
    source = Folder(folder, **suffixes) if suffixes else sources.open(folder)
    found = check(source)
    print(found)
    return int(bool(found.problems))


def _write(path: Path, text: str) -> None:
    try:
        atomic_write(path, lambda part: part.write_text(text, "utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}); save the printed text yourself")
    print(f"Written: {path}\n")
