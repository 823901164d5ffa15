"""Trials and studies as values."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from roadseg.networks import simple
from studies.runner import Trial
from tests.studies.runner.conftest import ONE_EPOCH


def weights(trial: Trial) -> np.ndarray:
    return trial.build((32, 48, 3), 3).get_weights()[0]


def test_initial_weights_follow_the_seed_of_the_recipe():
    trial = Trial("simple", simple.build, ONE_EPOCH)
    other = replace(trial, recipe=replace(ONE_EPOCH, seed=1))
    assert np.array_equal(weights(trial), weights(trial))
    assert not np.array_equal(weights(trial), weights(other))


def test_options_and_precision_reach_the_builder_and_leave_no_trace():
    seen = {}

    def builder(image_shape, num_classes, **options):
        seen.update(shape=image_shape, classes=num_classes, policy=keras.config.dtype_policy().name)
        seen.update(options)
        return keras.Sequential()

    before = keras.config.dtype_policy().name
    trial = Trial("any", builder, ONE_EPOCH, {"width": 2}, policy="mixed_bfloat16")
    trial.build((32, 48, 3), 3)
    assert seen == {"shape": (32, 48, 3), "classes": 3, "policy": "mixed_bfloat16", "width": 2}
    assert keras.config.dtype_policy().name == before


def test_a_label_has_the_group_before_the_name():
    trial = Trial("bilinear", simple.build, ONE_EPOCH, group="2")
    assert trial.label == "2: bilinear"
    assert replace(trial, group="").label == "bilinear"


def test_two_trials_of_one_name_are_refused(study):
    with pytest.raises(ValueError, match="different names"):
        replace(study, trials=(study.trials[0], study.trials[0]))


def test_steps_are_timed_where_epochs_follow_from_them(study):
    assert not study.has_step_times
    assert replace(study, minutes=1.0).has_step_times
    assert replace(study, time_steps=True).has_step_times
