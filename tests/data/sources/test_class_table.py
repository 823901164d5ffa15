"""classes.csv: what it may look like, what each raw label becomes, and what is wrong with it."""

import unicodedata

import numpy as np
import pytest
from PIL import Image

from roadseg.data.classes import IGNORE
from roadseg.data.sources.camvid import CamVid
from roadseg.data.sources.class_table import UnlistedLabels, load_table, parse_table, ready_tables
from roadseg.data.sources.virtual_kitti import VirtualKitti1
from roadseg.errors import DataError
from tests.own_data import CLASS_IDS, COLOUR_TABLE, ID_TABLE, IDS, coloured, grey


def test_what_spreadsheets_write_is_read_alike(tmp_path):
    path, expected = tmp_path / "classes.csv", parse_table(ID_TABLE, "t")
    for text in (
        "\ufeff" + ID_TABLE,
        ID_TABLE.replace(",", ";"),
        ID_TABLE.replace(",", "\t"),
        ID_TABLE.replace("\n", "\r\n"),
        ID_TABLE.replace("\n", ",,\n"),
        ID_TABLE.replace("name,id", "Name , ID "),
        ID_TABLE.replace("void", "Void"),
        '# a note, with "quotes\n\n' + ID_TABLE.replace("road,7", '"road","7"\n,\n# another'),
    ):
        path.write_bytes(text.encode())
        table = load_table(path)
        assert (table.class_names, table.ids) == (expected.class_names, expected.ids)
        assert table.palette == expected.palette


def test_tables_as_other_programs_write_them(tmp_path):
    colours = {(128, 64, 128): 0, (70, 130, 180): 1, (0, 0, 0): IGNORE}
    for name, text in {
        "class_dict.csv": "name, r, g, b\nRoad, 128, 64, 128\nSky, 70, 130, 180\nVoid, 0, 0, 0\n",
        "label_colors.txt": "128 64 128\tRoad\n70 130 180 Sky\n0 0 0\t\tVoid\n",
        "classes.csv": 'colour,name\n#804080,Road\n"#4682b4",Sky\n"(0, 0, 0)",void\n',
    }.items():
        (tmp_path / name).write_text(text)
        table = load_table(tmp_path / name)
        assert (table.class_names, table.colours) == (("Road", "Sky"), colours)
    table = parse_table("name,id\nb,3\nvoid,0\na,1\n", "t")
    assert (table.class_names, dict(table.ids)) == (("b", "a"), {3: 0, 0: IGNORE, 1: 1})
    table = parse_table("name,id\nbackground,0-127\nroad,128 - 254 | 300\n", "t")
    assert [table.ids[each] for each in (0, 127, 128, 254, 300)] == [0, 0, 1, 1, 1]
    assert len(table.ids) == 256
    name = "stra\u00dfe, \u00e4"
    text = unicodedata.normalize("NFD", f'name,id\n"{name}",1\n')
    assert parse_table(text, "t").class_names == (name,)
    text = "# Mask suffix: _L ,,\n#image suffix: \n# size: 1242 x 376 (width x height)\n" + ID_TABLE
    table = parse_table(text, "t")
    assert (table.mask_suffix, table.image_suffix, table.size) == ("_L", "", (376, 1242))


def palette_mask():
    mask = Image.fromarray(np.searchsorted(np.unique(IDS), IDS).astype(np.uint8), "P")
    mask.putpalette(bytes([10, 20, 30, 128, 64, 128, 244, 35, 232, 0, 0, 0, 10, 20, 31]))
    return mask


def test_every_kind_of_mask_gives_the_same_class_ids():
    for text, mask in (
        (ID_TABLE, grey()),
        ("name,id\nroad,1\nkerb,2\nsky,0|4\nvoid,3\n", palette_mask()),
        (COLOUR_TABLE, palette_mask()),
        (COLOUR_TABLE, coloured()),
    ):
        ids = parse_table(text, "t").decode(mask, "m.png")
        assert ids.dtype == np.uint8
        np.testing.assert_array_equal(ids, CLASS_IDS)


def test_colours_come_from_the_palette_else_from_the_labels_else_are_distinct():
    text = "name,colour,palette\na,1 2 3,9 9 9\nb,4 5 6|7 8 9,\n"
    assert parse_table(text, "t").palette == ((9, 9, 9), (4, 5, 6))
    text = "name,id,palette\n" + "".join(f"c{i},{i},\n" for i in range(254))
    palette = parse_table(text + "void,254,\n", "t").palette
    assert len(set(palette) - {(0, 0, 0)}) == 254


WRONG = {
    "": "lists 0 classes, .*; write a header",
    "# only this\n": "lists 0 classes",
    "name,id\n" + "".join(f"c{i},{i}\n" for i in range(255)): "255 classes, but 1 to 254",
    "road,7\n": "line 1: 'road, 7' is no header; it must have 'name', one or more of",
    "name,palette\na,1 2 3\n": "line 1: .*is no header",
    "name,id,id\na,1,2\n": "line 1: .*each once",
    "name,id\na,1\na,2\n": "line 3: 'a' is already in line 2; put all of its labels into",
    "name,id\na,1\nb,2|1\n": "line 3: id 1 already stands for 'a' in line 2",
    "name,colour\na,1 2 3\nb,#010203\n": "line 3: colour 1 2 3 already stands for 'a'",
    "name,id\na,1\nb,\n": "line 3: 'b' has no id; write one",
    "name,id\n,1\nb,2\n": "line 2: no name",
    "name,id\na,7.0\n": r"line 2: id '7\.0': a whole number 0..65535",
    "name,id\na,65536\n": "line 2: id '65536'",
    "name,colour\na,1 2\n": "line 2: colour '1 2': write three numbers 0..255",
    "name,colour\na,1,2,3\n": "line 2: 4 cells, but the header has 2; write a colour as 128",
    "name,id,palette\na,1,red\n": "line 2: palette 'red'",
    "name,id,palette\na,1,1 2 3\nb,2,1 2 3\n": "line 3: 'b' is painted 1 2 3, and so is 'a'",
    "name,colour,palette\na,1 2 3,9 9 9\nb,9 9 9,\n": "line 3: 'b' is painted 9 9 9, and so is 'a'",
    "# size: huge\nname,id\na,1\n": "line 1: size 'huge': write width x height",
    "# size: 0 x 5\nname,id\na,1\n": "line 1: size '0 x 5'",
}


def test_a_wrong_table_is_one_error_with_line_and_remedy():
    for text, message in WRONG.items():
        with pytest.raises(DataError, match=f"(?s)^t: .*{message}"):
            pytest.fail(f"{text!r}: {parse_table(text, 't')}")
    with pytest.raises(DataError) as raised:
        parse_table("name,id\n" + "".join(f"c{i},x\n" for i in range(30)), "t")
    lines = str(raised.value).splitlines()
    assert (lines[0], len(lines), lines[-1].strip()) == ("t: 30 problems", 22, "and 10 more")


def test_a_missing_table_or_another_encoding_is_answered_with_the_ready_ones(tmp_path):
    path = tmp_path / "classes.csv"
    with pytest.raises(DataError, match=r"No such file.*camvid_32, cityscapes"):
        load_table(path)
    for encoding in ("latin-1", "utf-16"):
        path.write_bytes("name,id\nä,1\n".encode(encoding))
        with pytest.raises(DataError, match=r"utf-8.*saved in UTF-8.*virtual_kitti_to_camvid"):
            load_table(path)


def test_an_unlisted_label_is_named_with_count_file_and_what_to_write():
    ids = IDS.copy()
    ids[0, :3], ids[1, :5] = 9, 1000
    with pytest.raises(UnlistedLabels) as raised:
        parse_table(ID_TABLE, "classes.csv").decode(grey(ids), "masks/m.png")
    assert raised.value.counts == {1000: 5, 9: 3}
    assert str(raised.value) == (
        "masks/m.png: id 1000 in 5 pixels is not in classes.csv (2 such values in all); add a line "
        "with a name and the id '1000', or append '| 1000' to the ids of a class or of void"
    )
    mask = np.array(coloured())
    mask[3, 4] = 1, 2, 3
    with pytest.raises(UnlistedLabels, match=r"m\.png: colour 1 2 3 in 1 pixels is not in t"):
        parse_table(COLOUR_TABLE, "t").decode(Image.fromarray(mask), "m.png")


def test_masks_of_the_other_kind_are_refused():
    for text, mask, kind in ((ID_TABLE, coloured(), "colour"), (COLOUR_TABLE, grey(), "id")):
        with pytest.raises(
            DataError, match=f"its pixels are {kind}s, but t has none; add a column '{kind}'"
        ):
            parse_table(text, "t").decode(mask, "m.png")


def test_the_ready_tables_name_classes_as_the_data_sets_do():
    tables = {name: load_table(name) for name in ready_tables()}
    cityscapes, camvid = tables["cityscapes"], tables["camvid_32"]
    assert (len(cityscapes.class_names), cityscapes.ids.keys()) == (19, {*range(34)})
    assert sorted(cityscapes.ids.values()).count(IGNORE) == 34 - 19
    assert (camvid.class_names, camvid.palette) == (CamVid.class_names, CamVid.palette)
    assert len(camvid.colours) == 32
    for name, target in (("cityscapes", cityscapes), ("camvid", camvid)):
        table = tables[f"virtual_kitti_to_{name}"]
        table.label_map(VirtualKitti1.class_names)
        assert set(table.classes) == set(VirtualKitti1.class_names)
        colours = dict(zip(target.class_names, target.palette, strict=True))
        assert [colours[each] for each in table.class_names] == list(table.palette)


def test_a_label_map_needs_every_class():
    table = parse_table("name,class\nroad,Road|Path\nvoid,Sky\n", "t")
    assert table.label_map(["Sky", "Path", "Road"])[:4].tolist() == [IGNORE, 0, 0, IGNORE]
    with pytest.raises(DataError, match="t: class 'Tree' is not in its column 'class'"):
        table.label_map(["Sky", "Tree"])
