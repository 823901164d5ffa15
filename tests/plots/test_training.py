import itertools
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from roadseg import evaluation, networks, plots
from roadseg.training.losses import CrossEntropy
from roadseg.training.optimizers import averaged_weights
from tests.plots.looking import images, pixels_wide, run_of, sized, words


def test_learning_curves_have_a_line_for_each_run_and_part():
    runs = {"first": run_of(6), "second": run_of(4), "x" * 60: run_of(2)}
    for against in ("epoch", "minutes"):
        figure = plots.learning_curves(runs, against)
        loss, accuracy, _ = figure.axes
        assert len(loss.lines) == 3
        assert len(accuracy.lines) == 6
        assert accuracy.get_xlabel() == against
        assert {"first, training", "second, validation", "pixel accuracy"} <= words(figure)
        legend = figure.legends[0].get_window_extent()
        assert figure.bbox.x0 <= legend.x0 < legend.x1 <= figure.bbox.x1
    assert figure.axes[0].lines[0].get_xdata()[-1] == 3
    with pytest.raises(ValueError, match="no run"):
        plots.learning_curves({})
    with pytest.raises(ValueError, match="second has no finished epoch"):
        plots.learning_curves({"first": run_of(2), "second": SimpleNamespace(history={})})


def test_predictions_of_the_averaged_weights_are_recorded_and_change_no_weights(frames, tmp_path):
    network = networks.build("simple", frames.image_shape, frames.num_classes)
    averaging = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)
    network.compile(averaging, CrossEntropy(), run_eagerly=True)
    network.train_on_batch(*frames.read([0, 9]))
    recorder = plots.PredictionRecorder(network, frames, 9, tmp_path, epochs=20)
    recorder.set_model(network)
    weights = network.get_weights()
    for epoch in range(20):
        recorder.on_epoch_end(epoch)
    assert all(map(np.array_equal, weights, network.get_weights()))
    predicted = plots.PredictionRecorder(network, frames, 9, tmp_path, 20).predictions()
    assert list(predicted) == [1, 4, 8, 12, 16, 20]
    with averaged_weights(network):
        ((_, _, expected),) = evaluation.predict(network, frames, [9])
    np.testing.assert_array_equal(predicted[20], expected[0])


def test_progress_shows_curves_beside_what_was_predicted(frames):
    _, labels = frames.read([0])
    figure = plots.training_progress(run_of(4), {1: np.zeros_like(labels[0]), 4: labels[0]}, frames, 0)
    assert {"0001/clone, frame 0", "ground truth", "epoch 4: mean IoU 1.00"} <= words(figure)
    shown = images(figure)
    assert len(shown) == 4
    np.testing.assert_array_equal(shown[3], shown[1])
    curves = [axes for axes in figure.axes if axes.lines]
    assert [axes.get_title() for axes in curves] == ["loss (training)", "mean IoU"]
    assert len(images(plots.training_progress(run_of(4), {}, frames, 0))) == 2
    for width in (30, 70):  # no panel overlaps another, whatever the shape of the frames
        predicted = {epoch: np.zeros((21, width), np.uint8) for epoch in (1, 4, 8, 12, 16, 20)}
        figure = plots.training_progress(run_of(20), predicted, sized(frames, width), 0)
        assert pixels_wide(figure) <= 901
        boxes = [axes.get_tightbbox() for axes in figure.axes if axes.get_images()]
        assert len(boxes) == 8
        assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
