"""The files that a labelled image or video leaves, and the record of how they were made."""

import contextlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from roadseg.errors import DataError
from roadseg.inference.inputs import Input
from roadseg.inference.segmentation import Segmentation

_SUFFIXES = {
    "ids": "-ids.png",
    "overlay": "-overlay.jpg",
    "confidence": "-confidence.png",
    "shares": "-shares.json",
}
_VIDEO_SUFFIXES = {"overlay": "-overlay.mp4", "shares": "-shares.json"}
KINDS = tuple(_SUFFIXES)
LAYOUTS = "overlay", "beside"
_RECORD = "predict.json"
_JPEG = {"format": "JPEG", "quality": 92, "subsampling": 0}
_PNG = {"format": "PNG", "compress_level": 1}


class OutputError(DataError):
    """A result cannot be written, and no other could be."""


@dataclass(frozen=True)
class Appearance:
    """What results show.

    classes: names of the only classes that are kept; None: all.
    opacity: of the overlay, 0..1.
    layout: of videos: "overlay", or "beside", the frame and its overlay next to each other.
    """

    classes: tuple[str, ...] | None = None
    opacity: float = 0.5
    layout: str = "overlay"

    def __post_init__(self):
        if not 0 <= self.opacity <= 1:
            raise ValueError(f"opacity {self.opacity}: give a number from 0 to 1")
        if self.layout not in LAYOUTS:
            raise ValueError(f"layout {self.layout!r}: one of {', '.join(LAYOUTS)}")

    def chosen(self, segmentation: Segmentation) -> Segmentation:
        """The segmentation with the chosen classes alone."""
        return segmentation if self.classes is None else segmentation.only(self.classes)

    def video_frame(self, segmentation: Segmentation) -> Image.Image:
        """One frame of a labelled video; its legend names all classes, so that its height never changes.

        Frames more than twice as wide as high stand above their overlay, not beside it.
        """
        names = self.classes or segmentation.class_names
        if self.layout == "overlay":
            return segmentation.overlay(self.opacity, names)
        overlay = segmentation.overlay(self.opacity, ())
        across = (overlay.width, 0) if overlay.width <= 2 * overlay.height else (0, overlay.height)
        both = Image.new("RGB", (overlay.width + across[0], overlay.height + across[1]))
        both.paste(Image.fromarray(segmentation.image))
        both.paste(overlay, across)
        return segmentation.with_legend(both, names)


class ResultFolder:
    """Writes results below a folder. Whatever is there stays, unless it shall be overwritten."""

    def __init__(self, path: Path, appearance: Appearance, *, overwrite: bool = False):
        self.path = path
        self.appearance = appearance
        self._overwrite = overwrite

    def missing(self, item: Input, kinds: tuple[str, ...]) -> dict[str, Path]:
        """Kind -> path of the results that are still to be written.

        A video has the same two, whatever the kinds; when the first is there, it is finished.
        """
        if item.is_video:
            paths = {kind: self._path(item, suffix) for kind, suffix in _VIDEO_SUFFIXES.items()}
            return paths if self._overwrite or not paths["overlay"].exists() else {}
        paths = {kind: self._path(item, _SUFFIXES[kind]) for kind in kinds}
        return {kind: path for kind, path in paths.items() if self._overwrite or not path.exists()}

    def check_record(self, settings: Mapping[str, object]) -> None:
        """Writes down how results are made; raises DataError if those there were made otherwise."""
        settings = json.loads(json.dumps(settings))
        record = self.path / _RECORD
        if record.exists() and not self._overwrite:
            there = _read_record(record)
            different = sorted(name for name in settings if there.get(name) != settings[name])
            if different:
                raise DataError(
                    f"{self.path}: holds results made with another {' and '.join(different)}; choose "
                    "another folder, or replace them with --overwrite"
                )
        self.write(record, (json.dumps(settings, indent=1) + "\n").encode())

    def write_image_results(self, segmentation: Segmentation, paths: Mapping[str, Path]) -> None:
        """Writes the given kinds of results of one image."""
        chosen = self.appearance.chosen(segmentation)
        for kind, path in paths.items():
            self.write(path, self.encoded(kind, chosen))

    def encoded(self, kind: str, segmentation: Segmentation) -> bytes:
        """The content of one kind of result."""
        if kind == "ids":
            return _saved(segmentation.id_image(), _PNG)
        if kind == "overlay":
            return _saved(segmentation.overlay(self.appearance.opacity), _JPEG)
        if kind == "confidence":
            return _saved(segmentation.confidence_image(), _PNG)
        return self.shares_json(segmentation.class_names, segmentation.pixels(), segmentation.ids.size)

    def shares_json(self, class_names: tuple[str, ...], pixels: np.ndarray, total: int) -> bytes:
        """The share of each class, or of each chosen one, in all pixels, 0..1."""
        counts = dict(zip(class_names, pixels.tolist(), strict=True))
        names = self.appearance.classes or class_names
        content = {"pixels": total, "shares": {name: counts[name] / total for name in names}}
        return (json.dumps(content, indent=1) + "\n").encode()

    def write(self, path: Path, content: bytes) -> None:
        """Under its name when complete; raises OutputError when it cannot be written."""
        part = path.with_name(f".part-{path.name}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
            part.replace(path)
        except OSError as error:
            raise cannot_write(path, error)
        finally:
            remove(part)

    def _path(self, item: Input, suffix: str) -> Path:
        return self.path / item.name.with_name(item.name.name + suffix)


def _read_record(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not readable ({error}); remove it, or choose another folder")
    return content if isinstance(content, dict) else {}


def cannot_write(path: Path, error: OSError) -> OutputError:
    """What is the matter, and what to do."""
    return OutputError(
        f"{path}: cannot be written ({error.strerror or error}); free some disk or choose a folder that "
        "you may write to, and call again: what is complete is kept"
    )


def remove(path: Path) -> None:
    """Removes a file, if it is there and can be removed."""
    with contextlib.suppress(OSError):
        path.unlink()


def _saved(image: Image.Image, options: Mapping[str, object]) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return buffer.getvalue()
