"""Lines of results are written and read, give metrics, and become tables."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from roadseg.data.augmentation import Augmentation
from roadseg.errors import DataError
from studies.runner import Result, by_trial, load, mean_scores, table
from studies.runner.results import append, read

FIRST = (6 / 9 + 1 / 4) / 2  # mean IoU of the record


@pytest.fixture
def results(record) -> list[Result]:
    """Seeds 1 and 2 of one trial, and one of another."""
    better = {"confusion": [[8, 0], [0, 2]], "boundaries": [[1, 1, 1, 1], [1, 1, 1, 1]]}
    second = record | {"recipe": {"epochs": 3, "seed": 2}, "validation": better}
    return [Result(record, "2"), Result(second, "2"), Result(record | {"name": "simple"})]


def test_a_result_is_a_line_and_reads_as_it_was_written_in_the_order_of_the_study(
    study, record, tmp_path
):
    study = replace(study, seeds=(1,))
    for name in ("bilinear", "given up", "simple"):
        append(study, record | {"name": name}, tmp_path / "results")
    (path,) = (tmp_path / "results").iterdir()
    lines = [json.loads(line)["name"] for line in path.read_text("utf-8").splitlines()]
    assert (path.name, lines) == ("tiny.jsonl", ["bilinear", "given up", "simple"])
    assert read(study, path.parent) == [Result(record | {"name": "simple"}), Result(record, "2")]
    with pytest.raises(DataError, match=r"tiny\.jsonl lacks 'simple', seed 2.*run_study\.py tiny"):
        load(replace(study, seeds=(1, 2)), path.parent)


def test_metrics_follow_from_counts_and_what_was_not_counted_has_no_score_but_what_was_kept(record):
    result = Result(record, "2")
    assert result.validation.pixel_accuracy == 0.7
    assert result.validation.iou.tolist() == [6 / 9, 1 / 4]
    assert (result.rare_iou, result.training("mean_iou")) == (1 / 4, 1)
    assert (result.label, result.seed, result.full_size) == ("2: bilinear", 1, None)
    assert np.isnan(result.history["validation_mean_iou"][0])
    record["validation"].pop("boundaries")
    record.pop("training")
    result = Result(record | {"rare_classes": []})
    assert result.validation.mean_iou == pytest.approx(FIRST)
    unknown = result.validation.mean_boundary_f_score, result.training("mean_iou"), result.rare_iou
    assert np.isnan(unknown).all()
    assert Result(record | {"training_metrics": {"mean_iou": 0.5}}).training("mean_iou") == 0.5


def test_settings_that_a_stored_recipe_lacks_have_their_defaults(study, record):
    recipe = replace(study.trials[0].recipe, augmentation=Augmentation(scale=(0.5, 2.0)))
    settings = json.loads(json.dumps(asdict(recipe)))
    del settings["upsampled_loss"], settings["augmentation"]["blue_sky"]
    assert Result(record | {"recipe": settings}).recipe == recipe


def test_a_table_has_a_row_a_training_and_scores_are_grouped_by_trial_and_averaged_over_seeds(results):
    shown = table(results)
    assert shown.index.tolist() == [("2: bilinear", 1), ("2: bilinear", 2), ("simple", 1)]
    row = shown.loc[("2: bilinear", 1)]
    assert row["IoU"] == round(FIRST, 3)
    assert (row["M parameters"], row["GMAC"], row["ms a step"], row["steps"]) == (1.23, 2.5, 20, 6)
    assert table(results, {"bilinear": 4321.4, "simple": 1})["ms a step"].tolist() == [4321, 4321, 1]
    assert "full-size IoU" not in shown
    counts = results[0].record["validation"]
    assert table([Result(results[0].record | {"full_size": counts})])["full-size IoU"].item() == 0.458
    assert by_trial(results) == {"2: bilinear": [FIRST, 1], "simple": [FIRST]}
    assert by_trial(results, "pixel_accuracy")["2: bilinear"] == [0.7, 1]
    means = mean_scores(results)
    assert means["validation"] == pytest.approx({"2: bilinear": (FIRST + 1) / 2, "simple": FIRST})
    assert means["training"] == {"2: bilinear": 1, "simple": 1}
