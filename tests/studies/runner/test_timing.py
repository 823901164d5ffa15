"""Times of training steps, and equal time."""

import json
from dataclasses import replace

import pytest

from benchmarks import harness
from roadseg.errors import DataError
from studies.runner import load_step_milliseconds, timing


def test_steps_are_timed_once_and_kept(study, frames, tmp_path):
    study = replace(study, time_steps=True)
    milliseconds = timing.step_milliseconds(study, frames, tmp_path)
    kept = json.loads((tmp_path / "tiny.timing.json").read_text())
    assert list(kept["milliseconds"]) == ["simple", "bilinear"]
    assert min(milliseconds.values()) > 0
    assert kept["machine"] == harness.machine()
    assert timing.step_milliseconds(study, frames, tmp_path) == milliseconds
    assert load_step_milliseconds(study, tmp_path) == milliseconds


def test_a_study_without_timing_has_none(study, tmp_path):
    assert load_step_milliseconds(study, tmp_path) is None


def test_times_of_other_networks_are_not_taken_for_these(study, frames, tmp_path, monkeypatch):
    monkeypatch.setattr(timing, "_ROUNDS", 1)
    timing.step_milliseconds(study, frames, tmp_path)
    simple, bilinear = study.trials
    changed = replace(study, trials=(simple, replace(bilinear, options={})))
    with pytest.raises(DataError, match=r"other networks \(bilinear\)"):
        timing.step_milliseconds(changed, frames, tmp_path)


@pytest.mark.parametrize(("milliseconds", "epochs"), [(300, 20), (600, 10), (1e9, 1)])
def test_a_faster_network_gets_more_epochs_in_equal_time(milliseconds, epochs):
    assert timing.epochs_within(0.1, 1, milliseconds) == epochs
