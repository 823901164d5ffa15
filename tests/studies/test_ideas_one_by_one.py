"""What the notebook shows of the ideas."""

import pytest

from studies.ideas_one_by_one import DRIVES, STUDY, about
from studies.runner import load


@pytest.fixture
def names():
    results = load(STUDY)
    return lambda group: {result.name for result in about(results, group)}


def test_an_idea_is_shown_beside_the_baseline(names):
    assert names("1") == {"simple", "depthwise-separable encoder"}
    assert names("5") == {"simple", "one drive alone", "two drives"}


def test_combinations_are_of_no_idea_alone(names):
    assert names("") >= {"simple", "1 + 2 + batch normalisation", "simple_plus"}
    assert not names("") & {"bilinear decoder", "focal loss"}


def test_fewer_images_are_of_the_first_drives():
    trained = {result.name: result.record["split"] for result in load(STUDY)}
    assert trained["one drive alone"] == f"trained on {DRIVES[0]}, validated on val"


def test_trials_come_by_idea():
    groups = [trial.group for trial in STUDY.trials]
    assert groups[0] == ""
    assert groups[1:] == sorted(groups[1:], key=lambda group: group or "7")
