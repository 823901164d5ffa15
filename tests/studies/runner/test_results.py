"""Lines of results are written, read and upgraded, and give metrics."""

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest

from roadseg import plots
from roadseg.data.augmentation import Augmentation
from roadseg.errors import DataError
from studies.runner import Result, load
from studies.runner.results import SCHEMA, UPGRADES, append, read


def test_a_result_is_a_line_and_reads_as_it_was_written(study, record, tmp_path):
    study = replace(study, seeds=(1,))
    append(study, record, tmp_path / "results")
    append(study, record | {"name": "given up"}, tmp_path / "results")
    lines = (tmp_path / "results/tiny.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["bilinear", "given up"]
    assert read(study, tmp_path / "results") == [Result(record, "2")]
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["tiny.jsonl"]


def test_metrics_follow_from_counts(record):
    result = Result(record, "2")
    assert result.validation.pixel_accuracy == 0.7
    assert result.validation.iou.tolist() == [6 / 9, 1 / 4]
    assert result.rare_iou == 1 / 4
    assert result.training("mean_iou") == 1
    assert (result.label, result.seed) == ("2: bilinear", 1)
    assert result.full_size is None


def test_full_size_has_metrics_of_its_own(record):
    counts = {"confusion": [[1, 0], [0, 1]], "boundaries": [[1, 1, 1, 1]] * 2}
    assert Result(record | {"full_size": counts}).full_size.mean_iou == 1


def test_what_was_not_counted_has_no_score(record):
    record["validation"].pop("boundaries")
    record.pop("training")
    result = Result(record | {"rare_classes": []})
    assert result.validation.mean_iou == pytest.approx((6 / 9 + 1 / 4) / 2)
    assert math.isnan(result.validation.mean_boundary_f_score)
    assert math.isnan(result.training("mean_iou"))
    assert math.isnan(result.rare_iou)


def test_metrics_on_training_frames_are_kept_where_counts_were_not(record):
    record.pop("training")
    result = Result(record | {"training_metrics": {"pixel_accuracy": 0.8, "mean_iou": 0.5}})
    assert result.training("mean_iou") == 0.5


def test_the_history_can_be_drawn_as_that_of_a_run(record):
    record["history"] |= {name: [0.25, 0.5] for name in ("loss", "accuracy", "mean_iou")}
    result = Result(record)
    assert np.isnan(result.history["validation_mean_iou"][0])
    drawn = plots.learning_curves({"bilinear": result}).axes[2].lines
    assert [line.get_ydata().tolist() for line in drawn] == [[0.25, 0.5], [0.5]]


def test_older_schemas_are_upgraded_step_by_step(study, record, tmp_path):
    study = replace(study, seeds=(1, 2))
    append(study, record | {"schema": 1}, tmp_path)
    append(study, record | {"schema": 2, "minutes": 90.0, "recipe": {"seed": 2}}, tmp_path)
    upgrades = (
        lambda old: old | {"minutes": old["minutes"] * 60},
        lambda old: old | {"unit": "s"},
    )
    read_records = [result.record for result in read(study, tmp_path, upgrades)]
    assert [each["minutes"] for each in read_records] == [90.0, 90.0]
    assert [(each["schema"], each["unit"]) for each in read_records] == [(3, "s"), (3, "s")]
    assert len(UPGRADES) + 1 == SCHEMA


def test_recipes_of_schema_1_have_the_settings_that_came_later(study, record, tmp_path):
    trial = study.trials[0]
    changed = replace(trial.recipe, augmentation=Augmentation(scale=(0.5, 2.0)), norm_momentum=None)
    settings = json.loads(json.dumps(asdict(changed)))
    former = settings | {"augmentation": settings["augmentation"].copy()}
    for name in ("crop", "grey", "transfer", "paste", "blue_sky"):
        former["augmentation"].pop(name)
    former.pop("upsampled_loss")
    former.pop("norm_momentum")
    append(study, record | {"schema": 1, "name": trial.name, "recipe": former}, tmp_path)
    (result,) = read(replace(study, seeds=(former["seed"],)), tmp_path)
    assert result.record["recipe"] == settings


def test_results_come_in_the_order_of_the_study(study, record, tmp_path):
    for name in ("bilinear", "simple"):
        append(study, record | {"name": name, "recipe": {"seed": 0}}, tmp_path)
    assert [result.name for result in load(study, tmp_path)] == ["simple", "bilinear"]


def test_what_was_not_trained_is_named(study, tmp_path):
    with pytest.raises(DataError, match=r"tiny\.jsonl lacks 'simple', seed 0.*run_study\.py tiny"):
        load(study, tmp_path)
