"""Fuzzers of the data room: what it reads from disk, and the settings that it is given."""

import dataclasses
import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from roadseg.data import preprocess, sources, splits, store
from roadseg.data.augmentation import Augmentation
from roadseg.data.batches import Batches
from roadseg.data.classes import load_class_maps
from roadseg.data.downscale import Downscale
from roadseg.data.split import Split
from roadseg.errors import DataError
from tests import raw_data
from tests.data.store.forging import forged
from tests.fuzz import Fuzzer, Outcome
from tests.fuzz.mutations import mutate, mutate_pickle, mutate_png, mutate_text

_KITTI_IMAGE = "vkitti_1.3.1_rgb/0001/clone/00001.png"
_KITTI_LABEL = "vkitti_1.3.1_scenegt/0001/clone/00001.png"
_ENCODING = "vkitti_1.3.1_scenegt/0001_clone_scenegt_rgb_encoding.txt"


@cache
def _folder() -> Path:
    """Of this process, with everything that is damaged again and again."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    raw_data.virtual_kitti_1(folder / "kitti", ("0001/clone", "0002/clone"), frames=3)
    raw_data.virtual_kitti_2(folder / "kitti2")
    raw_data.camvid(folder / "camvid")
    _preprocess(folder / "store")
    shutil.copytree(folder / "store", folder / "damaged")
    _stage_some(folder / "kitti", folder / "staging")
    return folder


def _preprocess(target: Path) -> None:
    preprocess.to_hdf5(sources.open(target.parent / "kitti"), target, workers=1, progress=False)


def _stage_some(tree: Path, target: Path) -> None:
    """Leaves a staging file, as an interrupted call does."""
    path = tree / "vkitti_1.3.1_scenegt/0002/clone/00002.png"
    good = path.read_bytes()
    path.write_bytes(good[:50])
    try:
        preprocess.to_hdf5(sources.open(tree), target, workers=1, progress=False)
    except DataError:
        path.write_bytes(good)


@cache
def _content(name: str) -> bytes:
    return (_folder() / name).read_bytes()


def _attempt(expected: object, use: Callable[[], object], other: Outcome | None = None) -> Outcome:
    """other: the outcome for another result, where a format cannot tell; None: that is a fault."""
    try:
        found = use()
    except ValueError:  # a DataError is one
        return Outcome.REFUSED
    if found == expected:
        return Outcome.SAME
    assert other, f"{str(found)[:300]} instead of {str(expected)[:300]}"
    return other


def _all_of(target: Path) -> tuple:
    """Everything that a store gives its user."""
    with store.open(target) as frames:
        images, labels = frames.read(range(len(frames)))
        attributes = {name: np.asarray(value).tolist() for name, value in frames.attributes.items()}
        return images.tobytes(), labels.tobytes(), frames.names, frames.digest, attributes


@cache
def _expected_store() -> tuple:
    return _all_of(_folder() / "store")


def _use_store(rng: np.random.Generator, other: Outcome | None = None) -> Outcome:
    """Opens, reads and verifies the damaged store; now and then it is made again, as the error says."""
    target = _folder() / "damaged"
    outcome = _attempt(_expected_store(), lambda: _all_of(target), other)
    _attempt(_expected_store()[3], lambda: store.verify(target).digest, other)
    if rng.random() < 0.1:
        if outcome is not Outcome.SAME:
            (target / store.FRAMES_FILE).unlink()
        _preprocess(target)
        assert _all_of(target) == _expected_store()
    return outcome


def _store_bytes(rng: np.random.Generator) -> Outcome:
    changed = mutate(_content("store/frames.hdf5"), rng, ends=4096)
    (_folder() / "damaged" / store.FRAMES_FILE).write_bytes(changed)
    (_folder() / "damaged" / store.CLASS_MAPS_FILE).write_bytes(_content("store/class_maps.pkl"))
    return _use_store(rng)


def _store_fields(rng: np.random.Generator) -> Outcome:
    """A well-formed and sealed file in which values and chunks were exchanged, changed or removed."""
    path = _folder() / "damaged" / store.FRAMES_FILE
    path.write_bytes(_content("store/frames.hdf5"))
    with forged(path.parent) as file:
        name = rng.choice(list(file))
        data, position = file[name], int(rng.integers(6))
        change = rng.integers(6)
        if change == 0:
            file.attrs[rng.choice(list(file.attrs))] = _any_attribute(rng)
        elif change == 1:
            del file.attrs[rng.choice(list(file.attrs))]
        elif change == 2 and data.ndim > 1:
            one, other = ((int(i), *(data.ndim - 1) * (0,)) for i in rng.integers(6, size=2))
            content = data.id.read_direct_chunk(one)[1]
            data.id.write_direct_chunk(other, mutate(content, rng) or b"x")
        elif change == 3:
            values = data[()][rng.permutation(6)[: rng.integers(1, 7)]]
            del file[name]
            file.create_dataset(name, data=values)
        elif name != "sequence":
            data[position] = rng.integers(0, 256)
        else:
            data[position] = rng.choice(["0001/clone", "0001/fog", "", "\U0001f600"])
    return _use_store(rng, Outcome.OTHER)


def _class_maps(rng: np.random.Generator) -> Outcome:
    """The pickle alone cannot tell all changes; verifying the store finds every one."""
    original = _content("store/class_maps.pkl")
    changed = mutate_pickle(original, rng)
    (_folder() / "damaged" / store.FRAMES_FILE).write_bytes(_content("store/frames.hdf5"))
    path = _folder() / "damaged" / store.CLASS_MAPS_FILE
    path.write_bytes(changed)
    verified = _attempt(True, lambda: bool(store.verify(path.parent)))
    assert (verified is Outcome.SAME) == (changed == original)
    expected = load_class_maps(_folder() / "store" / store.CLASS_MAPS_FILE)
    return _attempt(expected, lambda: load_class_maps(path), Outcome.OTHER)


def _staging(rng: np.random.Generator) -> Outcome:
    """Whatever became of the staging file, the store becomes what it should be."""
    target = _folder() / "continued"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    name = f"{store.FRAMES_FILE}.partial"
    (target / name).write_bytes(mutate(_content(f"staging/{name}"), rng, ends=8192))

    def continued() -> tuple:
        _preprocess(target)
        return _all_of(target)

    outcome = _attempt(_expected_store(), continued)
    assert outcome is Outcome.SAME or continued() == _expected_store()
    return outcome


def _split(rng: np.random.Generator) -> Outcome:
    frames = store.open(_folder() / "store")
    split = splits.block(frames, validation=0.4, gap=0)
    path = _folder() / "split.json"
    split.save(path)
    path.write_bytes(mutate_text(path.read_bytes(), rng))

    def used() -> Split:
        found = Split.load(path)
        found.check(frames)
        frames.read(found.train + found.validation)
        return found

    return _attempt(split, used, Outcome.OTHER)


def _frame(
    tree: str,
    name: str,
    damage: Callable[[bytes, np.random.Generator], bytes] = mutate,
    other: Outcome | None = None,
) -> Fuzzer:
    """A fuzzer of one file of a raw data set; all its frames are read."""

    def read() -> list[tuple[bytes, bytes]]:
        source = sources.open(_folder() / tree)
        pairs = [source.read(frame) for frame in source.frames()]
        return [(np.asarray(image).tobytes(), labels.tobytes()) for image, labels in pairs]

    expected = cache(read)

    def fuzz(rng: np.random.Generator) -> Outcome:
        path, good = _folder() / tree / name, _content(f"{tree}/{name}")
        expected()
        path.write_bytes(damage(good, rng))
        try:
            return _attempt(expected(), read, other)
        finally:
            path.write_bytes(good)

    return fuzz


def _file_names(rng: np.random.Generator) -> Outcome:
    """One file under another name: either all frames are there, or an error says which is not."""
    folder = _folder() / "camvid" / "train"
    original = sorted(folder.iterdir())[rng.integers(4)]
    new = mutate_text(os.fsencode(original.name), rng).replace(b"/", b"-").replace(b"\0", b"0")[:200]
    renamed = folder / os.fsdecode(new if new not in (b"", b".", b"..") else b"x")
    if renamed.exists():
        return Outcome.SAME
    original.rename(renamed)
    try:
        return _attempt(6, lambda: len(sources.open(folder.parent).frames()))
    finally:
        renamed.rename(original)


def _any_value(rng: np.random.Generator) -> object:
    values = (
        None, True, False, -1, 0, 1, 2, 3, 16, 10**30, -(10**30), 0.5, 1.5, -0.0, math.nan, math.inf,
        "", "1", b"1", [], (), [1], (0.5, 2), (2, 0.5), (1, math.nan), {}, {"a": 1}, "\udcff",
        np.float32(1.5), np.int8(-5), np.uint64(2**63), np.bool_(True), np.arange(3), np.zeros((2, 2)),
        np.array(3), np.array("a"),
    )  # fmt: skip
    return values[rng.integers(len(values))]


def _any_attribute(rng: np.random.Generator) -> object:
    """A value that HDF5 can hold."""
    while True:
        value = _any_value(rng)
        if isinstance(value, bool | float | str | bytes | np.generic) and value != "\udcff":
            return value
        if isinstance(value, np.ndarray) and value.dtype.kind != "U":
            return value


def _settings(rng: np.random.Generator) -> Outcome:
    """Settings of any type and value: ValueError, or something that works."""
    frames = store.open(_folder() / "store")
    names = [field.name for field in dataclasses.fields(Augmentation)]
    value = _any_value(rng)

    def use() -> bool:
        kind = rng.integers(5)
        if kind == 0:
            made = Augmentation(**{str(rng.choice(names)): value})
            json.dumps(dataclasses.asdict(made))
            images, labels = Batches(frames, range(6), 4, made).batch(0, 0)
            return len(images) == len(labels) == 4
        if kind == 1:
            return min(Downscale.of((96, 63), value).size) > 0
        if kind == 2:
            return bool(Split(value, [1], "by hand").train)
        if kind == 3:
            made = Split([0], [1], *(_any_value(rng) for _ in range(rng.integers(1, 4))))
            made.check(frames)
            return json.loads(json.dumps(dataclasses.asdict(made)))["train"] == [0]
        return len(frames.read(value)[0]) >= 0

    return _attempt(True, use)


FUZZERS: dict[str, Fuzzer] = {
    "bytes of the store": _store_bytes,
    "fields of the store": _store_fields,
    "class maps": _class_maps,
    "staging file": _staging,
    "saved split": _split,
    "PNG image": _frame("kitti", _KITTI_IMAGE),
    "PNG label": _frame("kitti", _KITTI_LABEL),
    "chunks of a PNG image": _frame("kitti", _KITTI_IMAGE, mutate_png, Outcome.OTHER),
    "chunks of a PNG label": _frame("kitti", _KITTI_LABEL, mutate_png, Outcome.OTHER),
    "CamVid label": _frame("camvid", "valannot/0016E5_00030.png"),
    "JPEG image": _frame(
        "kitti2", "Scene01/clone/frames/rgb/Camera_0/rgb_00001.jpg", other=Outcome.OTHER
    ),
    "encoding": _frame("kitti", _ENCODING, mutate_text, Outcome.OTHER),
    "colors.txt": _frame("kitti2", "Scene01/clone/colors.txt", mutate_text, Outcome.OTHER),
    "file names": _file_names,
    "settings": _settings,
}
