import numpy as np
import pytest

from roadseg import evaluation, networks, plots, training
from roadseg.data import splits
from tests.plots.looking import images, pixels_wide, sized, words
from tests.plots.test_scores import run_of


@pytest.mark.parametrize(
    ("epochs", "recorded"),
    [(1, {1}), (2, {1, 2}), (20, {1, 4, 8, 12, 16, 20}), (160, {1, 32, 64, 96, 128, 160})],
)
def test_the_first_and_the_last_epoch_and_some_between_are_recorded(frames, tmp_path, epochs, recorded):
    assert plots.PredictionRecorder(None, frames, 0, tmp_path, epochs).epochs == recorded


def test_recorded_predictions_are_those_of_the_network_and_outlive_it(frames, tmp_path):
    network = networks.build("simple_plus", frames.image_shape, frames.num_classes)
    recipe = training.get_recipe("quick", 2)
    split = splits.last_drive(frames)
    index = split.validation[0]
    recorder = plots.PredictionRecorder(network, frames, index, tmp_path / "run", recipe.epochs)
    training.train(network, frames, split, recipe, tmp_path / "run", False, callbacks=[recorder])
    ((_, _, expected),) = evaluation.predict(network, frames, [index])
    again = plots.PredictionRecorder(
        network, frames, index, tmp_path / "run", recipe.epochs
    ).predictions()
    assert list(again) == [1, 2]
    np.testing.assert_array_equal(again[2], expected[0])  # the only validated epoch is the best


def test_recording_changes_no_weights(frames, tmp_path):
    recipe, split = training.get_recipe("quick", 1), splits.last_drive(frames)
    weights = []
    for name in ("with", "without"):
        network = networks.build("simple", frames.image_shape, frames.num_classes)
        recorder = plots.PredictionRecorder(network, frames, 0, tmp_path / name, recipe.epochs)
        callbacks = [recorder] if name == "with" else []
        training.train(network, frames, split, recipe, tmp_path / name, False, callbacks=callbacks)
        weights.append(network.get_weights())
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_progress_shows_curves_beside_what_was_predicted(frames):
    _, labels = frames.read([0])
    predicted = {1: np.zeros_like(labels[0]), 4: labels[0]}
    figure = plots.training_progress(run_of(4), predicted, frames, 0)
    assert {"0001/clone, frame 0", "ground truth", "epoch 4: mean IoU 1.00"} <= words(figure)
    shown = images(figure)
    assert len(shown) == 4
    np.testing.assert_array_equal(shown[3], shown[1])
    curves = [axes for axes in figure.axes if axes.lines]
    assert [axes.get_title() for axes in curves] == ["loss (training)", "mean IoU"]
    assert pixels_wide(figure) <= 901


@pytest.mark.parametrize("width", [30, 70])
def test_progress_shows_frames_of_any_shape_without_overlap(frames, width):
    predicted = {epoch: np.zeros((21, width), np.uint8) for epoch in (1, 4, 8, 12, 16, 20)}
    figure = plots.training_progress(run_of(20), predicted, sized(frames, width), 0)
    figure.canvas.draw()
    boxes = [axes.get_tightbbox() for axes in figure.axes if axes.get_images()]
    assert len(boxes) == 8
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:number])


def test_a_run_without_recordings_shows_its_curves(frames, tmp_path):
    recorder = plots.PredictionRecorder(None, frames, 0, tmp_path, 20)
    figure = plots.training_progress(run_of(4), recorder.predictions(), frames, 0)
    assert len(images(figure)) == 2
