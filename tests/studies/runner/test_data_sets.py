"""Frames and splits of studies."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from roadseg.errors import DataError
from studies.runner import data_sets
from tests import raw_data

CAMVID = SimpleNamespace(
    path=Path("camvid"), sequence=["train/a", "train/b", "test/a", "train/a", "val/b"]
)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(data_sets, "DATA", tmp_path / "Data")
    monkeypatch.setattr(data_sets, "PREPROCESSED", tmp_path / "Data_compressed")


def test_a_split_takes_only_what_is_named():
    split = data_sets.train_on(["train/a"], ["val"])(CAMVID)
    assert (split.train, split.validation) == ((0, 3), (4,))
    assert split.description == "trained on train/a, validated on val"


def test_an_unknown_sequence_is_named():
    with pytest.raises(DataError, match="train/c"):
        data_sets.train_on(["train/c"], ["val"])(CAMVID)


def test_all_but_the_held_out_sequences_train(frames):
    split = data_sets.hold_out("0002")(frames)
    assert {frames.sequence[index] for index in split.train} == {"0001/clone"}
    assert {frames.sequence[index] for index in split.validation} == {"0002/clone"}


def test_camvid_is_asked_for_where_it_is_missing():
    with pytest.raises(DataError, match="--camvid FOLDER"):
        data_sets.camvid(3)(None)


def test_camvid_is_preprocessed_once(tmp_path):
    folder = raw_data.camvid(tmp_path / "camvid")
    frames = data_sets.camvid(3)(folder)
    assert {name.split("/")[0] for name in frames.sequence} == {"train", "val"}
    assert frames.image_shape == (21, 32, 3)
    assert data_sets.camvid(3)(folder).digest == frames.digest


def test_a_world_is_furnished_by_each_seed(monkeypatch):
    monkeypatch.setattr(data_sets, "range", lambda *_: range(1), raising=False)
    frames = data_sets.furnished("0001", [0, 1])()
    assert frames.sequence == ["seed-0/0001/clone", "seed-1/0001/clone"]
    assert frames.image_shape == (125, 414, 3)
    assert not np.array_equal(*frames.images[:])
