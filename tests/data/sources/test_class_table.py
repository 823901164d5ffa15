"""classes.csv: what it may look like, what each raw label becomes, and what is wrong with it."""

import numpy as np
import pytest
from PIL import Image

from roadseg.data.classes import IGNORE, dump_class_maps, load_class_maps
from roadseg.data.sources.camvid import CamVid
from roadseg.data.sources.class_table import MASK_MODES, UnlistedLabels
from roadseg.data.sources.table_file import load_table, parse_table, ready_tables
from roadseg.data.sources.virtual_kitti import VirtualKitti1
from roadseg.errors import DataError
from tests.own_data import CLASS_IDS, COLOUR_TABLE, ID_TABLE, IDS, coloured, grey


def test_class_ids_follow_the_order_of_the_lines_and_void_has_none():
    table = parse_table("name,id\nb,3\nvoid,0\na,1\n", "t")
    assert table.class_names == ("b", "a")
    assert dict(table.ids) == {3: 0, 0: IGNORE, 1: 1}


@pytest.mark.parametrize(
    "text",
    [
        ID_TABLE,
        "\ufeff" + ID_TABLE,
        ID_TABLE.replace(",", ";"),
        ID_TABLE.replace(",", "\t"),
        ID_TABLE.replace("\n", "\r\n"),
        ID_TABLE.replace("\n", ",,\n"),
        ID_TABLE.replace("name,id", "Name , ID "),
        ID_TABLE.replace("void", "Void"),
        '# a note, with "quotes\n\n' + ID_TABLE.replace("road,7", '"road","7"\n,\n# another'),
    ],
    ids=["plain", "BOM", "semicolons", "tabs", "CRLF", "empty cells", "capitals", "Void", "comments"],
)
def test_what_spreadsheets_write_is_read_alike(tmp_path, text):
    path = tmp_path / "classes.csv"
    path.write_bytes(text.encode())
    table, expected = load_table(path), parse_table(ID_TABLE, "t")
    assert (table.class_names, table.ids) == (expected.class_names, expected.ids)
    assert table.palette == expected.palette


def palette_mask():
    mask = Image.fromarray(np.searchsorted(np.unique(IDS), IDS).astype(np.uint8), "P")
    mask.putpalette(bytes([10, 20, 30, 128, 64, 128, 244, 35, 232, 0, 0, 0, 10, 20, 31]))
    return mask


@pytest.mark.parametrize(
    ("table", "mask"),
    [
        (ID_TABLE, grey()),
        ("name,id\nroad,1\nkerb,2\nsky,0|4\nvoid,3\n", palette_mask()),
        (COLOUR_TABLE, palette_mask()),
        (COLOUR_TABLE, coloured()),
        (COLOUR_TABLE, coloured().convert("RGBA")),
    ],
    ids=["grey, 16 bits", "palette, indices", "palette, colours", "RGB", "RGBA"],
)
def test_every_kind_of_mask_gives_the_same_class_ids(table, mask):
    assert mask.mode in MASK_MODES
    ids = parse_table(table, "t").decode(mask, "m.png")
    assert ids.dtype == np.uint8
    np.testing.assert_array_equal(ids, CLASS_IDS)


def test_colours_come_from_the_palette_else_from_the_labels_else_are_distinct():
    text = "name,colour,palette\na,1 2 3,9 9 9\nb,4 5 6|7 8 9,\n"
    assert parse_table(text, "t").palette == ((9, 9, 9), (4, 5, 6))
    text = "name,id,palette\n" + "".join(f"c{i},{i},\n" for i in range(254))
    palette = parse_table(text + "void,254,\n", "t").palette
    assert len(set(palette) - {(0, 0, 0)}) == 254


@pytest.mark.parametrize("text", [ID_TABLE, COLOUR_TABLE])
def test_the_class_map_paints_reads_back_and_is_pickled_as_builtins(tmp_path, text):
    class_map = parse_table(text, "t").class_map
    np.testing.assert_array_equal(class_map.decode(class_map.encode(CLASS_IDS)), CLASS_IDS)
    path = tmp_path / "class_maps.pkl"
    path.write_bytes(dump_class_maps({"a": class_map}))
    assert load_class_maps(path)["id_to_name"] == {0: "road", 1: "kerb", 2: "sky"}


def test_settings_stand_in_comments_above_the_header():
    table = parse_table(
        "# Mask suffix: _L ,,\n#image suffix: \n# size: 1242 x 376 (width x height)\n" + ID_TABLE, "t"
    )
    assert (table.mask_suffix, table.image_suffix, table.size) == ("_L", "", (376, 1242))
    assert parse_table(ID_TABLE, "t").mask_suffix is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty; write a header"),
        ("# only this\n", "empty; write a header"),
        ("road,7\n", "line 1: 'road, 7' is no header; it must have 'name', one or more of"),
        ("name,palette\na,1 2 3\n", "line 1: .*is no header"),
        ("name,id,id\na,1,2\n", "line 1: .*each once"),
        ("name,id\n", "lists no class"),
        ("name,id\nvoid,1\n", "lists no class"),
        (
            "name,id\na,1\na,2\n",
            r"line 3: 'a' is already in line 2; put all of its labels into",
        ),
        ("name,id\na,1\nb,2|1\n", "line 3: id 1 already stands for 'a' in line 2"),
        ("name,colour\na,1 2 3\nb,#010203\n", "line 3: colour 1 2 3 already stands for 'a'"),
        ("name,id\na,1\nb,\n", "line 3: 'b' has no id; write one"),
        ("name,id\n,1\nb,2\n", "line 2: no name"),
        ("name,id\na,7.0\n", "line 2: id '7.0': a whole number 0..65535"),
        ("name,id\na,-1\n", "line 2: id '-1'"),
        ("name,id\na,65536\n", "line 2: id '65536'"),
        ("name,colour\na,1 2\n", "line 2: colour '1 2': write three numbers 0..255"),
        ("name,colour\na,1 2 256\n", "line 2: colour '1 2 256'"),
        (
            "name,colour\na,1,2,3\n",
            "line 2: 4 cells, but the header has 2; write a colour as 128",
        ),
        ("name,id,palette\na,1,red\n", "line 2: palette: colour 'red'"),
        ("name,id,palette\na,1,1 2 3\nb,2,1 2 3\n", "line 3: palette 1 2 3 is that of 'a' too"),
        ("name,id,palette\na,1,\nvoid,2,1 2 3\n", "line 3: void is always painted black"),
        ('name,id\n"a,1\n', "not a CSV file"),
        ("# size: huge\nname,id\na,1\n", "line 1: size 'huge': write width x height"),
        ("# size: 0 x 5\nname,id\na,1\n", r"line 1: size \(5, 0\)"),
        ("name,id\n" + "".join(f"c{i},{i}\n" for i in range(255)), "255 classes, but at most 254"),
    ],
)
def test_a_wrong_table_is_one_error_with_line_and_remedy(text, message):
    with pytest.raises(DataError, match=f"(?s)^t: .*{message}"):
        parse_table(text, "t")


def test_all_problems_are_said_at_once_but_not_more_than_twenty():
    with pytest.raises(DataError) as raised:
        parse_table("name,id\n" + "".join(f"c{i},x\n" for i in range(30)), "t")
    lines = str(raised.value).splitlines()
    assert lines[0] == "t: 30 problems"
    assert len(lines) == 22
    assert lines[-1].strip() == "and 10 more"


@pytest.mark.parametrize(
    ("content", "message"),
    [("name,id\nä,1\n".encode("latin-1"), "not UTF-8"), (ID_TABLE.encode("utf-16"), "not UTF-8")],
)
def test_another_encoding_is_refused(tmp_path, content, message):
    path = tmp_path / "classes.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        load_table(path)


def test_a_missing_table_is_answered_with_the_ready_ones(tmp_path):
    with pytest.raises(DataError, match=r"No such file.*camvid_32, cityscapes, virtual_kitti_to_camvid"):
        load_table(tmp_path / "classes.csv")


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


def test_an_unlisted_colour_is_named_too():
    mask = np.array(coloured())
    mask[3, 4] = 1, 2, 3
    with pytest.raises(UnlistedLabels, match=r"m\.png: colour 1 2 3 in 1 pixels is not in t"):
        parse_table(COLOUR_TABLE, "t").decode(Image.fromarray(mask), "m.png")


@pytest.mark.parametrize(
    ("text", "mask", "message"),
    [
        (ID_TABLE, coloured(), "its pixels are colours, but t has none; add a column 'colour'"),
        (COLOUR_TABLE, grey(), "its pixels are ids, but t has none; add a column 'id'"),
    ],
)
def test_masks_of_the_other_kind_are_refused(text, mask, message):
    with pytest.raises(DataError, match=rf"m\.png: {message}"):
        parse_table(text, "t").decode(mask, "m.png")


def test_a_transparent_mask_and_a_short_palette_are_refused():
    mask = coloured().convert("RGBA")
    mask.putpixel((2, 2), (0, 0, 0, 128))
    table = parse_table(COLOUR_TABLE, "t")
    with pytest.raises(DataError, match="partly transparent"):
        table.decode(mask, "m.png")
    mask = palette_mask()
    mask.putpixel((0, 0), 5)
    with pytest.raises(DataError, match="beyond the end of its palette"):
        table.decode(mask, "m.png")


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
