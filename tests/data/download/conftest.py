"""Archives in the layout of the official ones, made of small frames; drives are a few frames long."""

import gzip
import hashlib
import shutil
from pathlib import Path

import pytest

from benchmarks.archive_server import archive_of
from roadseg.data.download import catalogue
from tests import raw_data
from tests.data.download.helpers import SUMS, TEXTS

DRIVES = {"0001": 4, "0002": 3, "0006": 2, "0018": 2, "0020": 2}  # frames


@pytest.fixture(autouse=True)
def short_drives(monkeypatch):
    monkeypatch.setattr(catalogue, "FRAME_COUNTS", DRIVES)


@pytest.fixture(scope="session")
def tree_1(tmp_path_factory) -> Path:
    """1.3.1: two variations of each world."""
    root = tmp_path_factory.mktemp("version-1")
    for world, frames in DRIVES.items():
        sequences = (f"{world}/clone", f"{world}/sunset")
        raw_data.virtual_kitti_1(root / world, sequences, frames=frames)
        shutil.copytree(root / world, root / "all", dirs_exist_ok=True)
    return root / "all"


@pytest.fixture(scope="session")
def archives_1(tree_1) -> dict[str, bytes]:
    """Archive -> its content, version 1.3.1."""
    return {
        f"{top}.tar": archive_of(
            tree_1, [str(p.relative_to(tree_1)) for p in sorted((tree_1 / top).rglob("*"))]
        )
        for top in ("vkitti_1.3.1_scenegt", "vkitti_1.3.1_rgb")
    }


@pytest.fixture(scope="session")
def tree_2(tmp_path_factory) -> Path:
    return raw_data.virtual_kitti_2(tmp_path_factory.mktemp("version-2"), frames=4)


@pytest.fixture(scope="session")
def archives_2(tree_2) -> dict[str, bytes]:
    names = sorted(str(path.relative_to(tree_2)) for path in tree_2.rglob("*"))

    def packed(part: str) -> bytes:
        return archive_of(tree_2, [name for name in names if part in name])

    archives = {
        TEXTS: gzip.compress(packed("colors.txt")),
        "vkitti_2.0.3_classSegmentation.tar": packed("classSegmentation"),
        "vkitti_2.0.3_rgb.tar": packed("frames/rgb"),
    }
    sums = "".join(f"{hashlib.md5(data).hexdigest()}  {name}\n" for name, data in archives.items())
    return archives | {SUMS: sums.encode()}
