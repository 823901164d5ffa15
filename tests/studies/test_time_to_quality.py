"""The comparison of the two times."""

import pytest

from studies.runner import Result, load, load_step_milliseconds
from studies.time_to_quality import ORIGINAL, STUDY, times_faster


def test_all_of_the_faster_trainings_time_counts():
    original = Result({"steps": 6000, "ms_per_step": 900, "minutes": 90})
    assert times_faster(original, Result({"minutes": 2.5}), 500) == pytest.approx(20)


def test_the_shorter_training_is_past_the_best_score_of_the_longer():
    original, short = load(STUDY)
    assert short.validation.mean_iou > original.validation.mean_iou
    assert times_faster(original, short, load_step_milliseconds(STUDY)[ORIGINAL]) > 30
