import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from roadseg.data import sources, splits
from roadseg.data.sources import Frame
from roadseg.data.splits import Split
from roadseg.errors import DataError


def named(*names, count=3):
    """Frames of sequences with these names, which need no files."""
    return [Frame(name, i, Path(), Path()) for name in names for i in range(count)]


def used(frames, split):
    return tuple(sorted({frames[i].sequence for i in part}) for part in (split.train, split.validation))


def test_random_warns_that_neighbours_leak_and_depends_on_the_seed(frames):
    with pytest.warns(UserWarning, match="leaks"):
        first = splits.random(frames, validation=0.25)
    with pytest.warns(UserWarning, match="leaks"):
        assert splits.random(frames, validation=0.25) == first
    with pytest.warns(UserWarning, match="leaks"):
        assert splits.random(frames, validation=0.25, seed=1) != first
    assert len(first.validation) == 4
    assert sorted(first.train + first.validation) == list(range(16))


def test_a_block_ends_each_sequence_and_leaves_a_gap(raw, frames):
    split = splits.block(frames, validation=0.25, gap=3)
    assert split.validation == (6, 7, 14, 15)
    assert split.train == (0, 1, 2, 8, 9, 10)
    assert splits.block(sources.open(raw).frames(), validation=0.25, gap=3) == split
    with pytest.raises(ValueError, match="0 train"):
        splits.block(frames, gap=100)
    for share in (0, 1, -0.1, 1.5):
        with pytest.raises(ValueError, match="between 0 and 1"):
            splits.block(frames, validation=share)


def test_whole_sequences_or_worlds_are_held_out(frames):
    split = splits.by_sequence(frames, validation=["0002"])
    assert split.train == tuple(range(8))
    assert split.validation == tuple(range(8, 16))
    assert split == splits.by_sequence(frames, validation=["0002/clone"])
    with pytest.raises(DataError, match="no sequence '0003'"):
        splits.by_sequence(frames, validation=["0003"])
    with pytest.raises(ValueError, match="0 train"):
        splits.by_sequence(frames, validation=["0001", "0002"])


def test_a_block_never_divides_what_shows_one_drive(tmp_path):
    """Variations of a world, even incomplete ones, and both parts of a CamVid drive."""
    for names in (("0001/clone", "0001/fog"), ("train/0016E5", "val/0016E5")):
        lengths = dict(zip(names, (20, 12), strict=True))
        frames = [Frame(name, i, tmp_path, tmp_path) for name in names for i in range(lengths[name])]
        split = splits.block(frames, validation=0.25, gap=4)
        assert {frames[i].index for i in split.validation} == set(range(15, 20))
        assert {frames[i].index for i in split.train} == set(range(11))


def test_worlds_and_drives_are_told_apart_in_joined_data_sets():
    for one, two in (("s/0001", "s/0002"), ("s/Scene01", "s/Scene02")):
        frames = named(f"{one}/clone", f"{one}/fog", f"{two}/clone", f"{two}/fog")
        assert splits.last_drive(frames).validation == tuple(range(6, 12))
    for twin in ("s/train/0016E5", "s/val/0016E5"), ("s/0001/clone", "s/0001/fog"):
        with pytest.warns(UserWarning, match=f"{twin[0]} shows the same drive as {twin[1]}"):
            splits.by_sequence(named(*twin), [twin[1]])


def test_the_last_drive_validates_and_one_alone_is_cut():
    frames = named("0001/clone", "0001/fog", "0002/clone", "0002/fog", count=20)
    split = splits.last_drive(frames)
    assert used(frames, split) == (["0001/clone", "0001/fog"], ["0002/clone", "0002/fog"])
    assert splits.last_drive(frames[:40]) == splits.block(frames[:40])
    frames = named("test/Seq05VD", "train/0001TP", "train/0006R0")
    assert used(frames, splits.last_drive(frames)) == (["train/0001TP"], ["train/0006R0"])


def test_parts_are_known_by_any_component_in_any_case():
    for train, validation, test in (
        ("train", "val", "test"),
        ("Train", "Valid", "TEST"),
        ("training", "validation", "testing"),
        ("train/c", "valid/b", "test/a"),
        ("mine/train/c/left", "mine/val/b/left", "mine/test/a/left"),
    ):
        frames = named(train, validation, test)
        for split in (splits.choose(frames), splits.choose(frames, [validation])):
            assert used(frames, split) == ([train], [validation])
            assert "3 frames train, 3 validate, 3 are left out: sequences held out for " in str(split)
            assert str(split).endswith(f"left out for testing: {test}")
    frames = named("val/a", "val/b")  # nothing else is there
    assert used(frames, splits.choose(frames)) == (["val/a"], ["val/b"])
    assert "left out" not in str(splits.choose(frames))


def test_two_cameras_of_a_drive_are_one_drive(recwarn):
    cameras = [f"drive_000{drive}/image_0{camera}" for drive in (1, 2) for camera in (2, 3)]
    for prefix in ("", "train/"):
        frames = named(*(prefix + camera for camera in cameras))
        expected = [[prefix + camera for camera in part] for part in (cameras[:2], cameras[2:])]
        for split in (splits.choose(frames), splits.choose(frames, [f"{prefix}drive_0002"])):
            assert [*used(frames, split)] == expected
    assert not recwarn
    with pytest.warns(UserWarning, match="same drive"):
        splits.choose(frames, ["train/drive_0001/image_02"])


def test_a_few_photographs_can_be_split_and_nothing_is_left_out_in_silence():
    for count in (6, 8, 11, 12, 13, 20, 30, 100):
        for frames in (named("all", count=count), named(*map(str, range(count)), count=1)):
            for split in (splits.choose(frames), splits.choose(frames, ["0.2"])):
                train, held_out = len(split.train), len(split.validation)
                assert train >= count / 2
                left_out = count - train - held_out
                assert left_out <= (count // 10 if frames[0].sequence == "all" else 0)
                said = f", {left_out} are left out:" if left_out else f"{held_out} validate: last"
                assert said in str(split)
    assert len(splits.choose(frames, 0.2).validation) == 20
    with pytest.raises(DataError, match=r"no sequence .1\.2."):
        splits.choose(frames, ["1.2"])
    many = splits.choose(frames, [str(number) for number in range(30)])
    assert "and 22 more" in str(many)


PARTS = ("train/0001TP", "train/0016E5", "val/0016E5", "test/0001TP", "test/Seq05VD")


@pytest.mark.filterwarnings("ignore:.*shows the same drive|a random split")
def test_a_part_for_testing_is_used_only_when_it_is_named():
    for prefix in ("", "real/"):
        names = [prefix + name for name in PARTS]
        frames, train, val, test = named(*names, count=30), names[:2], names[2:3], names[3:]
        for split in (splits.last_drive(frames), splits.by_sequence(frames, [f"{prefix}val"])):
            assert used(frames, split) == (train, val)
            assert split.description.endswith(f"left out for testing: {', '.join(test)}")
        for split in (splits.block(frames), splits.random(frames)):
            assert set().union(*used(frames, split)) == {*train, *val}
        split = splits.by_sequence(frames, [f"{prefix}test"])
        assert used(frames, split) == (train + val, test)
        assert "left out" not in split.description
        split = splits.by_sequence(frames, [f"{prefix}test/Seq05VD"])
        assert used(frames, split) == (train + val, names[-1:])


def test_frames_held_out_at_random_were_training_frames_and_are_left_out():
    whole = Split(tuple(range(40)), (50, 51), "by hand")
    split, held_out = splits.hold_out_random(whole, 0.25, seed=3)
    assert sorted(split.train + held_out) == list(range(40))
    assert len(held_out) == 10
    assert split.validation == whole.validation
    assert "25% of the training frames held out at random" in split.description
    assert splits.hold_out_random(whole, 0.25, seed=3) == (split, held_out)
    assert splits.hold_out_random(whole, 0.25, seed=4)[1] != held_out


def test_positions_become_tuples_of_int_and_are_neither_negative_nor_twice():
    order = np.random.default_rng(0).permutation(16)
    split = Split(order[:12], list(order[12:]), "mine")
    assert split == Split(tuple(order[:12].tolist()), tuple(order[12:].tolist()), "mine")
    assert {type(i) for i in (*split.train, *split.validation)} == {int}
    for train in ([0, -1], [0, 0, 3], [0, 7]):
        with pytest.raises(ValueError, match="mine: positions from 0 up, none of them twice"):
            Split(train, [7], "mine")
    with pytest.raises(ValueError, match="0 train and 1 validation"):
        Split([], [7], "mine")


def test_it_is_saved_as_readable_text(frames, tmp_path, monkeypatch):
    split = splits.block(frames, gap=2)
    split.save(tmp_path / "split.json")
    assert json.loads((tmp_path / "split.json").read_text())["validation"] == list(split.validation)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Split.load("~/split.json") == split
    saved = (tmp_path / "split.json").read_text()
    for text in ("", "null", "{}", saved[:50], saved.replace("train", "training")):
        (tmp_path / "split.json").write_text(text)
        with pytest.raises(DataError, match=r"split\.json: not a saved split"):
            Split.load(tmp_path / "split.json")
    with pytest.raises(DataError, match="not a saved split"):
        Split.load(tmp_path / "nowhere.json")


def test_it_is_used_only_with_the_frames_it_was_made_for(raw, frames):
    made, listed = splits.by_sequence(frames, ["0002"]), sources.open(raw).frames()
    made.check(frames)
    made.check(listed)  # the same frames, not stored yet
    with pytest.raises(DataError, match="made for other frames than these 15"):
        made.check(listed[:-1])
    with pytest.raises(DataError, match="made for other frames"):
        made.check([replace(frame, index=frame.index + 1) for frame in listed])
    Split([0], [15], "mine").check(frames)
    with pytest.raises(DataError, match="made for other frames"):
        Split([0], [16], "mine").check(frames)
