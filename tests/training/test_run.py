import numpy as np
import pytest

from roadseg import training
from roadseg.data.splits import Split
from roadseg.errors import TrainingError
from tests.training.runs import split_of


def test_a_finished_run_can_be_opened_later(finished, frames):
    run = training.open_run(finished.folder)
    assert run == finished
    assert run.split == split_of(frames) == Split.load(run.folder / "split.json")
    assert run.settings["data"]["digest"] == frames.digest
    assert run.history["epoch"] == [1, 2, 3, 4]
    assert run.result.class_names == frames.class_names
    assert run.result.mean_iou == run.metrics["mean_iou"]
    images, _ = frames.read([0])
    assert np.isfinite(run.load_best().predict_on_batch(images)).all()


def test_a_folder_without_a_finished_run_is_named(tmp_path):
    with pytest.raises(TrainingError, match="elsewhere: holds no finished run"):
        training.open_run(tmp_path / "elsewhere")


def test_the_best_network_so_far_is_loaded_or_named_as_missing(tiny_unfinished, tmp_path):
    assert training.load_best(tiny_unfinished).count_params() > 0
    with pytest.raises(TrainingError, match="holds no network that was validated"):
        training.load_best(tmp_path)
