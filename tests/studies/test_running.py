"""A study is run: each training once, with the settings that the study gives it."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import roadscenes
from roadseg.errors import DataError
from studies import peers
from studies.runner import Result, data_sets, load, running
from studies.runner.data_sets import train_on
from studies.runner.results import append, read
from studies.runner.running import run
from tests import raw_data
from tests.studies.conftest import ONE_EPOCH

pytestmark = pytest.mark.usefixtures("eager")


@pytest.fixture
def folders(tmp_path):
    return {"folder": tmp_path / "results", "runs": tmp_path / "Runs"}


def test_a_training_is_made_once_and_leaves_a_line(study, frames, folders, monkeypatch):
    study = replace(study, trials=study.trials[1:], full_size=lambda _: frames)
    (result,) = run(study, **folders)
    (line,) = (folders["folder"] / "tiny.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line) == result.record
    assert (result.record["steps"], result.record["frames"]) == (1, frames.digest)
    assert result.record["parameters"] == study.trials[0].build(frames.image_shape, 14).count_params()
    assert 0 <= result.training("mean_iou") <= 1
    assert 0 <= result.validation.mean_boundary_f_score <= 1
    assert np.array_equal(result.full_size.confusion, result.validation.confusion)
    pixels = dict(zip(frames.class_names, frames.class_pixels(study.split(frames).train), strict=True))
    rare = result.record["rare_classes"]
    assert rare
    assert all(0 < pixels[name] < 0.02 * sum(pixels.values()) for name in rare)
    assert "2: bilinear,0," in (folders["folder"] / "tiny.csv").read_text("utf-8")

    monkeypatch.setattr(running, "_train", None)
    assert run(study, **folders) == load(study, folders["folder"]) == [result]
    (regrouped,) = run(replace(study, trials=(replace(study.trials[0], group="7"),)), **folders)
    assert regrouped.label == "7: bilinear"
    changes = {
        "recipe": {"recipe": replace(ONE_EPOCH, learning_rate=0.5)},
        "options": {"options": {}},
        "network": {"network": "edgesegnet"},
        "policy": {"policy": "mixed_bfloat16"},
    }
    for named, change in changes.items():
        changed = replace(study, trials=(replace(study.trials[0], **change),))
        with pytest.raises(DataError, match=rf"other settings \({named}\); remove its line"):
            run(changed, **folders)


def test_a_split_takes_only_what_is_named(frames):
    camvid = SimpleNamespace(
        path=Path("camvid"), sequence=["train/a", "train/b", "test/a", "train/a", "val/b"]
    )
    split = train_on(["train/a"], ["val"])(camvid)
    assert (split.train, split.validation) == ((0, 3), (4,))
    assert split.description == "trained on train/a, validated on val"
    with pytest.raises(DataError, match="train/c"):
        train_on(["train/c"], ["val"])(camvid)
    split = data_sets.hold_out("0002")(frames)
    assert {frames.sequence[index] for index in split.train} == {"0001/clone"}


def test_camvid_is_preprocessed_once_and_worlds_are_furnished_by_each_seed(tmp_path, monkeypatch):
    monkeypatch.setattr(data_sets, "DATA", tmp_path / "Data")
    monkeypatch.setattr(data_sets, "PREPROCESSED", tmp_path / "Data_compressed")
    folder = raw_data.camvid(tmp_path / "camvid")
    frames = data_sets.camvid(3)(folder)
    assert {name.split("/")[0] for name in frames.sequence} == {"train", "val"}
    assert frames.image_shape == (21, 32, 3)
    assert data_sets.camvid(3)(folder).digest == frames.digest
    monkeypatch.setattr(roadscenes, "render", raw_data.render)
    streets = data_sets.furnished("0001", [0, 1])()
    assert set(streets.sequence) == {"seed-0/0001/clone", "seed-1/0001/clone"}


def test_a_result_is_a_line_and_reads_as_it_was_written_in_the_order_of_the_study(study, tmp_path):
    study, record = replace(study, seeds=(1,)), {"recipe": {"seed": 1}}
    for name in ("bilinear", "given up", "simple"):
        append(study, record | {"name": name}, tmp_path / "results")
    (path,) = (tmp_path / "results").iterdir()
    lines = [json.loads(line)["name"] for line in path.read_text("utf-8").splitlines()]
    assert (path.name, lines) == ("tiny.jsonl", ["bilinear", "given up", "simple"])
    both = Result(record | {"name": "simple"}), Result(record | {"name": "bilinear"}, "2")
    assert tuple(read(study, path.parent)) == both
    with pytest.raises(DataError, match=r"tiny\.jsonl lacks 'simple', seed 2.*run_study\.py tiny"):
        load(replace(study, seeds=(1, 2)), path.parent)


def test_fast_scnn_has_the_papers_size():
    network = peers.build("fast_scnn", (66, 97, 3), 19, 0, "float32")
    assert network.output_shape == (None, 66, 97, 19)
    assert network.count_params() == pytest.approx(1.11e6, rel=0.1)  # table 1 of the paper's results
