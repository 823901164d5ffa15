from dataclasses import replace

import numpy as np
import pytest

from roadseg import plots
from tests.plots.looking import pixels_wide, words

GROUPS = {"wide": [0.7, 0.8], "plain": [0.5, 0.6, 0.55], "narrow": [0.4]}


def without(result, number):
    """The evaluation without a class that is then neither true nor predicted."""
    confusion = result.confusion.copy()
    confusion[number], confusion[:, number] = 0, 0
    return replace(result, confusion=confusion)


def test_bars_tell_every_class_and_the_absent_ones(result, frames):
    figure = plots.per_class_iou({"one": without(result, 3), "other": result})
    assert {*frames.class_names, "mean", "absent", f"{result.mean_iou:.2f}"} <= words(figure)
    assert figure.get_figheight() < 6
    assert pixels_wide(figure) <= 901


def test_scores_have_a_bar_for_each_name_in_each_group():
    groups = {"training": {"narrow": 0.5, "wide": 0.75}, "validation": {"narrow": 0.25, "wide": np.nan}}
    figure = plots.scores(groups, "mean IoU", reference="narrow")
    assert {*groups, "narrow", "wide", "0.50", "0.25", "0.75", "absent", "mean IoU"} <= words(figure)
    bars = [bar.get_width() for bar in figure.axes[0].patches]
    assert sorted(bars) == [0, 0.25, 0.5, 0.75]
    assert {line.get_xdata()[0] for line in figure.axes[0].lines} == {0.5, 0.25}


def test_confusion_matrices_are_normalised_by_row_and_say_which_class_is_never_true(result, frames):
    figure = plots.confusion_matrices({"one": result, "other": result})
    assert {"one", "other", *frames.class_names} <= words(figure)
    for axes in figure.axes:
        (image,) = axes.get_images()
        present = result.confusion.sum(axis=1) > 0
        assert np.asarray(image.get_array()).sum(axis=1)[present] == pytest.approx(100)
        outlined = {box.get_xy() for box in axes.patches if not box.get_fill()}
        assert outlined == {(i - 0.5, i - 0.5) for i in range(frames.num_classes)}
    left, right = (axes.get_window_extent() for axes in figure.axes)
    assert left.y0 == pytest.approx(right.y0)
    assert left.x1 < right.x0
    assert pixels_wide(figure) <= 901
    confusion = without(result, 5).confusion
    figure = plots.confusion_matrices(dict.fromkeys("abc", replace(result, confusion=confusion)))
    for axes in figure.axes[:3]:
        texts = [text.get_text() for text in axes.texts]
        assert texts.count("absent") == (confusion.sum(axis=1) == 0).sum()


def test_differences_are_points_from_the_baseline_in_the_given_order():
    figure = plots.differences(GROUPS, "plain", "mean IoU")
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == list(GROUPS)
    assert axes.yaxis_inverted()
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([20, 0, -15])
    assert {"+20.0", "mean 0.550", "-15.0"} <= words(figure)
    assert "mean IoU" in axes.get_xlabel()
    dots = [line.get_xdata().tolist() for line in axes.lines if line.get_marker() == "o"]
    assert dots == [pytest.approx([15, 25]), pytest.approx([-5, 5, 0]), pytest.approx([-15])]
    frame = axes.get_window_extent()
    for extent in (text.get_window_extent() for text in axes.texts):
        assert frame.x0 <= extent.x0 < extent.x1 <= frame.x1
    assert pixels_wide(figure) <= 901
    with pytest.raises(ValueError, match="baseline 'base'"):
        plots.differences(GROUPS, "base", "mean IoU")


def test_leakage_pairs_the_scores_of_each_network_and_says_where_a_class_is_absent(result, frames):
    better = replace(result, confusion=np.diag(np.diag(result.confusion)))
    figure = plots.leakage({"a": result, "b": without(result, 3)}, {"a": better, "b": better})
    rows = ["pixel accuracy", "mean IoU", *frames.class_names]
    assert {*rows, "a", "b", "held-out drive", "random frames"} <= words(figure)
    honest, claimed = (line.get_xdata() for line in figure.axes[0].lines if line.get_marker() == "o")
    assert honest[:2] == pytest.approx([result.pixel_accuracy, result.mean_iou])
    assert claimed[0] == pytest.approx(1)
    assert "absent: held-out drive" in words(figure)
    assert pixels_wide(figure) <= 901
