"""A split is what it says, or an error; it is saved, read, and used with the frames it was made for."""

import json
import os

import numpy as np
import pytest

from roadseg.data import sources, splits
from roadseg.data.sources import Frame
from roadseg.data.splits import Split
from roadseg.errors import DataError
from tests import raw_data


def test_numpy_integers_and_lists_become_tuples_of_int():
    order = np.random.default_rng(0).permutation(16)
    for convert in (tuple, list, np.array, np.int32, iter):
        split = Split(convert(order[:12]), convert(order[12:]), "mine")
        assert split == Split(tuple(order[:12].tolist()), tuple(order[12:].tolist()), "mine")
        assert {type(i) for i in (*split.train, *split.validation)} == {int}
        assert isinstance(split.train, tuple)


@pytest.mark.parametrize(
    ("train", "message"),
    [
        ([0, -1], "position -1: frames are counted from 0"),
        ([0, 0, 3], "frame 0 occurs twice"),
        ([0, 7], "frame 7 is in both parts"),
        ([16], "there are only 16 frames"),
        ([10**30], "there are only 16 frames"),
        ([0.0], "must be integers"),
        ([True], "must be integers"),
        ([np.True_], "must be integers"),
        (["0"], "must be integers"),
        ("01", "must be integers"),
        ([None], "must be integers"),
        (None, "must be integers"),
        (3, "must be integers"),
        ([[1], [2]], "must be integers"),
        ([], "0 train"),
    ],
)
def test_what_are_no_positions_is_refused(train, message):
    with pytest.raises(ValueError, match=f"mine: .*{message}"):
        Split(train, [7], "mine", 16, "digest")


@pytest.mark.parametrize(
    "wrong",
    [
        {"description": 5},
        {"count": -1, "frames": "x"},
        {"count": 2.5, "frames": "x"},
        {"count": 16},
        {"frames": "x"},
        {"count": 16, "frames": 3},
    ],
)
def test_other_entries_are_checked_as_well(wrong):
    with pytest.raises(ValueError, match=r"expected|count and frames"):
        Split(**{"train": [0], "validation": [1], "description": "mine", **wrong})


def test_it_is_saved_as_readable_text(frames, tmp_path, monkeypatch):
    split = splits.block(frames, gap=2)
    split.save(tmp_path / "split.json")
    assert Split.load(tmp_path / "split.json") == split
    assert json.loads((tmp_path / "split.json").read_text())["validation"] == list(split.validation)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Split.load("~/split.json") == split


SAVED = {"train": [0], "validation": [1], "description": "", "count": 16, "frames": "0123456789abcdef"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "null",
        "[1, 2]",
        "[" * 200_000,
        '{"a":' * 100_000,
        "9" * 10_000,
        *(
            json.dumps({**SAVED, "train": value})
            for value in ([1], [-1], [0.5], "abc", [None], {}, 3, [16])
        ),
        json.dumps(SAVED).replace("[0]", "[NaN]"),
        json.dumps(SAVED).replace("[0]", "[1e400]"),
        json.dumps(SAVED).replace("[0]", f"[{'9' * 5000}]"),
        *(json.dumps({k: v for k, v in SAVED.items() if k != left_out}) for left_out in SAVED),
        json.dumps({**SAVED, "more": 1}),
        json.dumps({**SAVED, "description": 5}),
        b"\xff\xfe",
    ],
    ids=lambda text: str(text)[:60],
)
def test_what_is_no_saved_split_is_refused(tmp_path, text):
    path = tmp_path / "split.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=r"split\.json: not a saved split"):
        Split.load(path)


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    for path in (tmp_path / "pipe.json", tmp_path, tmp_path / "nowhere.json"):
        with pytest.raises(DataError, match="not a saved split"):
            Split.load(path)


def test_it_is_used_only_with_the_frames_it_was_made_for(raw, frames, tmp_path):
    made = splits.by_sequence(frames, ["0002"])
    made.check(frames)
    made.check(sources.open(raw).frames())  # the same frames, not stored yet
    raw_data.virtual_kitti_1(tmp_path, ("0001/clone", "0001/fog", "0002/clone"), frames=8)
    more = sources.open(tmp_path).frames()
    with pytest.raises(DataError, match="made for 16 frames, not for these 24"):
        made.check(more)
    renamed = [Frame(f.sequence, f.index + 1, f.image, f.label) for f in sources.open(raw).frames()]
    with pytest.raises(DataError, match="other names"):
        made.check(renamed)
    with pytest.raises(DataError, match="made for 16 frames"):
        made.check(more[:5])


def test_one_made_by_hand_has_to_fit(frames):
    Split([0], [15], "mine").check(frames)
    with pytest.raises(DataError, match="asks for frame 16, but there are 16"):
        Split([0], [16], "mine").check(frames)


def test_holding_out_a_share_keeps_what_it_was_made_for(frames):
    split, _ = splits.hold_out_random(splits.block(frames, gap=1))
    split.check(frames)
    assert split.count == 16
