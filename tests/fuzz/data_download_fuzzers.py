"""Fuzzers of fetching: archives and the index of their members, from a folder on disk."""

import gzip
import hashlib
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.archive_server import archive_of
from roadseg.data import download
from roadseg.data.download import catalogue
from roadseg.errors import DataError
from tests import raw_data
from tests.fuzz import Fuzzer, Outcome
from tests.fuzz.mutations import mutate, mutate_text

_DRIVES = {"0001": 3, "0002": 1, "0006": 1, "0018": 1, "0020": 1}  # frames
_LABELS, _IMAGES = "vkitti_1.3.1_scenegt.tar", "vkitti_1.3.1_rgb.tar"
_TEXTS, _SUMS = "vkitti_2.0.3_textgt.tar.gz", "vkitti_2.0.3_md5_checksums.txt"


@cache
def _archives() -> tuple[Path, Path, dict[str, bytes], dict[str, bytes]]:
    """Folders with sound archives and for damaged ones; the archives and the files in them by name."""
    catalogue.FRAME_COUNTS = _DRIVES
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    kitti = raw_data.virtual_kitti_1(folder / "1", ("0001/clone",), frames=3)
    kitti2 = raw_data.virtual_kitti_2(folder / "2", frames=3)

    def packed(tree: Path, part: str) -> bytes:
        names = sorted(str(path.relative_to(tree)) for path in tree.rglob("*"))
        return archive_of(tree, [name for name in names if part in name])

    archives = {
        _LABELS: packed(kitti, "scenegt"),
        _IMAGES: packed(kitti, "vkitti_1.3.1_rgb"),
        _TEXTS: gzip.compress(packed(kitti2, "colors.txt")),
        "vkitti_2.0.3_classSegmentation.tar": packed(kitti2, "classSegmentation"),
        "vkitti_2.0.3_rgb.tar": packed(kitti2, "frames/rgb"),
    }
    archives[_SUMS] = f"{hashlib.md5(archives[_TEXTS]).hexdigest()}  {_TEXTS}\n".encode()
    files = {
        str(path.relative_to(tree)): path.read_bytes()
        for tree in (kitti, kitti2)
        for path in tree.rglob("*")
        if path.is_file()
    }
    for name in ("sound", "damaged"):
        (folder / name).mkdir()
        for archive, content in archives.items():
            (folder / name / archive).write_bytes(content)
    return folder / "sound", folder / "damaged", archives, files


def _fetch(place: Path, target: Path, version: str) -> Outcome:
    """Fetches, and compares whatever has come with what it should be."""
    *_, files = _archives()
    sequence = {"1.3.1": "0001/clone", "2.0.3": "Scene01/clone/Camera_0"}[version]
    try:
        download.fetch(sequence, target, version, place, accept_licence=True, progress=False)
        outcome = Outcome.SAME
    except DataError:
        outcome = Outcome.REFUSED
    came = {str(path.relative_to(target)): path for path in target.rglob("*") if path.is_file()}
    taken = {name: path for name, path in came.items() if not path.name.startswith(".")}
    for name, path in taken.items():
        if not name.endswith(".gz") and path.read_bytes() != files.get(name):
            assert path.suffix in (".txt", ".jpg"), name  # a tar archive has no checksums
            outcome = Outcome.OTHER
    if outcome is Outcome.SAME:
        assert files.keys() & came.keys() >= {name for name in files if name.startswith(_TOP[version])}
    return outcome


_TOP = {"1.3.1": "vkitti", "2.0.3": "Scene"}


def _archive(name: str, version: str) -> Fuzzer:
    """Damage to one archive."""

    def fuzz(rng: np.random.Generator) -> Outcome:
        _, damaged, archives, _ = _archives()
        target = damaged.parent / "target"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        (target / ".licence_shown").touch()
        (damaged / name).write_bytes(_damage(name, archives[name], rng))
        if name == _TEXTS and rng.random() < 0.7:
            (damaged / _SUMS).unlink()
        try:
            return _fetch(damaged, target, version)
        finally:
            for each in (name, _SUMS):
                (damaged / each).write_bytes(archives[each])

    return fuzz


def _damage(name: str, content: bytes, rng: np.random.Generator) -> bytes:
    if name == _SUMS:
        return mutate_text(content, rng)
    if name == _TEXTS and rng.random() < 0.5:
        return gzip.compress(mutate(gzip.decompress(content), rng))
    return mutate(content, rng)


@cache
def _index() -> bytes:
    sound, damaged, *_ = _archives()
    target = damaged.parent / "indexed"
    target.mkdir()
    (target / ".licence_shown").touch()
    _fetch(sound, target, "1.3.1")
    return (target / f".{_IMAGES}.index.json").read_bytes()


def _member_index(rng: np.random.Generator) -> Outcome:
    """A wrong index costs one error at most."""
    sound, damaged, *_ = _archives()
    index, target = _index(), damaged.parent / "target"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    (target / ".licence_shown").touch()
    (target / f".{_IMAGES}.index.json").write_bytes(mutate_text(index, rng))
    outcome = _fetch(sound, target, "1.3.1")
    assert outcome is Outcome.SAME or _fetch(sound, target, "1.3.1") is Outcome.SAME
    return outcome


DOWNLOAD_FUZZERS: dict[str, Fuzzer] = {
    "archive of images": _archive(_IMAGES, "1.3.1"),
    "archive of labels": _archive(_LABELS, "1.3.1"),
    "archive of JPEG images": _archive("vkitti_2.0.3_rgb.tar", "2.0.3"),
    "compressed archive": _archive(_TEXTS, "2.0.3"),
    "list of sums": _archive(_SUMS, "2.0.3"),
    "index of members": _member_index,
}
