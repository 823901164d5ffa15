"""Figures are looked at by people; these tests hold what a person would complain about first."""

import itertools
from types import SimpleNamespace

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from roadseg import evaluation, networks, plots
from roadseg.data import splits
from roadseg.data.classes import IGNORE
from roadseg.plots import diagram
from roadseg.training import Run


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def network(frames):
    return networks.build("simple", frames.image_shape, frames.num_classes)


@pytest.fixture(scope="module")
def result(network, frames):
    return evaluation.evaluate(network, frames)


def run_of(epochs, tmp_path):
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
    return Run(tmp_path, history, tmp_path / "best.keras", {})


def words(figure: Figure) -> set[str]:
    """Every text that the figure shows."""
    figure.canvas.draw()
    found = figure.findobj(lambda artist: hasattr(artist, "get_text"))
    return {text.get_text() for text in found if text.get_visible()}


def test_painting_uses_the_palette_and_black(frames):
    painted = plots.paint(np.array([[0, 13, IGNORE]], np.uint8), frames.palette)
    assert painted.tolist() == [[frames.palette[0].tolist(), frames.palette[13].tolist(), [0, 0, 0]]]


def test_samples_and_predictions_name_their_frames_and_every_class(network, frames):
    for figure, parts in (
        (plots.samples(frames, [0, 9]), {"input", "ground truth"}),
        (
            plots.predictions({"mine": network, "yours": network}, frames, [0, 9]),
            {"input", "ground truth", "mine", "mine: errors", "yours", "error", "not labelled"},
        ),
    ):
        shown = words(figure)
        assert parts | set(frames.class_names) <= shown
        assert any("0002/clone" in text for text in shown)
        assert all(axes.get_images() for axes in figure.axes)


def test_variations_stand_below_their_worlds(frames):
    figure = plots.variations(frames)
    assert {"0001", "0002", "clone"} <= words(figure)
    shown = [panel.get_images()[0].get_array() for panel in figure.axes]
    for picture, position in zip(shown, (0, 8), strict=True):
        np.testing.assert_array_equal(picture, frames.images[position])


def test_errors_are_marked_where_they_are():
    labels = np.array([[1, 1, IGNORE]], np.uint8)
    picture = plots._errors(labels, np.array([[1, 2, 0]], np.uint8))
    right, wrong, ignored = picture[0].tolist()
    assert len({tuple(right), tuple(wrong), tuple(ignored)}) == 3


@pytest.mark.parametrize(("width", "rows_and_columns"), [(32, (3, 2)), (64, (2, 3))])
def test_wide_frames_stand_in_columns_and_others_in_rows(frames, width, rows_and_columns):
    picture, labels = np.zeros((21, width, 3), np.uint8), np.zeros((21, width), np.uint8)
    sized = SimpleNamespace(
        image_shape=picture.shape,
        num_classes=frames.num_classes,
        class_names=frames.class_names,
        palette=frames.palette,
        sequence=frames.sequence,
        index=frames.index,
        read=lambda indices: ([picture] * len(indices), [labels] * len(indices)),
    )
    shown = plots.samples(sized, [0, 1, 2])
    positions = [axes.get_subplotspec().get_gridspec().get_geometry() for axes in shown.axes]
    assert set(positions) == {rows_and_columns}


def test_the_legend_of_learning_curves_is_within_the_figure(tmp_path):
    for name in ("simple", "simple_plus with a rate that falls", "x" * 60):
        figure = plots.history({name: run_of(3, tmp_path), f"{name}, again": run_of(2, tmp_path)})
        figure.canvas.draw()
        legend = figure.legends[0].get_window_extent()
        assert figure.bbox.x0 <= legend.x0
        assert legend.x1 <= figure.bbox.x1


def test_learning_curves_have_a_line_for_each_run_and_part(tmp_path):
    runs = {"first": run_of(6, tmp_path), "second": run_of(4, tmp_path)}
    for against in ("epoch", "minutes"):
        figure = plots.history(runs, against)
        loss, accuracy, _ = figure.axes
        assert len(loss.lines) == 2
        assert len(accuracy.lines) == 4
        assert accuracy.get_xlabel() == against
        assert {"first, training", "second, validation", "pixel accuracy"} <= words(figure)
    assert figure.axes[0].lines[0].get_xdata()[-1] == 3


def test_bars_tell_every_class_and_the_absent_ones(result, frames):
    figure = plots.per_class_iou({"simple": result})
    assert {*frames.class_names, "mean", "absent", f"{result.mean_iou:.2f}"} <= words(figure)


def test_scores_have_a_bar_for_each_name_in_each_group():
    groups = {"training": {"narrow": 0.5, "wide": 0.75}, "validation": {"narrow": 0.25, "wide": np.nan}}
    figure = plots.scores(groups, "mean IoU")
    assert {*groups, "narrow", "wide", "0.50", "0.25", "0.75", "absent", "mean IoU"} <= words(figure)
    bars = [bar.get_width() for bar in figure.axes[0].patches]
    assert sorted(bars) == [0, 0.25, 0.5, 0.75]


def test_shares_are_shown_for_both_parts(frames):
    shown = words(plots.class_shares(frames, splits.block(frames, gap=1)))
    assert {"train", "validation", *frames.class_names} <= shown


def test_the_confusion_matrix_is_normalised_by_row(result, frames):
    figure = plots.confusion(result)
    (image,) = figure.axes[0].get_images()
    sums = np.nansum(image.get_array().filled(np.nan), axis=1)
    present = result.confusion.sum(axis=1) > 0
    assert sums[present] == pytest.approx(100)
    assert set(frames.class_names) <= words(figure)


def test_the_diagram_tells_what_is_in_each_stage(network):
    labels = words(plots.network_diagram(network))
    for stage in ("encoder1\n", "bottleneck\n", "middle\n", "decoder4\n", "head\n"):
        assert any(label.startswith(stage) for label in labels)
    assert any("zero-pad" in label and "transposed conv 3x3, 48" in label for label in labels)


def test_the_diagram_tells_strides_and_enlargements():
    figure = plots.network_diagram(networks.build("edgesegnet", (37, 48, 3), 5))
    text = "\n".join(words(figure))
    for line in (
        "conv 7x7/2, 32, batch norm, relu",
        "bilinear x2",
        "crop",
        "mean over all pixels",
    ):
        assert f"\n{line}\n" in text


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_boxes_of_the_diagram_do_not_touch(name):
    figure = plots.network_diagram(networks.build(name, (125, 414, 3), 14))
    figure.canvas.draw()
    boxes = [
        text.get_bbox_patch().get_window_extent() for text in figure.axes[0].texts if text.get_text()
    ]
    assert len(boxes) >= 10
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)
    page = figure.bbox
    assert all(page.contains(*corner) for box in boxes for corner in (box.min, box.max))


def test_any_functional_network_has_a_diagram():
    pixels = keras.Input((8, 8, 3), name="pixels")
    shown = words(plots.network_diagram(keras.Model(pixels, keras.layers.ReLU()(pixels))))
    assert any("relu" in text and "8 x 8 x 3" in text for text in shown)


def test_the_diagram_connects_what_the_network_connects(network):
    edges = set(diagram._edges(network))
    assert {("encoder1", "decoder4"), ("encoder2", "decoder3"), ("encoder3", "middle")} <= edges
    assert {("middle", "decoder2"), ("bottleneck", "decoder1"), ("encoder4", "decoder1")} <= edges
    assert ("encoder1", "head") not in edges
