import os
import pickle
import resource
import time

import numpy as np
import pytest

from roadseg.data.classes import IGNORE, ClassMap, UnlistedColour, dump_class_maps, load_class_maps
from roadseg.errors import DataError

CLASSES = ClassMap(
    class_names=("Road", "Sky", "Car"),
    palette=((1, 2, 3), (4, 5, 6), (7, 8, 9)),
    colour_to_id={
        (1, 2, 3): 0,
        (255, 255, 255): 1,
        (200, 201, 202): 2,
        (200, 201, 203): 2,
        (0, 0, 0): IGNORE,
    },
)


def test_every_listed_colour_decodes_to_its_class_and_instances_to_their_class():
    colours = np.array([list(CLASSES.colour_to_id)], np.uint8)
    assert CLASSES.decode(colours).tolist() == [[0, 1, 2, 2, IGNORE]]
    assert CLASSES.decode(colours).dtype == np.uint8


def test_encoding_is_undone_by_decoding():
    ids = np.array([[0, 1, 2, IGNORE]], np.uint8)
    assert np.array_equal(CLASSES.decode(CLASSES.encode(ids)), ids)


def test_encoding_uses_the_palette_for_a_class_that_the_sequence_does_not_list():
    classes = ClassMap(CLASSES.class_names, CLASSES.palette, {(1, 2, 3): 0})
    assert classes.encode(np.array([1])).tolist() == [[4, 5, 6]]


def test_encoding_refuses_an_unknown_id():
    with pytest.raises(ValueError, match=r"0\.\.2 or 255"):
        CLASSES.encode(np.array([3]))


@pytest.mark.parametrize("near", [(1, 2, 4), (1, 3, 3), (2, 2, 3), (3, 2, 1)])
def test_an_unlisted_colour_is_reported_with_its_pixels_however_near_it_is(near):
    colours = np.full((4, 5, 3), (1, 2, 3), np.uint8)
    colours[1:3, 0] = near
    with pytest.raises(UnlistedColour, match=rf"\({near[0]}, {near[1]}, {near[2]}\) in 2 pixels"):
        CLASSES.decode(colours)


def test_many_unlisted_colours_are_counted_not_listed():
    colours = np.arange(30, dtype=np.uint8).reshape(1, 10, 3) + 50
    with pytest.raises(UnlistedColour, match="and 7 more colours"):
        CLASSES.decode(colours)


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 2, 4), np.uint8), np.zeros((2, 2, 3), int), np.zeros((2, 2))]
)
def test_other_arrays_than_rgb_bytes_are_refused(wrong):
    with pytest.raises(ValueError, match="uint8"):
        CLASSES.decode(wrong)


def test_a_full_size_label_image_decodes_quickly():
    generator = np.random.default_rng(0)
    listed = np.array(list(CLASSES.colour_to_id), np.uint8)
    colours = listed[generator.integers(0, len(listed), (375, 1242))]
    CLASSES.decode(colours)
    seconds = []
    for _ in range(9):
        start = time.process_time()
        CLASSES.decode(colours)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.010


def test_the_pickle_holds_builtins_in_both_directions(tmp_path):
    path = tmp_path / "class_maps.pkl"
    path.write_bytes(dump_class_maps({"0001/clone": CLASSES}))
    assert pickle.loads(path.read_bytes()) == load_class_maps(path)
    tables = load_class_maps(path)
    assert tables["id_to_name"] == {0: "Road", 1: "Sky", 2: "Car"}
    assert tables["name_to_id"]["Sky"] == 1
    assert tables["id_to_colour"][2] == (7, 8, 9)
    assert tables["colour_to_id"]["0001/clone"][200, 201, 203] == 2


class _Harmful:
    def __reduce__(self):
        return print, ("this must not run",)


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(_Harmful()),
        pickle.dumps({"id_to_name": np.float64(1)}),
        pickle.dumps([1, 2]),
        b"",
        b"no pickle",
        dump_class_maps({"0001/clone": CLASSES})[:-10],
        b"\x80\x04)K\x01K\x02s.",
        b"\x80\x04)K\x01a.",
    ],
    ids=["code", "numpy", "other", "empty", "text", "truncated", "item of a tuple", "longer tuple"],
)
def test_anything_but_a_class_map_is_refused_and_never_run(tmp_path, capsys, content):
    path = tmp_path / "class_maps.pkl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"class_maps\.pkl"):
        load_class_maps(path)
    assert capsys.readouterr().out == ""


def opcodes(*parts: bytes) -> bytes:
    return b"\x80\x04" + b"".join(parts) + b"."


def nested_key(depth: int) -> bytes:
    """A tuple of twice the same tuple, and so on: hashing it takes 2 ** depth steps."""
    parts = [b"K\x01\x85\x94"]
    parts += [b"h" + bytes([i]) + b"h" + bytes([i]) + b"\x86\x94" for i in range(depth)]
    return opcodes(*parts, b"}h" + bytes([depth]) + b"K\x01s")


def nested_triples(depth: int) -> bytes:
    parts = [b"K\x01K\x01K\x01\x87\x94"]
    parts += [3 * (b"h" + bytes([i])) + b"\x87\x94" for i in range(depth)]
    return opcodes(*parts, b"}h" + bytes([depth]) + b"K\x01s")


SOUND = {
    "id_to_name": {0: "Road"},
    "name_to_id": {"Road": 0},
    "id_to_colour": {0: (1, 2, 3)},
    "colour_to_id": {"0001/clone": {(1, 2, 3): 0}},
}


@pytest.mark.parametrize(
    "content",
    [
        opcodes(b"K\x01r" + (1 << 28).to_bytes(4, "little")),
        opcodes(b"K\x01p9999999999\n"),
        nested_key(40),
        nested_triples(40),
        opcodes(b"\x8e" + (1 << 40).to_bytes(8, "little")),
        opcodes(b"X" + (1 << 31).to_bytes(4, "little")),
        opcodes(b"\x95" + (1 << 60).to_bytes(8, "little") + b"}"),
        opcodes(b"}" * 2_000_000),
        opcodes(b"(" * 500_000),
        opcodes(b"}\x94h\x00h\x00s"),
        opcodes(b"}\x94X\x01\x00\x00\x00ah\x00s"),
        bytes(9_000_000),
        pickle.dumps({**SOUND, "id_to_name": 1}, 4),
        pickle.dumps({**SOUND, "id_to_name": {1: "Road"}}, 4),
        pickle.dumps({**SOUND, "id_to_name": {}, "name_to_id": {}, "id_to_colour": {}}, 4),
        pickle.dumps({**SOUND, "name_to_id": {"Road": 1}}, 4),
        pickle.dumps({**SOUND, "name_to_id": {}}, 4),
        pickle.dumps({**SOUND, "id_to_colour": ()}, 4),
        pickle.dumps({**SOUND, "id_to_colour": {0: "red"}}, 4),
        pickle.dumps({**SOUND, "colour_to_id": "x"}, 4),
        pickle.dumps({**SOUND, "colour_to_id": {"0001/clone": {"red": 0}}}, 4),
        pickle.dumps({**SOUND, "colour_to_id": {"0001/clone": {(1, 2, 3): 1}}}, 4),
        pickle.dumps({**SOUND, "colour_to_id": {1: {(1, 2, 3): 0}}}, 4),
        pickle.dumps({**SOUND, "more": 1}, 4),
    ],
)
def test_pickles_that_are_forged_cost_neither_memory_nor_time(tmp_path, content):
    path = tmp_path / "class_maps.pkl"
    path.write_bytes(pickle.dumps(SOUND, 4))
    assert load_class_maps(path) == SOUND
    path.write_bytes(content)
    start, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DataError, match=r"class_maps\.pkl"):
        load_class_maps(path)
    assert time.process_time() - start < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kilobytes


def test_a_pipe_is_no_pickle(tmp_path):
    os.mkfifo(tmp_path / "class_maps.pkl")
    with pytest.raises(DataError, match="not a regular file"):
        load_class_maps(tmp_path / "class_maps.pkl")
