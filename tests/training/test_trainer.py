import json
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
from roadseg.data import splits, store
from roadseg.errors import DataError, TrainingError
from tests.training.runs import (
    SHORT,
    StopAfter,
    everything_but_times,
    simple_for,
    split_of,
    tiny_for,
    train,
    train_tiny,
)

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from roadseg.data import store
from tests.training import runs
runs.train(store.open(sys.argv[1]), sys.argv[2])
"""


def kill_after_the_first_epoch(frames, folder, environment=None):
    """A training in a process of its own, killed without notice."""
    command = [sys.executable, "-c", PROGRAM, frames.path, folder]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    deadline = time.monotonic() + 120
    while not (folder / "last.weights.h5").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (folder / "metrics.json").exists()
    return command


def test_best_is_the_network_with_the_best_validation_score(finished, frames):
    result = evaluation.evaluate(finished.load_best(), frames, split_of(frames).validation)
    assert result.mean_iou == max(finished.history["validation_mean_iou"])
    assert result.mean_iou == finished.metrics["mean_iou"]
    assert np.array_equal(finished.result.confusion, result.confusion)


def test_the_trained_network_is_left_with_the_best_weights(frames, tmp_path):
    network = simple_for(frames)
    best = train(frames, tmp_path, network=network).load_best().get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(network.get_weights(), best, strict=True))


def test_the_same_settings_give_the_same_result(finished, frames, tmp_path):
    assert everything_but_times(train(frames, tmp_path)) == everything_but_times(finished)


def test_a_finished_run_is_read_not_repeated(finished, frames):
    before = finished.best.stat().st_mtime_ns
    again = train(frames, finished.folder)
    assert again == finished
    assert finished.best.stat().st_mtime_ns == before


def test_weights_from_elsewhere_are_replaced_with_a_warning(finished, frames):
    network = simple_for(frames)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):  # its first weights, then its best
            train(frames, finished.folder, network=network)
    with pytest.warns(UserWarning, match="not from the run in this folder.* choose another") as said:
        training.train(
            simple_for(frames, seed=1), frames, split_of(frames), SHORT, finished.folder, progress=False
        )
    assert said[0].filename == __file__


@pytest.mark.parametrize("steps", [2, 10])
def test_interrupted_anywhere_it_ends_as_if_it_had_not_been(finished, frames, tmp_path, steps):
    network = simple_for(frames)
    with pytest.raises(KeyboardInterrupt):
        train(frames, tmp_path, network=network, callbacks=[StopAfter(steps)])
    # The same, half-trained network, as when a notebook's cell is interrupted and run again.
    with pytest.warns(UserWarning, match="not from the run in this folder"):
        run = train(frames, tmp_path, network=network)
    assert everything_but_times(run) == everything_but_times(finished)


def test_interrupted_before_its_evaluation_it_only_evaluates(finished, frames, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training.trainer, "evaluate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(frames, tmp_path)
    before = (tmp_path / "last.weights.h5").stat().st_mtime_ns
    run = train(frames, tmp_path, progress=True)
    assert everything_but_times(run) == everything_but_times(finished)
    assert (tmp_path / "last.weights.h5").stat().st_mtime_ns == before


def test_killed_it_continues_to_the_same_result(finished, frames, tmp_path):
    kill_after_the_first_epoch(frames, tmp_path)
    assert everything_but_times(train(frames, tmp_path)) == everything_but_times(finished)


def test_a_run_on_jax_continues_after_a_kill(frames, tmp_path):
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    command = kill_after_the_first_epoch(frames, tmp_path, environment)
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    assert len(json.loads((tmp_path / "metrics.json").read_text())["iou"]) == 14


def test_other_settings_in_the_same_folder_are_refused_by_name(finished, frames):
    with pytest.raises(TrainingError, match=r"recipe\.learning_rate: 0\.003 there, 0\.001 asked for"):
        train(frames, finished.folder, replace(SHORT, learning_rate=1e-3))
    split = splits.by_sequence(frames, ["0002"])
    with pytest.raises(TrainingError, match=r"other settings \(split"):
        training.train(simple_for(frames), frames, split, SHORT, finished.folder)


def test_a_network_that_is_connected_differently_is_refused(frames, tmp_path):
    def build(dilations):
        return networks.build("simple_plus", frames.image_shape, frames.num_classes, dilations=dilations)

    once = replace(SHORT, epochs=1)
    train(frames, tmp_path, once, build((1, 2)))
    with pytest.raises(TrainingError, match=r"network\.architecture"):
        train(frames, tmp_path, once, build((1, 1)))


def test_a_network_for_other_frames_is_refused_before_anything_is_written(frames, tmp_path):
    with pytest.raises(ValueError, match=r"takes images \(32, 32, 3\)"):
        train(frames, tmp_path / "run", network=networks.build("simple", (32, 32, 3), 14))
    assert not (tmp_path / "run").exists()


def test_further_callbacks_come_after_validation_and_checkpoint(frames, tmp_path):
    class Recorder(keras.callbacks.Callback):
        seen = ()

        def on_epoch_end(self, epoch, logs=None):
            assert (tmp_path / "last.weights.h5").exists()
            self.seen += (logs["validation_mean_iou"],)

    recorder = Recorder()
    run = train(frames, tmp_path, replace(SHORT, epochs=2), callbacks=[recorder])
    assert list(recorder.seen) == run.history["validation_mean_iou"]


class OneDamaged(store.FrameStore):
    """Frames of which one cannot be read any more once the training has begun."""

    error: Exception | None = None
    is_damaged = False

    def read(self, indices):
        images, labels = super().read(indices)
        if self.is_damaged and self.error:
            raise self.error
        return images, np.full_like(labels, 200) if self.is_damaged else labels


class Damage(keras.callbacks.Callback):
    def __init__(self, frames):
        super().__init__()
        self.frames = frames

    def on_epoch_begin(self, epoch, logs=None):
        self.frames.is_damaged = epoch == 1


@pytest.mark.parametrize(
    ("error", "message"), [(DataError("frame 3"), "frame 3"), (None, "labels beyond its 14 classes")]
)
def test_a_frame_that_is_damaged_meanwhile_is_named(frames, tmp_path, eager, error, message):
    damaged = OneDamaged(frames.path)
    damaged.error = error
    with pytest.raises(DataError, match=message):
        train_tiny(damaged, tmp_path, callbacks=[Damage(damaged)])


@pytest.mark.parametrize("part", ["training", "validation"])
def test_frames_without_one_label_are_refused_before_anything_is_written(
    frames, tmp_path, monkeypatch, part
):
    split = split_of(frames)
    hidden = {"training": split.train, "validation": split.validation}[part]
    real = type(frames).class_pixels

    def none_of_the_hidden(self, indices):
        return np.zeros(14, int) if tuple(indices) == hidden else real(self, indices)

    monkeypatch.setattr(type(frames), "class_pixels", none_of_the_hidden)
    with pytest.raises(
        TrainingError, match=f"not one pixel of the {len(hidden)} {part} frames is labelled"
    ):
        train_tiny(frames, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_split_of_other_frames_is_refused(frames, tmp_path):
    split = split_of(frames)
    for wrong in (
        replace(split, count=len(frames), frames="0" * 16),
        splits.Split((0,), (len(frames),), "by hand"),
    ):
        with pytest.raises(DataError, match="make it again"):
            training.train(tiny_for(frames), frames, wrong, SHORT, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("epochs", [1, 2, 5])
def test_averaged_weights_are_no_worse_after_a_short_training(epochs, frames, tmp_path):
    """An average that still held the first weights would score like an untrained network: 0.002."""
    plain = replace(
        SHORT, epochs=epochs, batch_size=1, learning_rate=2e-2, augmentation=None, ema_momentum=None
    )
    scores = {
        momentum: train(
            frames,
            tmp_path / str(momentum),
            replace(plain, ema_momentum=momentum, validate_every=epochs),
            tiny_for(frames),
        ).metrics["mean_iou"]
        for momentum in (None, 0.99, 0.998)
    }
    assert min(scores[0.99], scores[0.998]) > scores[None] - 0.01
