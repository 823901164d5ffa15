import pickle
import shutil

import pytest

from roadseg.data import preprocess, sources, store
from roadseg.errors import DataError
from tests.data.store.forging import forged


@pytest.fixture
def target(frames, tmp_path):
    """A copy that may be damaged."""
    return shutil.copytree(frames.path, tmp_path / "store")


def change(name, position, value):
    def damage(target):
        with forged(target) as file:
            file[name][position] = value

    return damage


def attribute(name, value):
    def damage(target):
        with forged(target) as file:
            file.attrs[name] = value

    return damage


def shorten(name):
    def damage(target):
        with forged(target) as file:
            values = file[name][:-1]
            del file[name]
            file[name] = values

    return damage


def delete(name):
    def damage(target):
        with forged(target) as file:
            del file[name]

    return damage


def break_chunk(target):
    with forged(target) as file:
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
    "end missing": (truncate, r"not a readable HDF5 file \(\d+ bytes instead of \d+"),
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
    with forged(target) as file:
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
