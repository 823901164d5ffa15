"""The committed results, their table, and what the docs say of them."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from roadseg import networks
from studies.gpu import summary, training
from studies.gpu.camvid import FOLDS
from studies.runner.results import RESULTS

DOCS = Path(__file__).parents[3] / "docs/results.md"
SCORE = re.compile(r"0\.\d{3}\b")


def test_all_folds_were_trained_with_crops_of_two_sizes():
    results = summary.load()
    assert [result.record["fold"] for result in results] == 2 * [fold.name for fold in FOLDS]
    for result in results:
        assert result.record["options"] == training.OPTIONS
        assert result.record["machine"].startswith("NVIDIA H200")


def test_the_network_is_still_the_one_that_was_trained():
    record = summary.load()[0].record
    network = networks.build(training.NETWORK, record["image_shape"], 11, **training.OPTIONS)
    assert record["architecture"] == networks.architecture_digest(network)
    assert record["parameters"] == network.count_params()


def test_the_table_in_results_is_that_of_the_trainings():
    shown = summary.table(summary.load()).reset_index()
    stored = pd.read_csv(RESULTS / "gpu_camvid.csv")
    pd.testing.assert_frame_equal(stored, shown, check_dtype=False)


def test_folds_are_pooled_by_their_pixels():
    shown = summary.table(summary.load())
    folds = [each.record for each in summary.load()[:3]]
    counts = np.sum([record["validation"]["confusion"] for record in folds], axis=0)
    row = shown.loc["344 x 464", "pooled", "plain"]
    assert row["accuracy"] == round(np.trace(counts) / counts.sum(), 3)
    assert row["minutes"] == pytest.approx(sum(record["minutes"] for record in folds), abs=0.01)


def test_of_trainings_with_the_same_name_the_last_counts(tmp_path):
    record = summary.load()[0].record
    lines = [json.dumps(record | {"minutes": minutes}) for minutes in (1, 2)]
    (tmp_path / "gpu_camvid.jsonl").write_text("\n".join(lines), "utf-8")
    (result,) = summary.load(tmp_path)
    assert result.record["minutes"] == 2
    assert "pooled" not in summary.table([result]).index.get_level_values("held out")


def test_scores_in_the_docs_are_those_of_the_table():
    _, _, section = DOCS.read_text("utf-8").partition("## On a GPU\n")
    section, _, _ = section.partition("\n## ")
    results = summary.load()
    shown = summary.table(results).drop(columns="minutes").to_numpy().ravel()
    known = {f"{value:.3f}" for value in shown if not pd.isna(value)}
    known |= set(SCORE.findall(results[0].record["frames"]))  # what JPEG changed
    documented = set(SCORE.findall(section))
    assert len(documented) > 20
    assert documented <= known
