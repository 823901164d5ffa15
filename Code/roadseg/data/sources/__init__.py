"""Raw data sets: frames on disk -> sorted list of Frame, and colours -> class ids."""

from collections import Counter
from pathlib import Path

from roadseg.data.sources.base import Frame, Joined, Source
from roadseg.data.sources.camvid import CamVid
from roadseg.data.sources.class_table import load_table, ready_tables
from roadseg.data.sources.folder import Cityscapes, Folder, KittiSemantics, PascalVoc, Roboflow
from roadseg.data.sources.images import check_size
from roadseg.data.sources.polygons import Coco, LabelMe, Yolo
from roadseg.data.sources.virtual_kitti import VirtualKitti1, VirtualKitti2
from roadseg.errors import DataError
from roadseg.files import user_path

__all__ = ["KINDS", "OWN", "Folder", "Frame", "Joined", "Source", "load_table", "open", "ready_tables"]

KINDS: dict[str, type[Source]] = {
    each.kind: each
    for each in (
        *(VirtualKitti1, VirtualKitti2, CamVid, Cityscapes, KittiSemantics, PascalVoc, Roboflow, Folder),
        *(Coco, Yolo, LabelMe),
    )
}

# They tell how a folder is laid out, not which data set it is.
OWN = {each.kind for each in (Folder, PascalVoc, Roboflow, Coco, Yolo, LabelMe)}


def open(
    path: str | Path,
    kind: str | None = None,
    size: tuple[int, int] | None = None,
    labelled_only: bool = False,
) -> Source:
    """The data set below `path`; its kind is recognised from its layout.

    Args:
        path: of the folder.
        kind: "virtual_kitti_1", ...; None: as recognised.
        size: (H, W) in pixels to which frames of whatever size are fitted, with black and void around
            them; None: all frames must have one size.
        labelled_only: whether images without labels are left out, instead of an error.

    Raises DataError when there is no such folder, or it has no known layout or more than one.
    """
    path = user_path(path)
    if not path.is_dir():
        raise DataError(f"{path}: no such folder; docs/data.md says where to get data sets")
    source = KINDS[_recognise(path, kind)](path)
    source.labelled_only = labelled_only
    if size is not None:
        source.size = check_size(size)
    return source


def _recognise(path: Path, kind: str | None) -> str:
    found = [name for name, each in KINDS.items() if each.recognises(path)]
    if kind in found or (kind is None and len(found) == 1):
        return kind or found[0]
    if kind is None and found:
        raise DataError(f"{path}: holds {' and '.join(found)}; say which with kind=...")
    problem = f"not laid out as {kind!r}" if kind else "no known data set in this folder"
    endings = Counter(each.suffix.lower() for each in path.rglob("*") if each.is_file())
    there = ", ".join(f"{count} {ending}" for ending, count in endings.most_common(6)) or "no files"
    layouts = "; ".join(f"{name}: {each.layout}" for name, each in KINDS.items())
    raise DataError(f"{path}: {problem}; there are {there}. Known layouts: {layouts}")
