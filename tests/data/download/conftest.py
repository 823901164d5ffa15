"""Archives in the layout of the official ones, made of small frames; drives are a few frames long."""

import shutil
from pathlib import Path

import pytest

from benchmarks.archive_server import archive_of
from roadseg.data.download import catalogue
from tests import raw_data

DRIVES = {"0001": 4, "0002": 3, "0006": 2, "0018": 2, "0020": 2}  # frames


@pytest.fixture(autouse=True)
def short_drives(monkeypatch):
    monkeypatch.setattr(catalogue, "FRAME_COUNTS", DRIVES)


@pytest.fixture(scope="session")
def first_tree(tmp_path_factory) -> Path:
    """1.3.1: two variations of each world."""
    root = tmp_path_factory.mktemp("first")
    for world, frames in DRIVES.items():
        sequences = (f"{world}/clone", f"{world}/sunset")
        raw_data.virtual_kitti_1(root / world, sequences, frames=frames)
        shutil.copytree(root / world, root / "all", dirs_exist_ok=True)
    return root / "all"


@pytest.fixture(scope="session")
def first(first_tree) -> dict[str, bytes]:
    """Archive -> its content, version 1.3.1."""
    return {
        f"{top}.tar": archive_of(
            first_tree, [str(p.relative_to(first_tree)) for p in sorted((first_tree / top).rglob("*"))]
        )
        for top in ("vkitti_1.3.1_scenegt", "vkitti_1.3.1_rgb")
    }
