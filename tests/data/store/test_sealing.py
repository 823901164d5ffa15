"""Nothing in the HDF5 file can change unnoticed: a seal covers what the frames' checksums do not."""

import shutil

import h5py
import numpy as np
import pytest

from roadseg.data import preprocess, sources, store
from roadseg.data.store import sealing
from roadseg.errors import DataError
from tests import raw_data


@pytest.fixture
def target(frames, tmp_path):
    """A copy that may be damaged."""
    return shutil.copytree(frames.path, tmp_path / "store")


CHANGES = {
    "class names": lambda file: file.attrs.__setitem__("class_names", [f"class {n}" for n in range(14)]),
    "palette": lambda file: file.attrs.__setitem__("palette", np.zeros((14, 3), np.uint8)),
    "scale": lambda file: file.attrs.__setitem__("scale", 2.0),
    "checksum": lambda file: file["checksum"].__setitem__(0, 1),
    "number": lambda file: file["index"].__setitem__(15, 77),
    "sequence": lambda file: file["sequence"].__setitem__(slice(8, None), "0003/clone"),
    "more attributes": lambda file: file.attrs.__setitem__("more", 1),
    "more data": lambda file: file.__setitem__("more", 1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_another_program_changed_is_refused(target, change):
    store.open(target).close()
    with h5py.File(target / store.FRAMES_FILE, "r+") as file:
        CHANGES[change](file)
    with pytest.raises(DataError, match=r"frames\.hdf5: not a readable .*preprocess again"):
        store.open(target)


def test_every_byte_matters(frames, target):
    """Those of pixels to `read`, all others to `open`."""
    path = target / store.FRAMES_FILE
    good = path.read_bytes()
    pixels = frames.read(range(16))[0]
    rng = np.random.default_rng(0)
    opened = refused = 0
    for place in [*range(0, 512, 7), *rng.integers(len(good), size=400).tolist()]:
        path.write_bytes(good[:place] + bytes([good[place] ^ 1 << place % 8]) + good[place + 1 :])
        try:
            with store.open(target) as damaged:
                opened += 1
                # A bit in which two deflate streams of the same pixels differ may be either.
                assert np.array_equal(damaged.read(range(16))[0], pixels)
        except DataError as error:
            refused += "not a readable HDF5 file" not in str(error)
    assert 50 < opened < 350
    assert opened - 10 < refused <= opened
    path.write_bytes(good)
    assert np.array_equal(store.open(target).read(range(16))[0], pixels)


@pytest.mark.parametrize("size", [0, 5, 31, 32, 63, 511, 512, 513, 3000, -1])
def test_a_cut_file_is_refused(target, size):
    path = target / store.FRAMES_FILE
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(DataError, match="not a readable HDF5 file"):
        store.open(target)


@pytest.mark.parametrize(
    "field",
    [("block", 1 << 40), ("block", 0), ("ranges", 1 << 60), ("ranges", 1 << 20), ("file", 0)],
    ids=str,
)
def test_sizes_that_a_seal_declares_are_not_believed(target, field):
    path = target / store.FRAMES_FILE
    content = bytearray(path.read_bytes())
    place = {"block": 8, "file": 16, "ranges": 24}[field[0]]
    content[place : place + 8] = field[1].to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"damaged|instead of"):
        store.open(target)


def test_the_block_has_room_for_a_range_of_each_image_and_label():
    for frames in (1, 3, 14, 15, 100, 21_260):
        size = sealing.block_size(frames)
        assert size >= 512
        assert size & (size - 1) == 0
        assert size >= 64 + 32 * frames


def test_other_readers_see_an_ordinary_file(tmp_path):
    """The block does not shift what they read; many frames make many ranges."""
    tree = raw_data.virtual_kitti_1(tmp_path / "raw", frames=300)
    preprocess.to_hdf5(sources.open(tree), tmp_path / "store", scale=10, progress=False)
    path = tmp_path / "store" / store.FRAMES_FILE
    with store.open(tmp_path / "store") as frames, h5py.File(path) as file:
        assert file.userblock_size == sealing.block_size(300)
        assert np.array_equal(file["images"][:], frames.read(range(300))[0])
