import csv
import itertools
import json
import math
import os
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from roadseg import evaluation, networks, training
from roadseg.data import splits
from roadseg.data.augmentation import Augmentation
from roadseg.errors import TrainingError
from roadseg.training.recipes import Recipe

CODE = Path(training.__file__).parents[1]
SHORT = Recipe(
    name="short",
    epochs=4,
    batch_size=3,
    optimizer="adamw",
    learning_rate=3e-3,
    schedule="cosine",
    warm_up_epochs=1,
    weight_decay=1e-2,
    augmentation=Augmentation(scale=(0.8, 1.25), brightness=0.2),
    class_weight_power=0.5,
    ema_momentum=0.9,
)


def network_for(frames):
    return networks.build("simple", frames.image_shape, frames.num_classes)


def train(frames, folder, recipe=SHORT, network=None):
    split = splits.block(frames, validation=0.25, gap=1)
    return training.train(network or network_for(frames), frames, split, recipe, folder, progress=False)


@pytest.fixture(scope="module")
def finished(frames, tmp_path_factory):
    return train(frames, tmp_path_factory.mktemp("runs") / "run")


def figures_of(run):
    """All that must be the same whatever happened in between: everything but the time."""
    columns = {name: values for name, values in run.history.items() if name != "seconds"}
    weights = keras.saving.load_model(run.best).get_weights()
    return columns, [values.tobytes() for values in weights]


def test_the_folder_tells_all_that_the_figures_come_from(finished, frames):
    names = {path.name for path in finished.folder.iterdir()}
    assert names == {
        "settings.json", "split.json", "history.csv", "tensorboard",
        "initial.weights.h5", "last.weights.h5", "best.keras", "metrics.json",
    }  # fmt: skip
    settings = json.loads((finished.folder / "settings.json").read_text())
    assert settings["recipe"]["learning_rate"] == 3e-3
    assert settings["network"]["name"] == "simple"
    assert settings["versions"]["keras"] == keras.__version__
    assert settings["precision"] in (["float32"], ["bfloat16", "float32"])
    with (finished.folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3, 4]
    assert any((finished.folder / "tensorboard").rglob("events*"))
    result = json.loads((finished.folder / "metrics.json").read_text())
    assert result["minutes"] == pytest.approx(sum(finished.history["seconds"]) / 60)
    assert result["iou"]["TrafficLight"] is None


def test_best_is_the_network_with_the_best_validation_score(finished, frames):
    split = splits.Split.load(finished.folder / "split.json")
    result = evaluation.evaluate(keras.saving.load_model(finished.best), frames, split.validation)
    assert result.mean_iou == max(finished.history["validation_mean_iou"])
    assert result.mean_iou == finished.metrics["mean_iou"]
    assert np.array_equal(finished.result.confusion, result.confusion)
    assert finished.result.class_names == frames.class_names


def test_the_trained_network_is_left_with_the_best_weights(frames, tmp_path):
    network = network_for(frames)
    run = train(frames, tmp_path, network=network)
    best = keras.saving.load_model(run.best).get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(network.get_weights(), best, strict=True))


def test_the_same_settings_give_the_same_result(finished, frames, tmp_path):
    assert figures_of(train(frames, tmp_path)) == figures_of(finished)


def test_a_finished_run_is_read_not_repeated(finished, frames):
    before = finished.best.stat().st_mtime_ns
    again = train(frames, finished.folder)
    assert again.history == finished.history
    assert finished.best.stat().st_mtime_ns == before


def test_weights_from_elsewhere_are_replaced_with_a_warning(finished, frames):
    split = splits.Split.load(finished.folder / "split.json")
    network = network_for(frames)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):  # its first weights, then its best
            training.train(network, frames, split, SHORT, finished.folder, progress=False)
    other = networks.build("simple", frames.image_shape, frames.num_classes, seed=1)
    with pytest.warns(UserWarning, match="no such weights as the network has.* choose another folder"):
        training.train(other, frames, split, SHORT, finished.folder, progress=False)


class _StopAfter(keras.callbacks.Callback):
    """Interrupts in the middle of an epoch."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def on_train_batch_end(self, batch, logs=None):
        self.steps -= 1
        if not self.steps:
            raise KeyboardInterrupt


@pytest.mark.parametrize("steps", [2, 10])
def test_interrupted_anywhere_it_ends_as_if_it_had_not_been(
    finished, frames, tmp_path, monkeypatch, steps
):
    network = network_for(frames)
    with monkeypatch.context() as patch:
        patch.setattr(keras.callbacks, "TensorBoard", lambda *_, **__: _StopAfter(steps))
        with pytest.raises(KeyboardInterrupt):
            train(frames, tmp_path, network=network)
    # The same, half-trained network, as when a notebook's cell is interrupted and run again.
    with pytest.warns(UserWarning, match="no such weights"):
        run = train(frames, tmp_path, network=network)
    assert figures_of(run) == figures_of(finished)


PROGRAM = """
import sys
sys.path[:0] = sys.argv[1:3]
import test_training
from roadseg.data import store
test_training.train(store.open(sys.argv[3]), sys.argv[4])
"""


def test_killed_it_continues_to_the_same_result(finished, frames, tmp_path):
    tests = Path(__file__).parent
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, CODE, tests, frames.path, tmp_path])
    deadline = time.monotonic() + 120
    while not (tmp_path / "last.weights.h5").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "metrics.json").exists()
    assert figures_of(train(frames, tmp_path)) == figures_of(finished)


def test_other_settings_in_the_same_folder_are_refused_by_name(finished, frames):
    with pytest.raises(TrainingError, match=r"recipe\.learning_rate: 0\.003 there, 0\.001 asked for"):
        train(frames, finished.folder, replace(SHORT, learning_rate=1e-3))
    split = splits.by_sequence(frames, ["0002"])
    with pytest.raises(TrainingError, match=r"other settings \(split"):
        training.train(network_for(frames), frames, split, SHORT, finished.folder)


class _SpoilAfter(keras.callbacks.Callback):
    """Makes a weight infinite, and knows the weights at the end of the epoch before."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def on_epoch_end(self, epoch, logs=None):
        self.good = self.model.get_weights()

    def on_train_batch_end(self, batch, logs=None):
        self.steps -= 1
        if not self.steps:
            weight = self.model.trainable_variables[0]
            weight.assign(np.full(weight.shape, np.inf, np.float32))


@pytest.mark.parametrize(
    ("steps", "message"), [(5, "the loss became (nan|inf) in step 2"), (8, "weights became infinite")]
)
def test_numbers_without_an_end_stop_and_the_epoch_before_is_kept(
    frames, tmp_path, monkeypatch, steps, message
):
    spoil = _SpoilAfter(steps)
    monkeypatch.setattr(keras.callbacks, "TensorBoard", lambda *_, **__: spoil)
    with pytest.raises(TrainingError, match=f"{message}.* of epoch 2.*lower the recipe's learning_rate"):
        train(frames, tmp_path)
    network = network_for(frames)
    network.load_weights(tmp_path / "last.weights.h5")
    assert all(np.array_equal(*pair) for pair in zip(network.get_weights(), spoil.good, strict=True))
    best = keras.saving.load_model(tmp_path / "best.keras").get_weights()
    assert all(np.isfinite(values).all() for values in best)


def test_epochs_between_validations_have_no_score(frames, tmp_path):
    run = train(frames, tmp_path, replace(SHORT, epochs=3, validate_every=2))
    there = [not math.isnan(score) for score in run.history["validation_mean_iou"]]
    assert there == [False, True, True]


def test_the_progress_bar_tells_scores_and_the_time_left_to_the_end(frames, tmp_path, capfd):
    split = splits.block(frames, validation=0.25, gap=1)
    run = training.train(network_for(frames), frames, split, replace(SHORT, epochs=2), tmp_path)
    shown = capfd.readouterr().err
    for word in ("loss", "accuracy", "mean_iou", "simple, short", "00:00<"):
        assert word in shown
    last = shown.rpartition("\r")[2]
    assert "epoch 2: validation accuracy" in last
    assert f"mean_iou {run.history['validation_mean_iou'][-1]:.3f}" in last


def test_a_run_on_jax_continues_after_a_kill(frames, tmp_path):
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    tests = Path(__file__).parent
    command = [sys.executable, "-c", PROGRAM, CODE, tests, frames.path, tmp_path]
    process = subprocess.Popen(command, env=environment)
    deadline = time.monotonic() + 120
    while not (tmp_path / "last.weights.h5").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert not (tmp_path / "metrics.json").exists()
    subprocess.run(command, env=environment, check=True)
    assert len(json.loads((tmp_path / "metrics.json").read_text())["iou"]) == 14


def test_other_networks_splits_and_recipes_have_other_folders(frames):
    dilated, plain = (
        networks.build("simple_plus", frames.image_shape, frames.num_classes, dilations=dilations)
        for dilations in ((1, 2), (1, 1))
    )
    assert dilated.count_params() == plain.count_params()
    splits_ = splits.block(frames, gap=1), splits.by_sequence(frames, ["0002"])
    recipes = SHORT, replace(SHORT, seed=1), replace(SHORT, epochs=5)
    choices = list(itertools.product((dilated, plain), splits_, recipes))
    assert len({training.folder_name(*choice) for choice in choices}) == len(choices)


def test_a_network_that_is_connected_differently_is_refused(frames, tmp_path):
    def build(dilations):
        return networks.build("simple_plus", frames.image_shape, frames.num_classes, dilations=dilations)

    once = replace(SHORT, epochs=1)
    train(frames, tmp_path, once, build((1, 2)))
    with pytest.raises(TrainingError, match=r"network\.architecture"):
        train(frames, tmp_path, once, build((1, 1)))
