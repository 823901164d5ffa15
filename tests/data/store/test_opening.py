"""A damaged or forged frames.hdf5 is one DataError from open, read and verify, and can be replaced."""

import resource
import shutil
import subprocess
import sys
import zlib

import h5py
import numpy as np
import pytest

from roadseg.data import preprocess, sources, store
from roadseg.errors import DataError
from tests.data.store.forging import as_of_earlier_versions, forged


@pytest.fixture
def target(frames, tmp_path):
    """A copy that may be damaged."""
    return shutil.copytree(frames.path, tmp_path / "store")


def replace(name, make):
    """Another data set, or something else, in place of one; make: from the file and the old values."""

    def damage(file):
        values = file[name][()]
        del file[name]
        make(file, name, values)

    return damage


def attribute(name, value):
    return lambda file: file.attrs.__setitem__(name, value)


def junk_chunk(name, content):
    return lambda file: file[name].id.write_direct_chunk((1,) + (file[name].ndim - 1) * (0,), content)


def external(file, name, values):
    file.create_dataset(name, values.shape, "u1", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])


def virtual(file, name, values):
    layout = h5py.VirtualLayout(values.shape, "u1")
    layout[...] = h5py.VirtualSource("/etc/passwd.hdf5", "images", values.shape)
    file.create_virtual_dataset(name, layout)


def link(kind, *place):
    return lambda file, name, _: file.__setitem__(name, kind(*place))


def stored_otherwise(**options):
    return lambda file, name, values: file.create_dataset(name, data=values, **options)


def declared(shape, dtype="u1", **options):
    return lambda file, name, _: file.create_dataset(name, shape, dtype, **options)


def chunk_of_junk(file, name, values):
    data = file.create_dataset(name, data=values, chunks=values.shape, compression="gzip")
    data.id.write_direct_chunk((0,), b"junk")


ONE_FRAME = {"chunks": (1, 21, 32, 3), "compression": "gzip"}
DAMAGES = {
    "external storage": replace("images", external),
    "virtual data set": replace("images", virtual),
    "external link": replace("images", link(h5py.ExternalLink, "other.hdf5", "images")),
    "soft link": replace("images", link(h5py.SoftLink, "/labels")),
    "dangling link": replace("index", link(h5py.SoftLink, "/nothing")),
    "a group": replace("index", lambda file, name, _: file.create_group(name)),
    "a type": replace("index", lambda file, name, _: file.__setitem__(name, np.dtype("i8"))),
    "a scalar": replace("labels", lambda file, name, _: file.__setitem__(name, np.uint8(1))),
    "no data space": replace("images", lambda file, name, _: file.__setitem__(name, h5py.Empty("u1"))),
    "one image fewer": replace(
        "images", lambda file, name, v: stored_otherwise(**ONE_FRAME)(file, name, v[:-1])
    ),
    "images of floats": replace("images", lambda file, name, v: file.__setitem__(name, v / 255)),
    "numbers with fractions": replace("index", lambda file, name, v: file.__setitem__(name, v + 0.5)),
    "numbers as texts": replace(
        "index", lambda file, name, v: file.__setitem__(name, list(map(str, v)))
    ),
    "sequences as numbers": replace(
        "sequence", lambda file, name, v: file.__setitem__(name, np.arange(len(v)))
    ),
    "sequences of fixed length": replace(
        "sequence", lambda file, name, v: file.__setitem__(name, v.astype("S9"))
    ),
    "numbers compressed, junk": replace("index", chunk_of_junk),
    "checksums in chunks": replace("checksum", stored_otherwise(chunks=(4,))),
    "images uncompressed": replace("images", stored_otherwise(chunks=(1, 21, 32, 3))),
    "images in one piece": replace("images", stored_otherwise()),
    "lzf": replace("images", stored_otherwise(chunks=(1, 21, 32, 3), compression="lzf")),
    "shuffled": replace("images", stored_otherwise(shuffle=True, **ONE_FRAME)),
    "a trillion frames": replace("images", declared((10**12, 21, 32, 3), **ONE_FRAME)),
    "giant frames": replace(
        "images", declared((16, 10**5, 10**5, 3), chunks=(1, 1000, 1000, 3), compression="gzip")
    ),
    "a trillion numbers": replace("index", declared((10**12,), "i8")),
    "ten million texts": replace("sequence", declared((10**7,), h5py.string_dtype())),
    "chunks missing": replace("images", declared((16, 21, 32, 3), **ONE_FRAME)),
    "complete is an array": attribute("complete", [True, False]),
    "complete is a text": attribute("complete", "yes"),
    "version is a text": attribute("format_version", "1"),
    "one class name": attribute("class_names", "Road"),
    "class names are numbers": attribute("class_names", np.arange(14)),
    "300 classes": lambda file: [
        attribute("class_names", [str(n) for n in range(300)])(file),
        attribute("palette", np.zeros((300, 3), np.uint8))(file),
    ],
    "palette of floats": attribute("palette", np.zeros((14, 3))),
    "scale is a text": attribute("scale", "3"),
    "no class names": lambda file: file.attrs.__delitem__("class_names"),
    "no class maps": lambda file: file.attrs.__delitem__("class_maps"),
    "no job": lambda file: file.attrs.__delitem__("job"),
    "no palette": lambda file: file.attrs.__delitem__("palette"),
    "job is a number": attribute("job", 7),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_or_forged_is_refused_and_made_again(raw, target, damage):
    with forged(target) as file:
        DAMAGES[damage](file)
    for use in (store.open, store.verify, lambda path: store.FrameStore(path).read([0])):
        with pytest.raises(DataError, match=r"frames\.hdf5.*preprocess again"):
            use(target)
    preprocess.to_hdf5(sources.open(raw), target, progress=False)
    store.verify(target)


@pytest.mark.parametrize(
    "content",
    [b"junk", b"x", np.zeros(10, np.uint8).tobytes(), 3_000_000 * b"\0"],
    ids=["junk", "one byte", "zeros", "too long"],
)
@pytest.mark.parametrize("name", ["images", "labels"])
def test_a_damaged_chunk_is_found_by_whoever_reads_it(target, name, content):
    with forged(target) as file:
        junk_chunk(name, content)(file)
    with store.open(target) as frames:
        frames.read([0, 2])
        for use in (frames.read, frames.class_pixels):
            with pytest.raises(DataError, match=r"frames\.hdf5: frame 1 \(0001/clone, 1\).*again"):
                use([0, 1, 2])


def test_a_chunk_that_expands_to_gigabytes_is_not_expanded(target):
    with forged(target) as file:
        junk_chunk("images", zlib.compress(bytes(2_000_000)))(file)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with store.open(target) as frames, pytest.raises(DataError, match="not one complete deflate"):
        frames.read([1])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


def test_swapped_frames_are_found(target):
    with forged(target) as file:
        images = file["images"].id
        _, one = images.read_direct_chunk((1, 0, 0, 0))
        images.write_direct_chunk((2, 0, 0, 0), one)
    with store.open(target) as frames, pytest.raises(DataError, match=r"frame 2 .* checksum"):
        frames.read(range(16))


HOLDING = """
import sys, h5py
with h5py.File(sys.argv[1], "r+"):
    print("open", flush=True)
    input()
"""


def test_a_store_that_another_program_holds_open_is_read_and_not_made_again(raw, target):
    command = [sys.executable, "-c", HOLDING, target / store.FRAMES_FILE]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as other:
        assert other.stdout.readline() == b"open\n"
        assert preprocess.to_hdf5(sources.open(raw), target, progress=False).written == 0
        store.verify(target)
        other.communicate(b"\n")


def test_a_store_of_an_earlier_version_is_read(frames, target):
    as_of_earlier_versions(target)
    assert store.verify(target).digest == frames.digest


def test_what_is_no_file_is_an_error(target):
    (target / store.FRAMES_FILE).unlink()
    (target / store.FRAMES_FILE).mkdir()
    with pytest.raises(DataError, match="not a regular file"):
        store.open(target)
