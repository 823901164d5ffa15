"""Data sets are recognised from their layouts; several of them can be joined."""

import shutil

import numpy as np
import pytest

from roadseg.data import preprocess, sources, splits, store
from roadseg.errors import DataError
from tests import own_data, raw_data

WRITERS = {
    "virtual_kitti_1": raw_data.virtual_kitti_1,
    "virtual_kitti_2": raw_data.virtual_kitti_2,
    "camvid": raw_data.camvid,
    "folder": own_data.folder,
}


def test_each_kind_is_recognised_names_its_sequences_and_leaves_other_files_out(tmp_path):
    for kind, write in WRITERS.items():
        source = sources.open(write(tmp_path / kind))
        assert source.kind == kind
        found = sources.open(tmp_path / kind, kind=kind).frames()
        assert found == source.frames() == sorted(source.frames())
        known = source.sequences()
        assert len(source.frames(known[0].split("/")[0])) >= len(source.frames(known[0]))
        with pytest.raises(DataError, match=f"no sequence 'nowhere'; there are {known[0]}"):
            source.frames(["nowhere"])
        frame = found[0]
        for name in (".DS_Store", "Thumbs.db", "readme.txt"):
            (frame.image.parent / name).write_bytes(b"x")
        shutil.move(frame.image, tmp_path / "elsewhere")
        frame.image.symlink_to(tmp_path / "elsewhere")
        assert sources.open(tmp_path / kind).frames()[0] == frame
        source.read(frame)


def test_a_folder_that_is_missing_empty_or_another_is_an_error(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        sources.open(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"no known data set.*vkitti_1\.3\.1_rgb"):
        sources.open(tmp_path)
    with pytest.raises(DataError, match=r"not laid out as 'bdd'.*virtual_kitti_1"):
        sources.open(tmp_path, kind="bdd")
    with pytest.raises(DataError, match="not laid out as 'camvid'"):
        sources.open(tmp_path, kind="camvid")
    raw_data.camvid(raw_data.virtual_kitti_1(tmp_path))
    with pytest.raises(DataError, match="virtual_kitti_1 and camvid; say which with kind="):
        sources.open(tmp_path)
    (tmp_path / "empty/vkitti_1.3.1_rgb").mkdir(parents=True)
    with pytest.raises(DataError, match="empty: no sequence here"):
        sources.open(tmp_path / "empty").frames()


@pytest.fixture
def joined(tmp_path):
    """Two data sets in which one colour may stand for different classes."""
    parts = {
        name: sources.open(raw_data.virtual_kitti_1(tmp_path / name, (sequence,), frames=3))
        for name, sequence in (("town-1", "0001/clone"), ("town-2", "0002/clone"))
    }
    return sources.Joined(parts), parts


def test_joined_data_sets_are_read_preprocessed_and_split_like_one(joined, tmp_path):
    whole, parts = joined
    assert whole.sequences() == ["town-1/0001/clone", "town-2/0002/clone"]
    for frame, own in zip(whole.frames("town-2"), parts["town-2"].frames(), strict=True):
        for mine, theirs in zip(whole.read(frame), parts["town-2"].read(own), strict=True):
            np.testing.assert_array_equal(np.asarray(mine), np.asarray(theirs))
    assert whole.class_map("town-1/0001/clone") == parts["town-1"].class_map("0001/clone")
    preprocess.to_hdf5(whole, tmp_path / "store", progress=False)
    frames = store.verify(tmp_path / "store")
    split = splits.last_drive(frames)
    assert {frames.sequence[i] for i in split.validation} == {"town-2/0002/clone"}


def test_only_equal_classes_can_be_joined_under_plain_names(tmp_path, joined):
    camvid = sources.open(raw_data.camvid(tmp_path / "camvid"))
    kitti = joined[1]["town-1"]
    for parts, message in (
        ({"a": kitti, "b": camvid}, "a: virtual_kitti_1, b: camvid"),
        ({}, "none"),
        ({"a/b": kitti}, "names without /"),
    ):
        with pytest.raises(DataError, match=message):
            sources.Joined(parts)
