import pickle
import shutil

import h5py
import numpy as np
import pytest

from roadseg.data import preprocess, sources, store
from roadseg.errors import DataError


@pytest.fixture
def target(frames, tmp_path):
    """A copy that may be damaged."""
    return shutil.copytree(frames.path, tmp_path / "store")


def change(name, position, value):
    def damage(target):
        with h5py.File(target / store.FRAMES_FILE, "r+") as file:
            file[name][position] = value

    return damage


def attribute(name, value):
    def damage(target):
        with h5py.File(target / store.FRAMES_FILE, "r+") as file:
            file.attrs[name] = value

    return damage


def shorten(name):
    def damage(target):
        with h5py.File(target / store.FRAMES_FILE, "r+") as file:
            values = file[name][:-1]
            del file[name]
            file[name] = values

    return damage


def delete(name):
    def damage(target):
        with h5py.File(target / store.FRAMES_FILE, "r+") as file:
            del file[name]

    return damage


def break_chunk(target):
    with h5py.File(target / store.FRAMES_FILE, "r+") as file:
        file["images"].id.write_direct_chunk((3, 0, 0, 0), b"not deflate")


def truncate(target):
    path = target / store.FRAMES_FILE
    path.write_bytes(path.read_bytes()[:-100])


def other_class_maps(target):
    path = target / store.CLASS_MAPS_FILE
    tables = pickle.loads(path.read_bytes())
    tables["id_to_name"][0] = "Lawn"
    path.write_bytes(pickle.dumps(tables))


DAMAGES = {
    "a pixel": (
        change("images", (2, 0, 0), 77),
        r"frame 2 \(0001/clone, 2\) does not match",
    ),
    "a label": (change("labels", (5, 0, 0), 9), r"frame 5 .* checksum"),
    "a chunk": (break_chunk, r"frame 3 .* cannot be read"),
    "end missing": (truncate, "not a readable HDF5"),
    "no labels": (delete("labels"), "1 data sets missing"),
    "one number missing": (shorten("index"), "numbers of frames differ"),
    "no numbers": (delete("index"), "1 data sets missing"),
    "same frame twice": (change("index", 1, 0), "occur twice"),
    "not complete": (attribute("complete", False), "not a complete store"),
    "newer format": (attribute("format_version", 2), r"\(version 2, 0"),
    "class names": (attribute("class_names", ["Road"]), "palette"),
    "other class maps": (other_class_maps, "class_maps.pkl: not the one"),
    "no class maps": (lambda target: (target / store.CLASS_MAPS_FILE).unlink(), "class_maps.pkl"),
    "no file": (lambda target: (target / store.FRAMES_FILE).unlink(), "no such file"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_verify_names_what_is_wrong(target, damage):
    store.verify(target).close()
    harm, message = DAMAGES[damage]
    harm(target)
    with pytest.raises(DataError, match=message):
        store.verify(target)


def test_a_class_id_beyond_the_classes_is_found(target):
    with h5py.File(target / store.FRAMES_FILE, "r+") as file:
        file["labels"][0, 0, 0] = 14
        file["checksum"][0] = store.checksum(file["images"][0], file["labels"][0])
    with pytest.raises(DataError, match="class id 14, beyond 14 classes"):
        store.verify(target)


def test_a_damaged_store_is_replaced_as_the_error_says(raw, target):
    DAMAGES["a pixel"][0](target)
    with pytest.raises(DataError, match=r"delete frames\.hdf5 and preprocess again"):
        store.verify(target)
    (target / store.FRAMES_FILE).unlink()
    preprocess.to_hdf5(sources.open(raw), target, progress=False)
    store.verify(target)


def test_the_digest_tells_frames_apart_and_not_when_they_were_written(raw, frames, tmp_path):
    preprocess.to_hdf5(sources.open(raw), tmp_path / "same", progress=False)
    preprocess.to_hdf5(sources.open(raw), tmp_path / "other", sequences=["0001"], progress=False)
    assert store.open(tmp_path / "same").digest == frames.digest
    assert store.open(tmp_path / "other").digest != frames.digest


def test_reading_keeps_order_and_repeats(frames):
    images, labels = frames.read([5, 1, 5])
    assert images.dtype == labels.dtype == np.uint8
    for row, position in enumerate([5, 1, 5]):
        assert np.array_equal(images[row], frames.images[position])
        assert np.array_equal(labels[row], frames.labels[position])


def test_a_store_can_be_passed_to_another_process(frames):
    copy = pickle.loads(pickle.dumps(frames))
    assert np.array_equal(copy.images[0], frames.images[0])


def test_class_pixels_are_counted(frames):
    pixels = frames.class_pixels([0, 3])
    labels = frames.labels[[0, 3]]
    assert pixels.tolist() == [(labels == class_id).sum() for class_id in range(14)]
