import shutil

import numpy as np
import pytest
from PIL import Image

from roadseg.data import sources
from roadseg.data.classes import IGNORE
from roadseg.errors import DataError
from tests import raw_data


@pytest.fixture
def tree(tmp_path):
    return raw_data.camvid(tmp_path / "data")


def test_drives_are_sequences_ids_are_kept_and_void_is_ignored(tree):
    source = sources.open(tree)
    assert source.sequences() == ["train/0001TP", "train/0006R0", "val/0016E5"]
    assert [frame.index for frame in source.frames(["train/0006R0"])] == [0, 30]
    assert len(source.frames(["train"])) == 4
    labels = source.read_labels(source.frames()[0])
    assert (labels[:3, :3] == IGNORE).all()
    seen = {source.class_names[i] for i in np.unique(labels) if i != IGNORE}
    assert seen == {"Sky", "Tree", "Road", "Pole", "Car"}
    classes = source.class_map("val/0016E5")
    assert np.array_equal(classes.decode(classes.encode(labels)), labels)


def test_an_unknown_id_is_an_error(tree):
    path = tree / "valannot/0016E5_00000.png"
    ids = np.array(Image.open(path))
    ids[5, :4] = 12
    Image.fromarray(ids).save(path)
    source = sources.open(tree)
    with pytest.raises(DataError, match=r"0016E5_00000\.png: id 12 in 4 pixels is not in this"):
        source.read(source.frames(["val"])[0])


def test_names_that_are_no_frames_or_name_one_twice_are_errors(tree):
    original = tree / "train/0001TP_00030.png"
    for name, message in {
        "0001TP_f00030.png": "the same frame number as 0001TP_00030.png",
        "0001TP_" + 25 * "9" + ".png": "not a frame's name",
        "0001TP_00031.png": "this frame has no label",
    }.items():
        path = shutil.copy(original, tree / "train" / name)
        with pytest.raises(DataError, match=f"{name}: {message}"):
            sources.open(tree).frames()
        path.unlink()


def test_own_classes_beside_the_parts_win(tree):
    (tree / "classes.csv").write_text("name,id\nother,0-7|11\ncar,8\n")
    source = sources.open(tree)
    assert (source.kind, source.class_names) == ("camvid", ("other", "car"))
    assert np.unique(source.read_labels(source.frames()[0])).tolist() == [0, 1]
    assert source.identity != "camvid"
