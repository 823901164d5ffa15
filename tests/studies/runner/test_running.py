"""A study is run: each training once, with the settings that the study gives it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from roadseg.errors import DataError
from roadseg.networks import edgesegnet, simple
from studies.runner import Trial, load, running
from studies.runner.data_sets import train_on
from studies.runner.running import run, with_as_many_steps
from tests.studies.runner.conftest import ONE_EPOCH


@pytest.fixture
def folders(tmp_path):
    return {"folder": tmp_path / "results", "runs": tmp_path / "Runs"}


def test_a_training_is_made_once_and_leaves_a_line(study, frames, folders, monkeypatch):
    study = replace(study, trials=study.trials[1:])
    (result,) = run(study, **folders)
    (line,) = (folders["folder"] / "tiny.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line) == result.record
    assert result.record["steps"] == 1
    assert result.record["parameters"] == study.trials[0].build(frames.image_shape, 14).count_params()
    assert 0 <= result.training("mean_iou") <= 1
    assert 0 <= result.validation.mean_boundary_f_score <= 1
    assert not {"mean_iou", "iou", "pixel_accuracy"} & set(result.record["validation"])
    assert "2: bilinear,0," in (folders["folder"] / "tiny.csv").read_text("utf-8")
    monkeypatch.setattr(running, "_train", None)
    assert run(study, **folders) == load(study, folders["folder"]) == [result]


def test_every_seed_repeats_every_trial(study, folders):
    study = replace(study, trials=study.trials[:1], seeds=(0, 1))
    first, second = run(study, **folders)
    assert (first.seed, second.seed) == (0, 1)
    assert not np.array_equal(first.validation.confusion, second.validation.confusion)


def test_upsampled_logits_are_evaluated_on_full_size_frames(study, frames, folders):
    study = replace(study, trials=study.trials[:1], full_size=lambda _: frames)
    (result,) = run(study, **folders)
    assert np.array_equal(result.full_size.confusion, result.validation.confusion)
    assert result.record["full_size_frames"] == frames.digest


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"recipe": replace(ONE_EPOCH, learning_rate=0.5)}, "recipe"),
        ({"builder": edgesegnet.build}, "network, architecture"),
        ({"policy": "mixed_bfloat16"}, "policy"),
    ],
)
def test_a_result_of_other_settings_is_not_taken_for_this(study, folders, change, named):
    study = replace(study, trials=study.trials[:1])
    run(study, **folders)
    changed = replace(study, trials=(replace(study.trials[0], **change),))
    with pytest.raises(DataError, match=rf"other settings \({named}\); remove its line"):
        run(changed, **folders)


def test_a_trial_may_change_its_group_without_a_new_training(study, folders, monkeypatch):
    study = replace(study, trials=study.trials[:1])
    run(study, **folders)
    monkeypatch.setattr(running, "_train", None)
    (result,) = run(replace(study, trials=(replace(study.trials[0], group="7"),)), **folders)
    assert result.label == "7: simple"


def test_equal_time_gives_the_epochs_that_fit(study, frames):
    study = replace(study, minutes=0.1)
    planned = running._plan(study, frames, {"simple": 300, "bilinear": 600})
    assert [trial.recipe.epochs for trial, _ in planned] == [20, 10]  # of one step each


def test_fewer_images_get_as_many_steps(study, frames):
    fewer = Trial("fewer", simple.build, ONE_EPOCH, split=train_on(["0001"], ["0002"]))
    ((trial, split),) = running._plan(replace(study, trials=(fewer,)), frames, None)
    assert (len(split.train), trial.recipe.epochs) == (8, 1)
    quarter = with_as_many_steps(replace(ONE_EPOCH, epochs=8, warm_up_epochs=1), 0.25)
    assert (quarter.epochs, quarter.warm_up_epochs) == (32, 4)


def test_rare_classes_occur_in_few_training_pixels(study, frames):
    split = study.split(frames)
    pixels = dict(zip(frames.class_names, frames.class_pixels(split.train), strict=True))
    rare = running._rare_classes(frames, split)
    assert rare
    assert all(0 < pixels[name] < 0.02 * sum(pixels.values()) for name in rare)
