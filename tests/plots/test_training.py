import numpy as np
import pytest

from roadseg import evaluation, networks, plots, training
from roadseg.data import splits
from tests.plots.looking import images, pixels_wide, run_of, sized, words


def test_learning_curves_have_a_line_for_each_run_and_part():
    runs = {"first": run_of(6), "second": run_of(4)}
    for against in ("epoch", "minutes"):
        figure = plots.learning_curves(runs, against)
        loss, accuracy, _ = figure.axes
        assert len(loss.lines) == 2
        assert len(accuracy.lines) == 4
        assert accuracy.get_xlabel() == against
        assert {"first, training", "second, validation", "pixel accuracy"} <= words(figure)
    assert figure.axes[0].lines[0].get_xdata()[-1] == 3
    with pytest.raises(ValueError, match="no run"):
        plots.learning_curves({})


def test_the_legend_of_learning_curves_is_within_the_figure():
    for name in ("simple", "simple_plus with a rate that falls", "x" * 60):
        figure = plots.learning_curves({name: run_of(3), f"{name}, again": run_of(2)})
        figure.canvas.draw()
        legend = figure.legends[0].get_window_extent()
        assert figure.bbox.x0 <= legend.x0
        assert legend.x1 <= figure.bbox.x1


def test_the_first_and_the_last_epoch_and_some_between_are_recorded(frames, tmp_path):
    for epochs, recorded in ((1, {1}), (2, {1, 2}), (20, {1, 4, 8, 12, 16, 20})):
        assert plots.PredictionRecorder(None, frames, 0, tmp_path, epochs).epochs == recorded


def test_recorded_predictions_are_those_of_the_network_outlive_it_and_change_no_weights(
    frames, tmp_path
):
    recipe, split = training.get_recipe("quick", 2), splits.last_drive(frames)
    index, weights = split.validation[0], []
    for name in ("without", "with"):
        network = networks.build("simple_plus", frames.image_shape, frames.num_classes)
        recorder = plots.PredictionRecorder(network, frames, index, tmp_path / name, recipe.epochs)
        callbacks = [recorder] if name == "with" else []
        training.train(network, frames, split, recipe, tmp_path / name, False, callbacks=callbacks)
        weights.append(network.get_weights())
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)
    ((_, _, expected),) = evaluation.predict(network, frames, [index])
    again = plots.PredictionRecorder(network, frames, index, tmp_path / "with", recipe.epochs)
    assert list(again.predictions()) == [1, 2]
    np.testing.assert_array_equal(
        again.predictions()[2], expected[0]
    )  # the only validated epoch is best


def test_progress_shows_curves_beside_what_was_predicted(frames):
    _, labels = frames.read([0])
    figure = plots.training_progress(run_of(4), {1: np.zeros_like(labels[0]), 4: labels[0]}, frames, 0)
    assert {"0001/clone, frame 0", "ground truth", "epoch 4: mean IoU 1.00"} <= words(figure)
    shown = images(figure)
    assert len(shown) == 4
    np.testing.assert_array_equal(shown[3], shown[1])
    curves = [axes for axes in figure.axes if axes.lines]
    assert [axes.get_title() for axes in curves] == ["loss (training)", "mean IoU"]
    assert pixels_wide(figure) <= 901
    assert len(images(plots.training_progress(run_of(4), {}, frames, 0))) == 2


def test_progress_shows_frames_of_any_shape_without_overlap(frames):
    for width in (30, 70):
        predicted = {epoch: np.zeros((21, width), np.uint8) for epoch in (1, 4, 8, 12, 16, 20)}
        figure = plots.training_progress(run_of(20), predicted, sized(frames, width), 0)
        figure.canvas.draw()
        boxes = [axes.get_tightbbox() for axes in figure.axes if axes.get_images()]
        assert len(boxes) == 8
        for number, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[:number])
