from dataclasses import replace

import numpy as np
import pytest

from roadseg import plots
from tests.plots.looking import pixels_wide, words

GROUPS = {"wide": [0.7, 0.8], "plain": [0.5, 0.6, 0.55], "narrow": [0.4]}


def test_differences_are_points_from_the_baseline_in_the_given_order():
    figure = plots.differences(GROUPS, "plain", "mean IoU")
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == list(GROUPS)
    assert axes.yaxis_inverted()
    widths = [bar.get_width() for bar in axes.patches]
    assert widths == pytest.approx([20, 0, -15])
    assert {"+20.0", "mean 0.550", "-15.0"} <= words(figure)
    assert "mean IoU" in axes.get_xlabel()


def test_every_seed_is_a_dot():
    axes = plots.differences(GROUPS, "plain", "mean IoU").axes[0]
    dots = [line.get_xdata().tolist() for line in axes.lines if line.get_marker() == "o"]
    assert dots == [pytest.approx([15, 25]), pytest.approx([-5, 5, 0]), pytest.approx([-15])]


def test_values_beside_the_dots_are_within_the_figure():
    figure = plots.differences({"a": [0.1], "b": [0.9], "base": [0.5]}, "base", "mean IoU")
    assert pixels_wide(figure) <= 901
    frame = figure.axes[0].get_window_extent()
    for text in figure.axes[0].texts:
        assert frame.x0 <= text.get_window_extent().x0
        assert text.get_window_extent().x1 <= frame.x1


@pytest.mark.parametrize(
    ("groups", "message"), [({"other": [1.0]}, "baseline 'base'"), ({"base": []}, "no scores of base")]
)
def test_a_baseline_without_scores_is_refused(groups, message):
    with pytest.raises(ValueError, match=message):
        plots.differences(groups, "base", "mean IoU")


def test_leakage_pairs_the_scores_of_each_network(result, frames):
    better = replace(result, confusion=np.diag(np.diag(result.confusion)))
    figure = plots.leakage({"a": result, "b": result}, {"a": better, "b": better})
    rows = ["pixel accuracy", "mean IoU", *frames.class_names]
    assert {*rows, "a", "b", "held-out drive", "random frames"} <= words(figure)
    for axes in figure.axes:
        honest, claimed = (line.get_xdata() for line in axes.lines if line.get_marker() == "o")
        assert honest[:2] == pytest.approx([result.pixel_accuracy, result.mean_iou])
        assert claimed[0] == pytest.approx(1)
    assert pixels_wide(figure) <= 901


def test_leakage_says_where_a_class_is_absent(result):
    confusion = result.confusion.copy()
    confusion[3], confusion[:, 3] = 0, 0
    figure = plots.leakage({"net": replace(result, confusion=confusion)}, {"net": result})
    assert "absent: held-out drive" in words(figure)
