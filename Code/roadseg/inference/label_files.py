"""Labels files, folders and videos, and writes the results; also `roadseg predict`."""

import contextlib
import errno
import io
import json
import math
import os
import sys
import threading
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from roadseg.data.classes import IGNORE
from roadseg.errors import DataError
from roadseg.files import atomic_write, folder_lock
from roadseg.inference.images import read_image
from roadseg.inference.labeller import Labeller, in_order
from roadseg.inference.segmentation import LAYOUTS, Appearance, Segmentation, check_names
from roadseg.inference.video import label_video
from roadseg.progress import progress_bar

IMAGES = (
    ".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp",
)  # fmt: skip
VIDEOS = (
    ".avi", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ts", ".webm", ".wmv",
)  # fmt: skip
_ENDINGS = {  # of a result's name, by kind
    "ids": ("-ids.png",),
    "overlay": ("-overlay.jpg", "-overlay.png", "-overlay.mp4"),
    "confidence": ("-confidence.png",),
    "shares": ("-shares.json",),
}
_RESULTS = "classes.csv", *(each for endings in _ENDINGS.values() for each in endings)
KINDS = tuple(_ENDINGS)
USUAL = "ids", "overlay", "shares"
_WRITTEN_BY = "# written by roadseg predict"
_LARGEST_JPEG = 65_500  # pixels along a side
_LARGE = 20_000_000  # pixels of images that are labelled one at a time, for their memory
_DISK_FULL = errno.ENOSPC, errno.EDQUOT
_SHOWN = 20  # failed files and warnings that the command prints


@dataclass
class Report:
    """What became of the files: how many were labelled or skipped, how surely, and what failed why."""

    labelled: int = 0
    skipped: int = 0
    failed: dict[Path, str] = field(default_factory=dict)
    confidence: float = math.nan  # mean over the labelled files


def predict(
    labeller: Labeller,
    inputs: Iterable[str | Path],
    output: str | Path,
    *,
    kinds: Iterable[str] = USUAL,
    appearance: Appearance = Appearance(),  # noqa: B008, it is frozen
    strict: bool = False,
    skip_existing: bool = False,
    progress: bool = True,
) -> Report:
    """Labels images and videos, and writes the results into a folder, over those of the same names.

    A file that cannot be labelled never stops the others. Beside class ids stands `classes.csv`, the
    table of a data set of one's own.

    Args:
        labeller: what `open` gave.
        inputs: files, folders and glob patterns.
        output: folder of the results; it may be that of the images.
        kinds: of an image's results: "ids", "overlay", "confidence", "shares". A video always has its
            overlay and its shares.
        appearance: chosen classes, opacity, layout of videos.
        strict: stops at the first file that cannot be labelled. Otherwise the report names all of them.
        skip_existing: leaves out files that have all their results.
        progress: shows progress bars.

    Returns:
        What became of the files.

    Raises:
        DataError: nothing is there to label, two files would have results of one name, another process
            writes into the folder or it cannot be written to, the disk is full, or, when strict, a file
            cannot be labelled.
        ValueError: a class or a kind of result is unknown.
    """
    output, kinds = Path(output), tuple(kinds)
    check_names("result", kinds, KINDS)
    check_names("class", appearance.classes or (), labeller.card.class_names)
    report, confidences, one_at_a_time = Report(), [], threading.Lock()

    def attempt(name: str) -> tuple[str, float | Exception]:
        """Labels one file; its mean confidence, or what is wrong with it."""
        path, target = files[name], output / name
        try:
            if _is_video(path):
                return name, _label_video(labeller, path, target, appearance, progress)
            image = read_image(path)
            with one_at_a_time if image.width * image.height > _LARGE else contextlib.nullcontext():
                return name, _label_image(labeller, image, target, appearance, kinds)
        except Exception as error:  # whatever it is, it is a matter of this file
            return name, error

    try:
        files = find_inputs(inputs)
        output.mkdir(parents=True, exist_ok=True)
        with folder_lock(output):
            if "ids" in kinds:
                _write_classes(output / "classes.csv", labeller)
            work = [name for name in files if not (skip_existing and _is_done(output / name, kinds))]
            report.skipped = len(files) - len(work)
            for name, outcome in _images_then_videos(attempt, work, files, progress):
                if isinstance(outcome, float):
                    confidences.append(outcome)
                    continue
                problem = f"{files[name]}: cannot be labelled ({type(outcome).__name__}: {outcome})"
                error = outcome if isinstance(outcome, DataError) else DataError(problem)
                if strict or getattr(outcome, "errno", None) in _DISK_FULL:
                    raise error
                report.failed[files[name]] = str(error)
        if confidences:
            report.labelled, report.confidence = len(confidences), float(np.mean(confidences))
    except OSError as error:
        raise DataError(
            f"{error.filename or output}: {error.strerror}; check the path and its permissions"
        )
    return report


def _images_then_videos(attempt, names: list[str], files: dict[str, Path], progress: bool) -> Iterator:
    """Several images are labelled at a time, and several frames of a video."""
    images = [name for name in names if not _is_video(files[name])]
    with progress_bar(len(images), 0, unit="image", description="Labelling", shown=progress) as bar:
        for outcome in in_order(attempt, images):
            bar.update()
            yield outcome
    yield from (attempt(name) for name in names if _is_video(files[name]))


def _label_image(
    labeller: Labeller, image: Image.Image, target: Path, appearance: Appearance, kinds: tuple[str, ...]
) -> float:
    segmentation = labeller.segment(image, maps={"confidence"} & set(kinds))
    chosen = appearance.chosen(segmentation)
    for kind in kinds:
        ending, content = result(kind, chosen, appearance)
        _write(Path(f"{target}{ending}"), content)
    return segmentation.mean_confidence


def _label_video(
    labeller: Labeller, path: Path, target: Path, appearance: Appearance, progress: bool
) -> float:
    labelled = Path(f"{target}-overlay.mp4")
    pixels, total, confidence = label_video(labeller, path, labelled, appearance, progress)
    shares = _shares(labeller.card.class_names, pixels, total, appearance)
    _write(Path(f"{target}-shares.json"), shares)
    return confidence


def result(kind: str, segmentation: Segmentation, appearance: Appearance) -> tuple[str, bytes]:
    """One kind of result of an image: the ending of its name, and its content."""
    if kind == "ids":
        return "-ids.png", _encoded(segmentation.id_image(), "PNG", compress_level=1)
    if kind == "confidence":
        return "-confidence.png", _encoded(segmentation.confidence_image(), "PNG", compress_level=1)
    if kind == "shares":
        names, pixels, total = segmentation.class_names, segmentation.pixels(), segmentation.ids.size
        return "-shares.json", _shares(names, pixels, total, appearance)
    overlay = segmentation.overlay(appearance.opacity)
    if max(overlay.size) > _LARGEST_JPEG:
        return "-overlay.png", _encoded(overlay, "PNG", compress_level=1)
    return "-overlay.jpg", _encoded(overlay, "JPEG", quality=92, subsampling=0)


def _encoded(image: Image.Image, file_format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def _shares(names: tuple[str, ...], pixels: np.ndarray, total: int, appearance: Appearance) -> bytes:
    """The share of each class, or of each chosen one, in all pixels, 0..1."""
    counts = dict(zip(names, pixels.tolist(), strict=True))
    shares = {name: counts[name] / total for name in appearance.classes or names}
    return (json.dumps({"pixels": total, "shares": shares}, indent=1) + "\n").encode()


def _write_classes(path: Path, labeller: Labeller) -> None:
    """The table with which the id images are masks of a data set; somebody else's table stays."""
    if path.exists() and not path.read_text("utf-8", "replace").startswith(_WRITTEN_BY):
        warnings.warn(f"{path}: stays as it is, and may not describe the new ids", stacklevel=2)
        return
    lines = [_WRITTEN_BY, "# mask suffix: -ids", "name,id,palette"]
    for index, name in enumerate(labeller.card.class_names):
        red, green, blue = labeller.card.palette[index]
        quoted = name.replace('"', '""')
        lines.append(f'"{quoted}",{index},{red} {green} {blue}')
    _write(path, "\n".join((*lines, f"void,{IGNORE},", "")).encode())


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, lambda part: part.write_bytes(content))


def _is_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEOS


def _is_done(target: Path, kinds: tuple[str, ...]) -> bool:
    """Whether all results are there; those of a video are always the same two."""
    wanted = ("overlay", "shares") if Path(f"{target}-overlay.mp4").exists() else kinds
    return all(any(Path(f"{target}{each}").exists() for each in _ENDINGS[kind]) for kind in wanted)


def find_inputs(inputs: Iterable[str | Path]) -> dict[str, Path]:
    """The images and videos in files, folders and glob patterns, each once, in the order given.

    A folder stands for everything below it, except hidden files and results of an earlier call; results
    keep its sub-folders. A warning counts files of other kinds.

    Returns:
        The name of each one's results, without ending -> its file.

    Raises:
        DataError: nothing is there, or two files would have results of one name.
    """
    names: dict[Path, str] = {}
    for text in inputs:
        paths = _expand(text)
        if not paths:
            kinds = ", ".join(each[1:] for each in (*IMAGES, *VIDEOS))
            raise DataError(f"{text}: no image or video there ({kinds}); check the path")
        root = Path(text) if Path(text).is_dir() else None
        for path in paths:
            names.setdefault(path, str(path.relative_to(root)) if root else path.name)
    short = {path: name.removesuffix(path.suffix) for path, name in names.items()}
    count, files = Counter(short.values()), {}
    for path, name in names.items():  # a.jpg and a.png, or a photograph and its film, keep their suffix
        other = files.setdefault(short[path] if count[short[path]] == 1 else name, path)
        if other != path:
            raise DataError(
                f"{path}: its results would have the names of {other}'s; label one of them into another "
                "folder"
            )
    return files


def _expand(text: str | Path) -> list[Path]:
    path = Path(text)
    if path.is_dir():
        return _below(path)
    if path.exists() or not set("*?[") & set(str(text)):  # a file that is missing is reported as such
        return [path]
    matches = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
    files = (each for each in matches if each.is_file() and not each.name.startswith("."))
    return [each for each in files if not each.name.endswith(_RESULTS)]


def _below(folder: Path) -> list[Path]:
    found, passed_over = [], Counter()
    for path in sorted(folder.rglob("*")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        if path.is_dir():
            passed_over["linked folders"] += path.is_symlink()
            passed_over["folders without permission"] += not os.access(path, os.R_OK | os.X_OK)
        elif path.name.endswith(_RESULTS):
            passed_over["earlier results"] += 1
        elif path.suffix.lower() in (*IMAGES, *VIDEOS):
            found.append(path)
        else:
            passed_over[path.suffix.lower() or "files without suffix"] += 1
    if passed_over.total():
        counts = ", ".join(f"{kind} ({count})" for kind, count in sorted(passed_over.items()) if count)
        warnings.warn(f"{folder}: passed over {counts}", stacklevel=2)
    return found


def add_command(commands) -> None:
    """Adds `roadseg predict` to the sub-parsers of `roadseg`."""
    parser = commands.add_parser(
        "predict",
        help="label images, folders and videos",
        description="Labels images and videos with a trained network, and writes the results into a "
        "folder, over those of the same names.",
    )
    add = parser.add_argument
    add(
        "network",
        help="folder of a finished run, exported file, or weights: simple_plus-camvid for photographs, "
        "simple or simple_plus for rendered scenes",
    )
    add("inputs", nargs="+", metavar="INPUT", help="file, folder or quoted pattern")
    add("--output", type=Path, required=True, help="folder of the results")
    kinds = f"of {', '.join(KINDS)}; default: {', '.join(USUAL)}"
    add("--save", nargs="+", choices=KINDS, default=USUAL, metavar="RESULT", help=kinds)
    add("--classes", nargs="+", metavar="CLASS", help="keep these alone; default: all")
    add("--opacity", type=float, default=0.5, help="of the overlay; default: 0.5")
    layouts = "of videos: overlay (default), or beside: the frame and its overlay"
    add("--layout", choices=LAYOUTS, default="overlay", help=layouts)
    add("--scale", type=float, help="how much images are shrunk; default: to the width in training")
    add("--tile", action="store_true", help="label in overlapping windows, for detail")
    add("--tta", choices=("flip",), help="average with the mirror image; half as fast")
    add("--strict", action="store_true", help="stop at the first file that cannot be labelled")
    add("--skip-existing", action="store_true", help="leave out files that have all their results")
    parser.set_defaults(run=_predict)


def _predict(options) -> int:
    from roadseg import inference

    classes = tuple(options.classes) if options.classes else None
    appearance = Appearance(classes, options.opacity, options.layout)
    labeller = inference.open(
        options.network, scale=options.scale, tile=options.tile, flip=options.tta == "flip"
    )
    print(labeller.card)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        report = predict(
            labeller, options.inputs, options.output, kinds=options.save, appearance=appearance,
            strict=options.strict, skip_existing=options.skip_existing,
        )  # fmt: skip
    there = f", {report.skipped:,} were there already" if report.skipped else ""
    sure = f", mean confidence {report.confidence:.2f}" if report.labelled else ""
    print(f"{options.output}: {report.labelled:,} labelled{there}{sure}")
    _print_some("Note", dict.fromkeys(str(each.message) for each in caught))
    _print_some(f"roadseg predict: {len(report.failed):,} could not be labelled", report.failed.values())
    return 1 if report.failed else 0


def _print_some(title: str, lines: Iterable[str]) -> None:
    shown = list(lines)[:_SHOWN]
    if shown:
        more = [f"and {len(lines) - _SHOWN:,} more"] if len(lines) > _SHOWN else []
        print("\n  ".join((f"{title}:", *shown, *more)), file=sys.stderr)
