"""Raw data sets: frames on disk -> sorted list of Frame, and colours -> class ids."""

from pathlib import Path

from roadseg.data.sources.base import Frame, Source
from roadseg.data.sources.camvid import CamVid
from roadseg.data.sources.folder import Cityscapes, Folder, KittiSemantics
from roadseg.data.sources.joined import Joined
from roadseg.data.sources.letterbox import checked_size
from roadseg.data.sources.table_file import load_table, ready_tables
from roadseg.data.sources.virtual_kitti import VirtualKitti1, VirtualKitti2
from roadseg.errors import DataError
from roadseg.files import user_path

__all__ = ["KINDS", "Folder", "Frame", "Joined", "Source", "load_table", "open", "ready_tables"]

KINDS: dict[str, type[Source]] = {
    each.kind: each
    for each in (VirtualKitti1, VirtualKitti2, CamVid, Cityscapes, KittiSemantics, Folder)
}


def open(path: str | Path, kind: str | None = None, size: tuple[int, int] | None = None) -> Source:
    """The data set below `path`; its kind is recognised from its layout.

    Args:
        path: of the folder.
        kind: "virtual_kitti_1", ...; None: as recognised.
        size: (H, W) in pixels to which frames of whatever size are fitted, with black and void around
            them; None: all frames must have one size.

    Raises:
        DataError: there is no such folder, it cannot be read, or it has no known layout or more than
            one.
    """
    path = user_path(path)
    _check_folder(path)
    source = KINDS[_recognise(path) if kind is None else _check_kind(path, kind)](path)
    if size is not None:
        source.size = checked_size(size)
    return source


def _check_folder(path: Path) -> None:
    try:
        next(path.iterdir(), None)
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(
            f"{path}: no such folder; give the one that holds a data set, or put one there: "
            "docs/data.md says where to get it"
        )
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the folder's permissions")


def _check_kind(path: Path, kind: str) -> str:
    if kind not in KINDS:
        raise DataError(f"unknown kind {kind!r}: one of {', '.join(KINDS)}")
    if not KINDS[kind].recognises(path):
        raise DataError(f"{path}: not laid out as {kind}, which is {KINDS[kind].layout}")
    return kind


def _recognise(path: Path) -> str:
    found = [name for name, each in KINDS.items() if each.recognises(path)]
    if len(found) == 1:
        return found[0]
    if found:
        raise DataError(f"{path}: holds {' and '.join(found)}; say which with kind=...")
    layouts = "; ".join(f"{name}: {each.layout}" for name, each in KINDS.items())
    raise DataError(f"{path}: no known data set in this folder. Known layouts: {layouts}")
