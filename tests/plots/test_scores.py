from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from roadseg import plots
from roadseg.data import splits
from tests.plots.looking import pixels_wide, words


def run_of(epochs):
    """A training of so many epochs, of which every second one was validated."""
    curve = np.linspace(0.2, 0.9, epochs)
    sparse = [value if i % 2 else np.nan for i, value in enumerate(curve)]
    history = {
        "epoch": list(range(1, epochs + 1)),
        "loss": list(1 - curve),
        "accuracy": list(curve),
        "mean_iou": list(curve / 2),
        "validation_accuracy": sparse,
        "validation_mean_iou": sparse,
        "seconds": [30.0] * epochs,
    }
    return SimpleNamespace(history=history)


def test_the_legend_of_learning_curves_is_within_the_figure():
    for name in ("simple", "simple_plus with a rate that falls", "x" * 60):
        figure = plots.learning_curves({name: run_of(3), f"{name}, again": run_of(2)})
        figure.canvas.draw()
        legend = figure.legends[0].get_window_extent()
        assert figure.bbox.x0 <= legend.x0
        assert legend.x1 <= figure.bbox.x1


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


def test_bars_tell_every_class_and_the_absent_ones(result, frames):
    figure = plots.per_class_iou({"simple": result})
    assert {*frames.class_names, "mean", "absent", f"{result.mean_iou:.2f}"} <= words(figure)


def test_bars_of_two_networks_are_low(result):
    figure = plots.per_class_iou({"one": result, "other": result})
    assert figure.get_figheight() < 6
    assert pixels_wide(figure) <= 901


def test_scores_have_a_bar_for_each_name_in_each_group():
    groups = {"training": {"narrow": 0.5, "wide": 0.75}, "validation": {"narrow": 0.25, "wide": np.nan}}
    figure = plots.scores(groups, "mean IoU")
    assert {*groups, "narrow", "wide", "0.50", "0.25", "0.75", "absent", "mean IoU"} <= words(figure)
    bars = [bar.get_width() for bar in figure.axes[0].patches]
    assert sorted(bars) == [0, 0.25, 0.5, 0.75]


def test_shares_are_shown_for_both_parts(frames):
    shown = words(plots.class_shares(frames, splits.block(frames, gap=1)))
    assert {"train", "validation", *frames.class_names} <= shown


def test_a_class_that_a_part_lacks_says_so(frames):
    labels = frames.class_pixels(range(len(frames)))
    figure = plots.class_shares(frames, splits.block(frames, gap=1))
    assert ("absent" in words(figure)) == bool((labels == 0).any())


def test_confusion_matrices_are_normalised_by_row_and_side_by_side(result, frames):
    figure = plots.confusion_matrices({"one": result, "other": result})
    assert {"one", "other", *frames.class_names} <= words(figure)
    for axes in figure.axes:
        (image,) = axes.get_images()
        present = result.confusion.sum(axis=1) > 0
        assert np.asarray(image.get_array()).sum(axis=1)[present] == pytest.approx(100)
    left, right = (axes.get_window_extent() for axes in figure.axes)
    assert left.y0 == pytest.approx(right.y0)
    assert left.x1 < right.x0
    assert pixels_wide(figure) <= 901


def test_the_diagonal_of_a_confusion_matrix_is_outlined(result, frames):
    axes = plots.confusion_matrices({"net": result}).axes[0]
    outlined = {box.get_xy() for box in axes.patches if not box.get_fill()}
    assert outlined == {(i - 0.5, i - 0.5) for i in range(frames.num_classes)}


def test_a_class_that_is_never_true_says_so_in_a_confusion_matrix(result):
    confusion = result.confusion.copy()
    confusion[5] = 0
    absent = int((confusion.sum(axis=1) == 0).sum())
    figure = plots.confusion_matrices({"net": replace(result, confusion=confusion)})
    figure.canvas.draw()
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts.count("absent") == absent


def test_three_confusion_matrices_stand_in_two_rows(result):
    figure = plots.confusion_matrices(dict.fromkeys("abc", result))
    figure.canvas.draw()
    shown = [axes for axes in figure.axes if axes.get_images()]
    assert len(shown) == 3
    assert len({round(axes.get_position().y0, 2) for axes in shown}) == 2
