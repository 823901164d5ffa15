"""Raw data sets: frames on disk -> sorted list of Frame, and colours -> class ids."""

from pathlib import Path

from roadseg.data.sources.base import Frame, Source
from roadseg.data.sources.camvid import CamVid
from roadseg.data.sources.joined import Joined
from roadseg.data.sources.virtual_kitti import VirtualKitti1, VirtualKitti2
from roadseg.errors import DataError
from roadseg.files import user_path

__all__ = ["KINDS", "Frame", "Joined", "Source", "open"]

KINDS: dict[str, type[Source]] = {each.kind: each for each in (VirtualKitti1, VirtualKitti2, CamVid)}


def open(path: str | Path, kind: str | None = None) -> Source:
    """The data set below `path`; its kind ("virtual_kitti_1", ...) is recognised from its layout.

    Raises DataError when there is no such folder, it cannot be read, or it has no known layout or more
    than one.
    """
    path = user_path(path)
    try:
        next(path.iterdir(), None)
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(
            f"{path}: no such folder; give the one that holds a data set, or put one there: "
            "docs/data.md says where to get it"
        )
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the folder's permissions")
    if kind is not None:
        if kind not in KINDS:
            raise DataError(f"unknown kind {kind!r}: one of {', '.join(KINDS)}")
        if not KINDS[kind].recognises(path):
            raise DataError(f"{path}: not laid out as {kind}, which is {KINDS[kind].layout}")
        return KINDS[kind](path)
    found = [name for name, each in KINDS.items() if each.recognises(path)]
    if len(found) == 1:
        return KINDS[found[0]](path)
    if found:
        raise DataError(f"{path}: holds {' and '.join(found)}; say which with kind=...")
    layouts = "; ".join(f"{name}: {each.layout}" for name, each in KINDS.items())
    raise DataError(f"{path}: no known data set in this folder. Known layouts: {layouts}")
