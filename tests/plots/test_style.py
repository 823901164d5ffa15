import matplotlib.pyplot as plt
import numpy as np

from roadseg import plots
from roadseg.data.classes import IGNORE
from roadseg.plots import style
from tests.plots.looking import words


def test_painting_uses_the_palette_and_black(frames):
    painted = plots.paint(np.array([[0, 13, IGNORE]], np.uint8), frames.palette)
    assert painted.tolist() == [[frames.palette[0].tolist(), frames.palette[13].tolist(), [0, 0, 0]]]


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


def test_bars_say_their_values_and_what_is_absent():
    figure, axes = plt.subplots()
    style.bars(axes, {"one": np.array([0.25, np.nan]), "other": np.array([0.5, 1.0])}, ["a", "b"])
    assert {"a", "b", "0.25", "absent", "0.50", "1.00"} <= words(figure)
    assert sorted(bar.get_width() for bar in axes.patches) == [0, 0.25, 0.5, 1]
