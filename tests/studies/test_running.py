"""A study is run: each training once, with the settings that the study gives it."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import roadscenes
from benchmarks import harness
from roadseg.errors import DataError
from studies.runner import Trial, data_sets, load, load_step_milliseconds, running
from studies.runner.data_sets import train_on
from studies.runner.running import plan, run
from tests import raw_data
from tests.studies.conftest import ONE_EPOCH

pytestmark = pytest.mark.usefixtures("eager")


@pytest.fixture
def folders(tmp_path):
    return {"folder": tmp_path / "results", "runs": tmp_path / "Runs"}


def test_a_training_is_made_once_and_leaves_a_line(study, frames, folders, monkeypatch):
    study = replace(study, trials=study.trials[1:], full_size=lambda _: frames)
    (result,) = run(study, **folders)
    (line,) = (folders["folder"] / "tiny.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line) == result.record
    assert (result.record["steps"], result.record["frames"]) == (1, frames.digest)
    assert result.record["parameters"] == study.trials[0].build(frames.image_shape, 14).count_params()
    assert 0 <= result.training("mean_iou") <= 1
    assert 0 <= result.validation.mean_boundary_f_score <= 1
    assert np.array_equal(result.full_size.confusion, result.validation.confusion)
    pixels = dict(zip(frames.class_names, frames.class_pixels(study.split(frames).train), strict=True))
    rare = result.record["rare_classes"]
    assert rare
    assert all(0 < pixels[name] < 0.02 * sum(pixels.values()) for name in rare)
    assert "2: bilinear,0," in (folders["folder"] / "tiny.csv").read_text("utf-8")

    monkeypatch.setattr(running, "_train", None)
    assert run(study, **folders) == load(study, folders["folder"]) == [result]
    (regrouped,) = run(replace(study, trials=(replace(study.trials[0], group="7"),)), **folders)
    assert regrouped.label == "7: bilinear"
    changes = {
        "recipe": {"recipe": replace(ONE_EPOCH, learning_rate=0.5)},
        "options": {"options": {}},
        "network": {"network": "edgesegnet"},
        "policy": {"policy": "mixed_bfloat16"},
    }
    for named, change in changes.items():
        changed = replace(study, trials=(replace(study.trials[0], **change),))
        with pytest.raises(DataError, match=rf"other settings \({named}\); remove its line"):
            run(changed, **folders)


def test_every_seed_repeats_every_trial_from_other_weights(study, frames):
    planned = list(plan(replace(study, seeds=(0, 1)), frames, None))
    assert [(each.name, each.recipe.seed) for each, _ in planned] == [
        ("simple", 0), ("bilinear", 0), ("simple", 1), ("bilinear", 1)
    ]  # fmt: skip
    first, again, other = (planned[i][0].build((32, 48, 3), 3).get_weights()[0] for i in (0, 0, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_equal_time_gives_the_epochs_that_fit_and_fewer_images_as_many_steps(study, frames):
    for minutes, epochs in ((0.1, [20, 10]), (1e-6, [1, 1])):  # of one step each
        planned = plan(replace(study, minutes=minutes), frames, {"simple": 300, "bilinear": 600})
        assert [trial.recipe.epochs for trial, _ in planned] == epochs
    half = replace(ONE_EPOCH, epochs=8, warm_up_epochs=1)
    fewer = Trial("fewer", "simple", half, split=lambda frames: replace(whole, train=whole.train[::2]))
    whole = study.split(frames)
    ((trial, split),) = plan(replace(study, trials=(fewer,)), frames, None)
    assert (len(split.train), trial.recipe.epochs, trial.recipe.warm_up_epochs) == (4, 16, 2)


def test_steps_are_timed_once_and_kept(study, frames, tmp_path, monkeypatch):
    assert load_step_milliseconds(study, tmp_path) is None
    monkeypatch.setattr(running, "_ROUNDS", 1)
    study = replace(study, time_steps=True)
    milliseconds = running.step_milliseconds(study, frames, tmp_path)
    kept = json.loads((tmp_path / "tiny.timing.json").read_text())
    assert (list(kept["milliseconds"]), kept["machine"]) == (["simple", "bilinear"], harness.machine())
    assert min(milliseconds.values()) > 0
    assert running.step_milliseconds(study, frames, tmp_path) == milliseconds


def test_a_split_takes_only_what_is_named(frames):
    camvid = SimpleNamespace(
        path=Path("camvid"), sequence=["train/a", "train/b", "test/a", "train/a", "val/b"]
    )
    split = train_on(["train/a"], ["val"])(camvid)
    assert (split.train, split.validation) == ((0, 3), (4,))
    assert split.description == "trained on train/a, validated on val"
    with pytest.raises(DataError, match="train/c"):
        train_on(["train/c"], ["val"])(camvid)
    split = data_sets.hold_out("0002")(frames)
    assert {frames.sequence[index] for index in split.train} == {"0001/clone"}


def test_camvid_is_preprocessed_once_and_worlds_are_furnished_by_each_seed(tmp_path, monkeypatch):
    monkeypatch.setattr(data_sets, "DATA", tmp_path / "Data")
    monkeypatch.setattr(data_sets, "PREPROCESSED", tmp_path / "Data_compressed")
    folder = raw_data.camvid(tmp_path / "camvid")
    frames = data_sets.camvid(3)(folder)
    assert {name.split("/")[0] for name in frames.sequence} == {"train", "val"}
    assert frames.image_shape == (21, 32, 3)
    assert data_sets.camvid(3)(folder).digest == frames.digest
    monkeypatch.setattr(roadscenes, "render", lambda target, *_, **__: raw_data.virtual_kitti_1(target))
    streets = data_sets.furnished("0001", [0, 1])()
    assert set(streets.sequence) == {"seed-0/0001/clone", "seed-1/0001/clone"}
