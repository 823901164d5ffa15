import matplotlib.pyplot as plt
import pytest

from roadseg import plots
from roadseg.plots import style
from tests.plots.looking import pixels_wide, sized


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
