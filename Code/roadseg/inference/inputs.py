"""Images and videos that somebody names, and what their results are called."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from roadseg.errors import DataError

IMAGES = frozenset((".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"))
VIDEOS = frozenset((".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ts", ".webm", ".wmv"))


@dataclass(frozen=True)
class Input:
    """One image or video.

    path: of its file.
    name: of its results, relative to their folder and without suffix.
    """

    path: Path
    name: Path

    @property
    def is_video(self) -> bool:
        return self.path.suffix.lower() in VIDEOS


def find(inputs: Iterable[str | Path], output: Path) -> list[Input]:
    """The images and videos in files, folders and glob patterns, each once, in the order given.

    A folder stands for everything below it, hidden files and `output` excepted; results keep its
    sub-folders.

    Raises:
        DataError: nothing is there, or two files would have results of the same name.
    """
    found: dict[Path, Input] = {}
    for text in inputs:
        for each in _expand(text, output):
            found.setdefault(each.path.absolute(), each)
    _check_names(found.values())
    return list(found.values())


def _expand(text: str | Path, output: Path) -> list[Input]:
    path = Path(text)
    if path.is_dir():
        return _below(path, output)
    if path.exists() or not set("*?[") & set(str(text)):  # a file that is missing is reported as such
        return [Input(path, Path(path.stem))]
    matches = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
    files = [Input(each, Path(each.stem)) for each in matches if each.is_file()]
    if not files:
        raise DataError(f"{text}: no file matches this pattern; check it")
    return files


def _below(folder: Path, output: Path) -> list[Input]:
    output = output.absolute()
    found = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in inside.parts)
        known = path.suffix.lower() in IMAGES | VIDEOS
        if known and not hidden and path.is_file() and output not in path.absolute().parents:
            found.append(Input(path, inside.with_suffix("")))
    if not found:
        kinds = ", ".join(sorted(kind[1:] for kind in IMAGES | VIDEOS))
        raise DataError(f"{folder}: holds no image or video ({kinds}); check the path")
    return found


def _check_names(inputs: Iterable[Input]) -> None:
    paths: dict[Path, Path] = {}
    for each in inputs:
        other = paths.setdefault(each.name, each.path)
        if other != each.path:
            raise DataError(
                f"{each.path}: its results would have the names of {other}'s; label one of them "
                "into another folder"
            )
