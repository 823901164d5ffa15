import csv
import json
import warnings

import numpy as np
import pytest

from roadseg.errors import TrainingError
from roadseg.training.run_folder import RunFolder
from tests.training.runs import simple_for, split_of


@pytest.fixture
def opened(frames, tmp_path):
    """A folder that a training has just created, and the training's network."""
    folder, network = RunFolder(tmp_path / "run"), simple_for(frames)
    folder.open_or_create(network, {"size": (2, 3)}, split_of(frames))
    return folder, network


def test_a_finished_folder_has_everything_that_its_results_come_from(finished):
    assert {path.name for path in finished.folder.iterdir()} == {
        "settings.json", "split.json", "history.csv", "tensorboard",
        "initial.weights.h5", "last.weights.h5", "best.keras", "metrics.json",
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
    folder.save_last(simple_for(frames, seed=1))  # of a later epoch
    network.load_weights(folder.last)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        folder.open_or_create(network, {"size": (2, 3)}, split_of(frames))
    assert all(np.array_equal(*pair) for pair in zip(network.get_weights(), initial, strict=True))


def test_opened_with_other_settings_it_refuses(opened, frames):
    folder, network = opened
    with pytest.raises(TrainingError, match=r"other settings \(size: \[2, 3\] there, 4 asked for\)"):
        folder.open_or_create(network, {"size": 4}, split_of(frames))


def test_the_history_is_read_as_it_was_written(opened):
    folder, _ = opened
    assert folder.read_history() == []
    rows = [{"epoch": epoch, "loss": 1 / 3, "seconds": 2.5} for epoch in (1, 2)]
    folder.write_history(rows)
    assert folder.read_history() == rows
    assert not folder.is_finished
