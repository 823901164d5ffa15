"""The trainings that the benchmarks compare."""

import json
from dataclasses import replace

import numpy as np
import pytest

from roadseg import networks, plots
from roadseg.data import splits
from roadseg.errors import DataError
from roadseg.networks import edgesegnet
from roadseg.training.recipes import RECIPES
from studies import trials
from studies.trials import Trial

ONE_EPOCH = replace(RECIPES["original"], epochs=1)
SIMPLE = Trial("as it is", "simple", ONE_EPOCH)
TWIN = replace(SIMPLE, name="the same, Again")


@pytest.fixture
def split(frames):
    return splits.by_sequence(frames, ["0002"])


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(trials, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(trials, "_RUNS", tmp_path / "Runs")


def test_a_trial_is_made_once_and_leaves_its_figures(frames, split, tmp_path, monkeypatch):
    (result,) = trials.run([TWIN], frames, split, "study")
    path = tmp_path / "results/study/the-same-again-0.json"
    assert json.loads(path.read_text()) == result
    assert result["updates"] == 1
    assert 0 <= result["training"]["mean_iou"] <= 1
    assert 0 <= result["validation"]["mean_boundary_f_score"] <= 1
    assert result["parameters"] == TWIN.build(frames).count_params()
    monkeypatch.setattr(trials.training, "train", None)
    assert trials.run([TWIN], frames, split, "study") == trials.load([TWIN], "study") == [result]
    assert f"{result['validation']['mean_iou']:.3f}" in trials.table([result])
    assert " 4321 " in trials.table([result], {TWIN.name: 4321.4})


def test_scores_are_means_of_the_seeds():
    results = [
        {"trial": {"name": name}, "training": {"mean_iou": value}, "validation": {"mean_iou": value / 2}}
        for name, value in (("narrow", 0.5), ("wide", 0.8), ("narrow", 0.7))
    ]
    scores = trials.scores(results, "mean_iou")
    assert scores["training"] == pytest.approx({"narrow": 0.6, "wide": 0.8})
    assert scores["validation"] == pytest.approx({"narrow": 0.3, "wide": 0.4})


def test_courses_are_drawn_as_runs_are():
    history = {"epoch": [1, 2], "seconds": [3.0, 2.0], "validation_mean_iou": [None, 0.5]}
    history |= {figure: [0.25, 0.5] for figure in ("loss", "accuracy", "mean_iou")}
    courses = trials.courses([{"trial": {"name": "narrow"}, "history": history}])
    assert np.isnan(courses["narrow"].history["validation_mean_iou"][0])
    drawn = plots.history(courses).axes[2].lines
    assert [line.get_ydata().tolist() for line in drawn] == [[0.25, 0.5], [0.5]]


def test_figures_of_other_settings_are_not_taken_for_these(frames, split):
    trials.run([SIMPLE], frames, split, "study")
    other = replace(SIMPLE, recipe=replace(ONE_EPOCH, learning_rate=0.5))
    with pytest.raises(SystemExit, match=r"other settings \(trial\)"):
        trials.run([other], frames, split, "study")


def test_figures_of_another_network_are_not_taken_for_this(frames, split, monkeypatch):
    trials.run([SIMPLE], frames, split, "study")
    monkeypatch.setitem(networks.NETWORKS, "simple", edgesegnet)
    with pytest.raises(SystemExit, match=r"other settings \(network\)"):
        trials.run([SIMPLE], frames, split, "study")


def test_what_was_not_measured_is_named():
    with pytest.raises(DataError, match=r"study: as-it-is-0\.json not there"):
        trials.load([SIMPLE], "study")


def test_steps_are_measured_once_and_kept(frames, split, tmp_path):
    first = trials.fitted([SIMPLE, TWIN], frames, split, 1.0, "study")
    kept = json.loads((tmp_path / "results/study/compute.json").read_text())
    assert set(kept["milliseconds"]) == {"as it is", "the same, Again"}
    assert min(kept["milliseconds"].values()) > 0
    assert trials.load_milliseconds("study") == kept["milliseconds"]
    assert trials.fitted([SIMPLE, TWIN], frames, split, 1.0, "study") == first


def test_equal_time_gives_the_faster_network_more_epochs(frames, split, monkeypatch):
    measured = {"as it is": 300, "the same, Again": 600}
    monkeypatch.setattr(trials, "_median_in_turns", lambda functions, rounds: measured)
    simple, twin = trials.fitted([SIMPLE, TWIN], frames, split, 0.1, "study")
    assert (simple.recipe.epochs, twin.recipe.epochs) == (20, 10)  # of one step each


def test_steps_of_another_network_are_not_taken_for_these(frames, split, monkeypatch):
    monkeypatch.setattr(trials, "_median_in_turns", lambda functions, rounds: {SIMPLE.name: 300})
    trials.fitted([SIMPLE], frames, split, 1.0, "study")
    monkeypatch.setitem(networks.NETWORKS, "simple", edgesegnet)
    with pytest.raises(SystemExit, match="other networks"):
        trials.fitted([SIMPLE], frames, split, 1.0, "study")
