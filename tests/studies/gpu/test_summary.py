"""The committed results, their table, and what the docs say of them."""

import json
import re
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from roadseg import networks
from roadseg.evaluation import metrics
from studies.gpu import summary
from studies.gpu.camvid import FOLDS
from studies.gpu.trials import LONG, TRIALS
from studies.runner.results import RESULTS

DOCS = Path(__file__).parents[3] / "docs/results.md"
SCORE = re.compile(r"0\.\d{3}\b")


def of_trial(name: str) -> list:
    return [result for result in summary.load() if result.record["trial"] == name]


def test_the_long_training_held_out_every_fold():
    assert [result.record["fold"] for result in of_trial(LONG)] == [fold.name for fold in FOLDS]


@pytest.mark.parametrize("result", summary.load(), ids=lambda result: result.name)
def test_every_training_is_one_of_the_trials(result):
    trial, record = TRIALS[result.record["trial"]], result.record
    assert record["fold"] in trial.folds
    assert (record["network"], record["loss_stride"]) == (trial.network.name, trial.network.stride)
    assert record["options"] == dict(trial.network.options)
    settings = json.loads(json.dumps(asdict(trial.recipe)))
    augmentation = settings.pop("augmentation")
    assert settings.items() <= record["recipe"].items()
    for name, value in augmentation.items():
        assert record["recipe"]["augmentation"].get(name, 0.0) == value


def test_the_network_is_still_the_one_that_was_trained():
    for record in (result.record for result in summary.load()):
        network = TRIALS[record["trial"]].network
        built = networks.build(network.name, record["image_shape"], 11, **dict(network.options))
        assert record["architecture"] == networks.architecture_digest(built)
        assert record["parameters"] == built.count_params()


def test_the_table_in_results_is_that_of_the_trainings():
    shown = summary.table(summary.load()).reset_index()
    stored = pd.read_csv(RESULTS / "gpu_camvid.csv")
    pd.testing.assert_frame_equal(stored, shown, check_dtype=False)


def test_folds_are_pooled_by_their_pixels():
    folds = [result.record for result in of_trial(LONG) if result.record["fold"] in summary.POOLED]
    counts = np.sum([record["validation"]["confusion"] for record in folds], axis=0)
    row = summary.table(summary.load()).loc[LONG, 0]
    assert row["accuracy"] == round(np.trace(counts) / counts.sum(), 3)
    assert row["pooled"] == round(metrics.mean_iou(counts), 3)


def test_of_trainings_of_the_same_trial_seed_and_fold_the_last_counts(tmp_path):
    record = summary.load()[0].record
    lines = [json.dumps(record | {"minutes": minutes}) for minutes in (1, 2)]
    (tmp_path / "gpu_camvid.jsonl").write_text("\n".join(lines), "utf-8")
    (result,) = summary.load(tmp_path)
    assert result.record["minutes"] == 2
    assert "pooled" not in summary.table([result])


def test_scores_in_the_docs_are_those_of_the_table():
    _, _, section = DOCS.read_text("utf-8").partition("### Held-out roads, on a GPU\n")
    section, _, _ = section.partition("\n### ")
    results = summary.load()
    shown = summary.table(results).drop(columns="epochs").to_numpy().ravel()
    known = {f"{value:.3f}" for value in shown if not pd.isna(value)}
    known |= set(SCORE.findall(of_trial(LONG)[0].record["frames"]))  # what JPEG changed
    documented = set(SCORE.findall(section))
    assert len(documented) > 20
    assert documented <= known
