import matplotlib.pyplot as plt
import numpy as np
import pytest

from roadseg import plots
from roadseg.data.classes import IGNORE
from roadseg.plots import style
from tests.plots.looking import pixels_wide, sized


def test_an_error_map_says_what_was_mistaken_for_what(frames):
    labels = np.array([[1, 1, IGNORE]], np.uint8)
    image = plots.error_map(labels, np.array([[1, 2, 0]], np.uint8), frames.palette)
    right, wrong, void = image[0].tolist()
    assert wrong == frames.palette[2].tolist()
    assert void == [0, 0, 0]
    assert right == list(style.RIGHT)
    assert right not in frames.palette.tolist()


def test_a_legend_names_the_classes_that_are_shown(frames):
    shown = [np.array([[0, 2]], np.uint8), np.array([[2, IGNORE]], np.uint8)]
    names = [patch.get_label() for patch in style.class_patches(frames, shown)]
    assert names == [frames.class_names[0], frames.class_names[2], "void"]


def test_panels_have_square_pixels_and_large_letters_and_touch_neither_each_other_nor_the_legend(frames):
    for width, rows, columns in ((32, 3, 2), (64, 2, 3)):  # wide frames stand in columns
        figure = plots.samples(sized(frames, width), [0, 1, 2])
        assert pixels_wide(figure) <= 901
        boxes = [axes.get_window_extent() for axes in figure.axes]
        assert len({round(box.y0) for box in boxes}) == rows
        assert len({round(box.x0) for box in boxes}) == columns
        for number, box in enumerate(boxes):
            assert box.width / box.height == pytest.approx(width / 21, rel=0.01)
            assert not any(box.overlaps(other) for other in boxes[:number])
        legend = figure.legends[0].get_window_extent()
        assert 0 <= min(box.y0 for box in boxes) - legend.y1 < 20
        assert legend.y0 >= 0
        assert min(axes.title.get_fontsize() for axes in figure.axes) >= style.TEXT
        plt.close(figure)
