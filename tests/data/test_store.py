"""A store gives back what was written, in any process; one damaged bit is an error or has no effect."""

import pickle
import shutil

import h5py
import numpy as np
import pytest

from roadseg.data import store
from roadseg.errors import DataError


def test_reading_keeps_order_and_repeats(frames):
    images, labels = frames.read([5, np.int64(1), 5])
    assert images.dtype == labels.dtype == np.uint8
    for row, position in enumerate([5, 1, 5]):
        assert np.array_equal(images[row], frames.images[position])
        assert np.array_equal(labels[row], frames.labels[position])
    pixels, labels = frames.class_pixels([1, 5]), frames.labels[[1, 5]]
    assert pixels.tolist() == [(labels == class_id).sum() for class_id in range(14)]
    for position in (-1, len(frames)):
        with pytest.raises(ValueError, match="counted from 0"):
            frames.read([0, position])


def test_a_store_is_found_from_another_folder_and_below_the_home_directory(
    frames, tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", str(frames.path.parent))
    monkeypatch.chdir(frames.path.parent)
    relative, below_home = store.open(frames.path.name), store.open(f"~/{frames.path.name}")
    monkeypatch.chdir(tmp_path)
    relative.close()
    for copy in (relative, below_home, pickle.loads(pickle.dumps(relative))):
        assert np.array_equal(copy.read([2])[0], frames.read([2])[0])


@pytest.fixture
def target(frames, tmp_path):
    """A copy that may be damaged."""
    return shutil.copytree(frames.path, tmp_path / "store")


def all_of(target):
    with store.open(target) as frames:
        attributes = {name: repr(value) for name, value in frames.attributes.items()}
        return [part.tobytes() for part in frames.read(range(len(frames)))], frames.names, attributes


def tiny_store(target):
    """Six frames in few bytes, of which many are HDF5's own; names beyond ASCII."""
    rng, shape = np.random.default_rng(0), (5, 8, 3)
    target.mkdir()
    images = rng.integers(0, 40, (6, *shape), np.uint8)
    labels = rng.integers(0, 2, (6, *shape[:2]), np.uint8)
    attributes = {"class_names": ("Road", "Bäume"), "palette": images[0, :2, 0], "source": "camvid"}
    names = [(f"drive/é{number // 3}", number) for number in range(6)]
    made = map(store.compress, images, labels)
    store.write(target / store.FRAMES_FILE, names, made, shape, attributes)
    return target


def test_one_damaged_bit_gives_never_other_frames(tmp_path):
    target = tiny_store(tmp_path / "store")
    path, expected = target / store.FRAMES_FILE, all_of(target)
    whole, rng, errors = path.read_bytes(), np.random.default_rng(0), 0
    for place in range(0, len(whole), 23):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            assert all_of(target) == expected
        except DataError:
            errors += 1
    assert errors > 0.9 * len(whole) / 23
    for length in range(0, len(whole), 501):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match="preprocess again"):
            all_of(target)


def test_verifying_finds_other_pixels_and_other_class_maps(target, tmp_path):
    damaged, pixel = shutil.copytree(target, tmp_path / "damaged"), (3, 4, 5)
    with h5py.File(damaged / store.FRAMES_FILE, "r+") as file:
        file["labels"].id.write_direct_chunk((1, 0, 0), b"junk")
    store.open(damaged).read([0, 2])
    with pytest.raises(DataError, match=r"frames\.hdf5: frame 1 \(0001/clone, 1\).*again"):
        store.verify(damaged)
    with h5py.File(target / store.FRAMES_FILE, "r+") as file:
        before, file["labels"][pixel] = file["labels"][pixel], 14
    with pytest.raises(DataError, match=r"frames\.hdf5: not as it was written"):
        store.verify(target)
    with h5py.File(target / store.FRAMES_FILE, "r+") as file:
        file["labels"][pixel] = before
    store.verify(target)
    (target / store.CLASS_MAPS_FILE).write_bytes(b"other")
    with pytest.raises(DataError, match=r"class_maps\.pkl: not as it was written"):
        store.verify(target)


def test_no_store_and_a_store_of_another_format_are_one_line(target, tmp_path):
    with pytest.raises(DataError, match="no such file; preprocess again"):
        store.open(tmp_path / "nowhere")
    with h5py.File(target / store.FRAMES_FILE, "r+") as file:
        file.attrs["format_version"] = 1
    with pytest.raises(DataError, match="a store of format 1, where 2 is expected; preprocess again"):
        store.open(target)
