import pickle

import numpy as np
import pytest

from roadseg.data.classes import (
    DISTINCT,
    IGNORE,
    ClassMap,
    UnlistedColour,
    distinct_palette,
    dump_class_maps,
    load_class_maps,
)
from roadseg.errors import DataError
from tests.colour_vision import seen

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


def test_listed_colours_decode_to_their_classes_and_encoding_is_undone_by_decoding():
    colours = np.array([list(CLASSES.colour_to_id)], np.uint8)
    assert CLASSES.decode(colours).tolist() == [[0, 1, 2, 2, IGNORE]]
    assert CLASSES.decode(colours).dtype == np.uint8
    ids = np.array([[0, 1, 2, IGNORE]], np.uint8)
    assert np.array_equal(CLASSES.decode(CLASSES.encode(ids)), ids)
    listing_one = ClassMap(CLASSES.class_names, CLASSES.palette, {(1, 2, 3): 0})
    assert listing_one.encode(np.array([1])).tolist() == [[4, 5, 6]]


def test_an_unlisted_colour_is_reported_with_its_pixels_however_near_it_is():
    for near in ((1, 2, 4), (1, 3, 3), (2, 2, 3), (3, 2, 1)):
        colours = np.full((4, 5, 3), (1, 2, 3), np.uint8)
        colours[1:3, 0] = near
        with pytest.raises(UnlistedColour, match=rf"\({near[0]}, {near[1]}, {near[2]}\) in 2 pixels"):
            CLASSES.decode(colours)
    colours = np.arange(30, dtype=np.uint8).reshape(1, 10, 3) + 50
    with pytest.raises(UnlistedColour, match="and 9 more colours"):
        CLASSES.decode(colours)


def test_the_pickle_holds_builtins_in_both_directions(tmp_path):
    path = tmp_path / "class_maps.pkl"
    path.write_bytes(dump_class_maps({"0001/clone": CLASSES}))
    assert pickle.loads(path.read_bytes()) == load_class_maps(path)
    tables = load_class_maps(path)
    assert tables["id_to_name"] == {0: "Road", 1: "Sky", 2: "Car"}
    assert tables["name_to_id"]["Sky"] == 1
    assert tables["id_to_colour"][2] == (7, 8, 9)
    assert tables["colour_to_id"]["0001/clone"][200, 201, 203] == 2


def test_distinct_colours_differ_for_most_people_and_for_deuteranopes():
    for deuteranopia in (False, True):
        looks = seen(list(DISTINCT), deuteranopia)
        distances = np.linalg.norm(looks[:, None] - looks, axis=-1)
        assert distances[np.triu_indices(len(looks), 1)].min() >= 15
    names = "Sky", "kerb", "traffic light", "Traffic_Light", "Car"
    chosen = distinct_palette(names, [(0, 0, 0)] * 5)
    assert len({*chosen}) == 5
    assert chosen[0] == (105, 195, 255)
    assert distinct_palette(list("abcdefghijklmnopqrst"), [(1, 2, 3)] * 20) == ((1, 2, 3),) * 20


class _Harmful:
    def __reduce__(self):
        return print, ("this must not run",)


def test_anything_but_a_class_map_is_refused_and_never_run(tmp_path, capsys):
    path = tmp_path / "class_maps.pkl"
    sound = dump_class_maps({"0001/clone": CLASSES})
    contents = [
        pickle.dumps(_Harmful()),
        pickle.dumps({"id_to_name": np.float64(1)}),
        b"",
        b"no pickle",
        sound[:-10],
    ]
    for content in contents:
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"class_maps\.pkl: not a readable class map"):
            load_class_maps(path)
    assert capsys.readouterr().out == ""
    with pytest.raises(DataError, match="nowhere"):
        load_class_maps(tmp_path / "nowhere.pkl")
