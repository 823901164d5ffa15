"""Tables and groups of scores."""

import csv

import numpy as np
import pytest

from studies.runner import Result, by_trial, mean_scores, table
from studies.runner.summaries import write_csv


@pytest.fixture
def results(record) -> list[Result]:
    """Seeds 1 and 2 of one trial, and one of another."""
    better = {"confusion": [[8, 0], [0, 2]], "boundaries": [[1, 1, 1, 1], [1, 1, 1, 1]]}
    second = record | {"recipe": {"epochs": 3, "seed": 2}, "validation": better}
    return [Result(record, "2"), Result(second, "2"), Result(record | {"name": "simple"})]


def test_a_table_has_a_row_a_training(results):
    shown = table(results)
    assert shown.index.tolist() == [("2: bilinear", 1), ("2: bilinear", 2), ("simple", 1)]
    row = shown.loc[("2: bilinear", 1)]
    assert row["IoU"] == round((6 / 9 + 1 / 4) / 2, 3)
    assert (row["M parameters"], row["GMAC"], row["ms a step"], row["steps"]) == (1.23, 2.5, 20, 6)
    assert table(results, {"bilinear": 4321.4, "simple": 1})["ms a step"].tolist() == [4321, 4321, 1]


def test_full_size_scores_have_columns_where_there_are_any(results):
    assert "full-size IoU" not in table(results)
    counts = results[0].record["validation"]
    assert table([Result(results[0].record | {"full_size": counts})])["full-size IoU"].item() == 0.458


def test_scores_are_grouped_by_trial_and_averaged_over_seeds(results):
    first = (6 / 9 + 1 / 4) / 2
    assert by_trial(results) == {"2: bilinear": [first, 1], "simple": [first]}
    assert by_trial(results, "pixel_accuracy")["2: bilinear"] == [0.7, 1]
    means = mean_scores(results)
    assert means["validation"] == pytest.approx({"2: bilinear": (first + 1) / 2, "simple": first})
    assert means["training"] == {"2: bilinear": 1, "simple": 1}


def test_the_summary_can_be_read_without_this_program(results, tmp_path):
    write_csv("study", results, None, tmp_path)
    with (tmp_path / "study.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["trial"] for row in rows] == ["2: bilinear", "2: bilinear", "simple"]
    assert rows[0]["machine"] == "a machine"
    assert np.allclose([float(row["IoU"]) for row in rows], table(results)["IoU"])
