import math
from dataclasses import replace

import keras
import numpy as np
import pytest

from roadseg.errors import TrainingError
from roadseg.training.callbacks import averaged_weights
from tests.training.runs import SHORT, simple_for, train


class SpoilAfter(keras.callbacks.Callback):
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
def test_infinite_numbers_stop_it_and_the_epoch_before_is_kept(frames, tmp_path, steps, message):
    spoil = SpoilAfter(steps)
    with pytest.raises(TrainingError, match=f"{message}.* of epoch 2.*lower the recipe's learning_rate"):
        train(frames, tmp_path, callbacks=[spoil])
    network = simple_for(frames)
    network.load_weights(tmp_path / "last.weights.h5")
    assert all(np.array_equal(*pair) for pair in zip(network.get_weights(), spoil.good, strict=True))
    best = keras.saving.load_model(tmp_path / "best.keras").get_weights()
    assert all(np.isfinite(values).all() for values in best)


def test_epochs_between_validations_have_no_score(frames, tmp_path):
    run = train(frames, tmp_path, replace(SHORT, epochs=3, validate_every=2))
    there = [not math.isnan(score) for score in run.history["validation_mean_iou"]]
    assert there == [False, True, True]


def test_the_progress_bar_shows_scores_and_the_time_left_to_the_end(frames, tmp_path, capfd):
    run = train(frames, tmp_path, replace(SHORT, epochs=2), progress=True)
    shown = capfd.readouterr().out
    for word in ("loss", "accuracy", "mean_iou", "simple, short", "00:00<"):
        assert word in shown
    last = shown.rpartition("\r")[2]
    assert "epoch 2: validation accuracy" in last
    assert f"mean_iou {run.history['validation_mean_iou'][-1]:.3f}" in last


def network_after_two_steps(**average):
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    network.compile(keras.optimizers.SGD(0.1, **average), "mse")
    for _ in range(2):  # the average of the first step is its weights
        network.train_on_batch(np.ones((1, 2)), np.ones((1, 1)))
    return network


def test_averaged_weights_are_there_for_a_while():
    network = network_after_two_steps(use_ema=True, ema_momentum=0.5)
    before = network.get_weights()
    with averaged_weights(network):
        inside = network.get_weights()
    assert not np.array_equal(inside[0], before[0])
    assert all(np.array_equal(*pair) for pair in zip(network.get_weights(), before, strict=True))


def test_without_averages_the_weights_stay():
    network = network_after_two_steps()
    before = network.get_weights()
    with averaged_weights(network):
        assert np.array_equal(network.get_weights()[0], before[0])
