import csv
import json
import math
import warnings
from dataclasses import replace

import numpy as np
import pytest

from roadseg.errors import TrainingError
from roadseg.training.run_folder import RunFolder
from tests.training import runs
from tests.training.runs import simple_for, split_of


@pytest.fixture
def opened(frames, tmp_path):
    """A folder that a training has just created, and the training's network."""
    folder, network = RunFolder(tmp_path / "run"), simple_for(frames)
    with folder.lock():
        folder.open_or_create(network, {"size": (2, 3)}, split_of(frames))
        yield folder, network


def finish_epochs(folder, network, count):
    folder.stage_history([{"epoch": 1 + n, "loss": 1 / 3, "seconds": 2.5} for n in range(count)])
    folder.stage("last.weights.h5", network.save_weights)
    folder.commit(count)


def test_a_finished_folder_has_everything_that_its_results_come_from(finished):
    assert {path.name for path in finished.folder.iterdir()} == {
        "settings.json", "split.json", "history.csv", "tensorboard",
        "initial.weights.h5", "last.weights.h5", "best.keras", "metrics.json",
        "manifest.json",
    }  # fmt: skip
    with (finished.folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3, 4]
    assert any((finished.folder / "tensorboard").rglob("events*"))
    metrics = json.loads((finished.folder / "metrics.json").read_text())
    assert metrics["minutes"] == pytest.approx(sum(finished.history["seconds"]) / 60)
    assert metrics["iou"]["TrafficLight"] is None


def test_opened_again_with_the_same_settings_it_gives_its_initial_weights(opened, frames):
    folder, network = opened
    initial = network.get_weights()
    finish_epochs(folder, simple_for(frames, seed=1), 1)
    network.load_weights(folder.last)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        folder.open_or_create(network, {"size": (2, 3)}, split_of(frames))
    assert all(np.array_equal(*pair) for pair in zip(network.get_weights(), initial, strict=True))


def test_opened_with_other_settings_it_refuses(opened, frames):
    folder, network = opened
    finish_epochs(folder, network, 1)
    with pytest.raises(TrainingError, match=r"other settings \(size: \[2, 3\] there, 4 asked for\)"):
        folder.open_or_create(network, {"size": 4}, split_of(frames))


def test_without_a_finished_epoch_it_can_be_used_for_other_settings(opened, frames):
    folder, _ = opened
    other = simple_for(frames, seed=1)
    folder.open_or_create(other, {"size": 4}, split_of(frames))
    assert folder.read_settings() == {"size": 4}
    given = other.get_weights()
    folder.open_or_create(other, {"size": 4}, split_of(frames))
    assert all(np.array_equal(*pair) for pair in zip(other.get_weights(), given, strict=True))


def test_the_history_is_read_as_it_was_written(opened):
    folder, network = opened
    assert folder.read_history() == []
    finish_epochs(folder, network, 2)
    rows = [{"epoch": epoch, "loss": 1 / 3, "seconds": 2.5} for epoch in (1, 2)]
    assert RunFolder(folder.path).read_manifest().epochs == 2
    assert folder.read_history() == rows
    assert not folder.is_finished


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        "epoch,loss,seconds\n",
        "epoch,loss,seconds\n1,1,1\n",
        "epoch,loss,seconds\n1,1,1\n3,1,1\n",
        "epoch,loss,seconds\n1,1,1\n2,x,1\n",
        "epoch,loss,seconds\n1,1,1\n2,1\n",
        "epoch,loss,seconds\n1,1,1\n2,1,1,1\n",
        "epoch,loss,seconds\n1,1,1\n2,1,nan\n",
        "epoch,loss\n1,1\n2,1\n",
    ],
)
def test_a_history_of_other_rows_is_refused(opened, text):
    folder, network = opened
    finish_epochs(folder, network, 2)
    folder.stage("history.csv", lambda path: path.write_text(text))
    folder.commit(2)
    with pytest.raises(TrainingError, match=r"history\.csv: "):
        folder.read_history()


def test_a_run_that_never_learned_to_validate_stops_before_anything_is_kept(frames, tmp_path, eager):
    with pytest.raises(
        TrainingError, match=r"of epoch 1\. .* is free; lower the recipe's learning_rate"
    ):
        runs.train_tiny(frames, tmp_path, replace(runs.TINY, learning_rate=1e38))
    run = runs.train_tiny(frames, tmp_path)
    assert math.isfinite(run.metrics["mean_iou"])
