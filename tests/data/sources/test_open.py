import pytest

from roadseg.data import sources
from roadseg.errors import DataError
from tests import raw_data

WRITERS = {
    "virtual_kitti_1": raw_data.virtual_kitti_1,
    "virtual_kitti_2": raw_data.virtual_kitti_2,
    "camvid": raw_data.camvid,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_each_kind_is_recognised_from_its_layout(tmp_path, kind):
    tree = WRITERS[kind](tmp_path)
    assert sources.open(tree).kind == kind
    assert sources.open(tree, kind=kind).frames() == sources.open(tree).frames()


@pytest.mark.parametrize("kind", WRITERS)
def test_an_unknown_sequence_is_answered_with_those_that_exist(tmp_path, kind):
    source = sources.open(WRITERS[kind](tmp_path))
    with pytest.raises(DataError, match=f"there are {source.sequences()[0]}"):
        source.class_map(source.sequences()[0].split("/")[0])
    for ask in (source.class_map, lambda name: source.frames([name])):
        with pytest.raises(DataError, match=f"no sequence 'nowhere'; there are {source.sequences()[0]}"):
            ask("nowhere")


def test_two_data_sets_in_one_folder_need_a_choice(tmp_path):
    raw_data.camvid(raw_data.virtual_kitti_1(tmp_path))
    with pytest.raises(DataError, match="virtual_kitti_1 and camvid; say which with kind="):
        sources.open(tmp_path)
    assert sources.open(tmp_path, kind="camvid").kind == "camvid"


def test_an_empty_folder_is_told_the_known_layouts(tmp_path):
    with pytest.raises(DataError, match=r"no known data set.*vkitti_1\.3\.1_rgb"):
        sources.open(tmp_path)


def test_a_missing_folder_a_wrong_kind_and_a_wrong_layout_are_errors(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        sources.open(tmp_path / "nowhere")
    with pytest.raises(DataError, match="unknown kind 'bdd': one of virtual_kitti_1"):
        sources.open(tmp_path, kind="bdd")
    with pytest.raises(DataError, match="not laid out as camvid"):
        sources.open(tmp_path, kind="camvid")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("vkitti_1.3.1_rgb", "virtual_kitti_1"), ("Scene01", "virtual_kitti_2"), ("valannot", "camvid")],
)
def test_a_layout_without_any_frame_is_an_error(tmp_path, name, kind):
    (tmp_path / name).mkdir()
    source = sources.open(tmp_path)
    assert source.kind == kind
    with pytest.raises(DataError, match=str(tmp_path)):
        source.frames()
