"""The trials of the ideas."""

from studies.ideas_one_by_one import DRIVES, STUDY
from studies.runner import load


def names(group: str) -> set[str]:
    return {result.name for result in load(STUDY) if result.group == group}


def test_each_idea_has_its_trials():
    assert names("1") == {"depthwise-separable encoder"}
    assert names("5") == {"one drive alone", "two drives"}


def test_combinations_are_of_no_idea_alone():
    assert names("") >= {"simple", "1 + 2 + batch normalisation", "simple_plus"}
    assert not names("") & {"bilinear decoder", "focal loss"}


def test_fewer_images_are_of_the_first_drives():
    trained = {result.name: result.record["split"] for result in load(STUDY)}
    assert trained["one drive alone"] == f"trained on {DRIVES[0]}, validated on val"


def test_trials_come_by_idea():
    groups = [trial.group for trial in STUDY.trials]
    assert groups[0] == ""
    assert groups[1:] == sorted(groups[1:], key=lambda group: group or "7")
