"""Labels files, folders and videos, and writes the results; also `roadseg predict`."""

import contextlib
import errno
import json
import math
import sys
import threading
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from roadseg.data.classes import IGNORE
from roadseg.data.sources.class_table import written
from roadseg.errors import DataError
from roadseg.files import atomic_write, folder_lock
from roadseg.inference.labeller import Labeller, in_order, rgb_image
from roadseg.inference.segmentation import LAYOUTS, Appearance, check_names
from roadseg.inference.video import label_video
from roadseg.progress import progress_bar

if TYPE_CHECKING:
    from roadseg.networks import ModelCard

IMAGES = (
    ".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp",
)  # fmt: skip
VIDEOS = (
    ".avi", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ts", ".webm", ".wmv",
)  # fmt: skip
KINDS = "ids", "overlay", "confidence", "shares"
_RESULTS = (
    "classes.csv", "-ids.png", "-overlay.jpg", "-overlay.png", "-overlay.mp4", "-confidence.png",
    "-shares.json",
)  # fmt: skip
USUAL = "ids", "overlay", "shares"
_WRITTEN_BY = "# written by roadseg predict"
_LARGEST_JPEG = 65_500  # pixels along a side
_LARGE = 20_000_000  # pixels of images that are labelled one at a time, for their memory
_DISK_FULL = errno.ENOSPC, errno.EDQUOT
_LIKE_TRAINING = 1.25  # times more or less that an image may shrink than those in training
_UNSURE = 0.1  # by which the mean confidence may lie below that of training


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
    video_ids: bool = False,
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
        video_ids: also writes the class ids of each frame of a video, into a folder of its name.
        progress: shows progress bars.

    Raises DataError when nothing is there to label, two files would have results of one name, another
    process writes into the folder or it cannot be written to, the disk is full, or, when strict, a file
    cannot be labelled; ValueError when a class or a kind of result is unknown.
    """
    output, kinds, card = Path(output), tuple(kinds), labeller.card
    check_names("result", kinds, KINDS)
    check_names("class", appearance.classes or (), card.class_names)
    report, confidences, one_at_a_time = Report(), [], threading.Lock()
    shrunk: dict[Path, float] = {}  # images -> how much, where those in training did not shrink so

    def label(file: Path, target: Path) -> float:
        """The mean confidence."""
        if _is_video(file):
            ids = Path(f"{target}-ids") if video_ids else None
            labelled = Path(f"{target}-overlay.mp4")
            *counts, confidence = label_video(labeller, file, labelled, appearance, progress, ids)
            _write_shares(target, card, *counts, appearance)
            return confidence
        image = rgb_image(file)
        scale = labeller.scale_of(*image.size)
        if labeller.scale is None and max(scale / card.scale, card.scale / scale) > _LIKE_TRAINING:
            shrunk[file] = scale
        with one_at_a_time if image.width * image.height > _LARGE else contextlib.nullcontext():
            return _label_image(labeller, image, target, appearance, kinds)

    def attempt(name: str) -> tuple[Path, float | Exception]:
        try:
            return files[name], label(files[name], output / name)
        except Exception as error:  # whatever it is, it is a matter of this file
            return files[name], error

    try:
        files = find_inputs(inputs)
        output.mkdir(parents=True, exist_ok=True)
        with folder_lock(output):
            if "ids" in kinds:
                _write_classes(output / "classes.csv", card)
            work = [name for name in files if not (skip_existing and _is_done(output / name, kinds))]
            report.skipped = len(files) - len(work)
            for file, outcome in _outcomes(attempt, work, files, progress):
                if isinstance(outcome, float):
                    confidences.append(outcome)
                    continue
                problem = f"{file}: cannot be labelled ({type(outcome).__name__}: {outcome})"
                error = outcome if isinstance(outcome, DataError) else DataError(problem)
                if strict or getattr(outcome, "errno", None) in _DISK_FULL:
                    raise error
                report.failed[file] = str(error)
    except OSError as error:
        raise DataError(
            f"{error.filename or output}: {error.strerror}; check the path and its permissions"
        )
    if confidences:
        report.labelled, report.confidence = len(confidences), float(np.mean(confidences))
    if card.confidence is not None and report.confidence < card.confidence - _UNSURE:
        warnings.warn(
            f"mean confidence {report.confidence:.2f}, but {card.confidence:.2f} on images like those "
            "in training: look at the results, and train on images of this kind",
            stacklevel=2,
        )
    if shrunk:
        path = min(shrunk)
        warnings.warn(
            f"{len(shrunk)} images, such as {path}, shrink by {shrunk[path]:.2g}, those in training by "
            f"{card.scale:.2g}: right for a camera of the same view; give --scale {card.scale:.2g} "
            "where a pixel shows as much as in training",
            stacklevel=2,
        )
    return report


def _outcomes(attempt, names: list[str], files: dict[str, Path], progress: bool) -> Iterator:
    """First of the images, several at a time, then of the videos, several frames at a time."""
    images = [name for name in names if not _is_video(files[name])]
    with progress_bar(len(images), 0, unit="image", description="Labelling", shown=progress) as bar:
        for outcome in in_order(attempt, images):
            bar.update()
            yield outcome
    yield from (attempt(name) for name in names if _is_video(files[name]))


def _label_image(
    labeller: Labeller, image: Image.Image, target: Path, appearance: Appearance, kinds: tuple[str, ...]
) -> float:
    """Writes the results; returns the mean confidence."""
    segmentation = appearance.chosen(labeller.segment(image, maps={"confidence"} & set(kinds)))
    if "ids" in kinds:
        _save(segmentation.id_image(), f"{target}-ids.png", compress_level=1)
    if "confidence" in kinds:
        _save(segmentation.confidence_image(), f"{target}-confidence.png", compress_level=1)
    if "overlay" in kinds:
        overlay = segmentation.overlay(appearance.opacity)
        ending = "jpg" if max(overlay.size) <= _LARGEST_JPEG else "png"
        _save(overlay, f"{target}-overlay.{ending}", quality=92, subsampling=0, compress_level=1)
    if "shares" in kinds:
        _write_shares(target, labeller.card, segmentation.pixels(), segmentation.ids.size, appearance)
    return segmentation.mean_confidence


def _save(image: Image.Image, path: str, **options) -> None:
    atomic_write(Path(path), lambda part: image.save(part, **options))


def _write_shares(
    target: Path, card: "ModelCard", pixels: np.ndarray, total: int, appearance: Appearance
) -> None:
    """The share of each class, or of each chosen one, in all pixels, 0..1."""
    counts = dict(zip(card.class_names, pixels.tolist(), strict=True))
    shares = {name: counts[name] / total for name in appearance.classes or counts}
    text = json.dumps({"pixels": total, "shares": shares}, indent=1) + "\n"
    atomic_write(Path(f"{target}-shares.json"), lambda part: part.write_text(text, "utf-8"))


def _write_classes(path: Path, card: "ModelCard") -> None:
    """The table with which the id images are masks of a data set; somebody else's table stays."""
    if path.exists() and not path.read_text("utf-8", "replace").startswith(_WRITTEN_BY):
        warnings.warn(f"{path}: stays as it is, and may not describe the new ids", stacklevel=2)
        return
    lines = [_WRITTEN_BY, "# mask suffix: -ids", "name,id,palette"]
    for index, (name, colour) in enumerate(zip(card.class_names, card.palette, strict=True)):
        quoted = name.replace('"', '""')
        lines.append(f'"{quoted}",{index},{written(colour)}')
    text = "\n".join((*lines, f"void,{IGNORE},", ""))
    atomic_write(path, lambda part: part.write_text(text, "utf-8"))


def _is_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEOS


def _is_done(target: Path, kinds: tuple[str, ...]) -> bool:
    """Whether all results are there; those of a video are always the same two."""
    wanted = ("overlay", "shares") if Path(f"{target}-overlay.mp4").exists() else kinds
    there = {ending for ending in _RESULTS if Path(f"{target}{ending}").exists()}
    return all(any(ending.startswith(f"-{kind}.") for ending in there) for kind in wanted)


def find_inputs(inputs: Iterable[str | Path]) -> dict[str, Path]:
    """The name of each one's results, without ending -> image or video, each once, in the order given.

    A folder stands for everything below it, except hidden files and results of an earlier call; results
    keep its sub-folders. A warning counts files of other kinds. Raises DataError when nothing is there,
    or two files would have results of one name.
    """
    names: dict[Path, str] = {}
    for text in inputs:
        root, is_folder = Path(text), Path(text).is_dir()
        if is_folder:
            paths = _below(root)
        elif root.exists() or not set("*?[") & set(str(text)):
            paths = [root]  # a file that is missing is reported as such
        else:
            folder = next(each for each in root.parents if each.is_dir())  # may have [ in its name
            matches = sorted(folder.glob(str(root.relative_to(folder))))
            paths = [each for each in matches if each.is_file() and not _is_passed_over(each)]
        if not paths:
            kinds = ", ".join(each[1:] for each in (*IMAGES, *VIDEOS))
            raise DataError(f"{text}: no image or video there ({kinds}); check the path")
        for path in paths:
            names.setdefault(path, str(path.relative_to(root)) if is_folder else path.name)
    short = {path: name.removesuffix(path.suffix) for path, name in names.items()}
    count, files = Counter(short.values()), {}
    for path, name in names.items():  # a.jpg and a.png, or a photograph and its film, keep their suffix
        other = files.setdefault(short[path] if count[short[path]] == 1 else name, path)
        if other != path:
            raise DataError(f"{path}: would have results named as {other}'s; take another folder")
    return files


def _below(folder: Path) -> list[Path]:
    found, others = [], Counter()
    for path in sorted(folder.rglob("*")):
        is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_dir():
            if path.is_symlink():  # glob does not go into them
                others["linked folders"] += 1
        elif path.suffix.lower() in (*IMAGES, *VIDEOS) and not (is_hidden or _is_passed_over(path)):
            found.append(path)
        elif not (is_hidden or _is_passed_over(path)):
            others[path.suffix.lower() or "files without suffix"] += 1
    if others:
        counts = ", ".join(f"{kind} ({count})" for kind, count in sorted(others.items()))
        warnings.warn(f"{folder}: passed over {counts}", stacklevel=2)
    return found


def _is_passed_over(path: Path) -> bool:
    """Hidden, or a result of an earlier call."""
    return path.name.startswith(".") or path.name.endswith(_RESULTS)


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
    add("--video-ids", action="store_true", help="write the ids of each frame of videos, too")
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
            strict=options.strict, skip_existing=options.skip_existing, video_ids=options.video_ids,
        )  # fmt: skip
    there = f", {report.skipped:,} were there already" if report.skipped else ""
    sure = f", mean confidence {report.confidence:.2f}" if report.labelled else ""
    print(f"{options.output}: {report.labelled:,} labelled{there}{sure}")
    for title, lines in (
        ("Note", dict.fromkeys(str(each.message) for each in caught)),
        (f"roadseg predict: {len(report.failed):,} could not be labelled", report.failed.values()),
    ):
        if lines:
            print("\n  ".join((f"{title}:", *lines)), file=sys.stderr)
    return 1 if report.failed else 0
