import numpy as np
import pytest

from roadseg.data import preprocess, sources, splits, store
from roadseg.errors import DataError
from tests import raw_data


@pytest.fixture
def joined(tmp_path):
    """Two data sets in which one colour may stand for different classes."""
    parts = {
        name: sources.open(raw_data.virtual_kitti_1(tmp_path / name, (sequence,), frames=3))
        for name, sequence in (("town-1", "0001/clone"), ("town-2", "0002/clone"))
    }
    return sources.Joined(parts), parts


def test_frames_and_labels_are_those_of_the_parts(joined):
    whole, parts = joined
    assert whole.sequences() == ["town-1/0001/clone", "town-2/0002/clone"]
    frames = whole.frames()
    assert [(frame.sequence, frame.index) for frame in frames[2:4]] == [
        ("town-1/0001/clone", 2),
        ("town-2/0002/clone", 0),
    ]
    for frame, own in zip(whole.frames("town-2"), parts["town-2"].frames(), strict=True):
        for mine, theirs in zip(whole.read(frame), parts["town-2"].read(own), strict=True):
            np.testing.assert_array_equal(np.asarray(mine), np.asarray(theirs))
    assert whole.class_map("town-1/0001/clone") == parts["town-1"].class_map("0001/clone")


def test_they_are_preprocessed_and_split_like_one_data_set(joined, tmp_path):
    whole, _ = joined
    preprocess.to_hdf5(whole, tmp_path / "store", progress=False)
    frames = store.verify(tmp_path / "store")
    split = splits.last_drive(frames)
    assert {frames.sequence[i] for i in split.validation} == {"town-2/0002/clone"}


def test_only_equal_classes_can_be_joined(tmp_path):
    kitti = sources.open(raw_data.virtual_kitti_1(tmp_path / "kitti", ("0001/clone",), frames=1))
    camvid = sources.open(raw_data.camvid(tmp_path / "camvid"))
    with pytest.raises(DataError, match="a: virtual_kitti_1, b: camvid"):
        sources.Joined({"a": kitti, "b": camvid})
    with pytest.raises(DataError, match="none"):
        sources.Joined({})
