import numpy as np
import pytest

from roadseg import evaluation, plots
from roadseg.evaluation import metrics
from roadseg.plots import style
from tests.plots.looking import images, pixels_wide, sized, words


def test_samples_show_images_and_painted_labels_and_name_their_classes(frames):
    figure = plots.samples(frames, [0, 9])
    expected, labels = frames.read([0, 9])
    present = {frames.class_names[i] for i in np.unique(labels) if i < frames.num_classes}
    assert {"0001/clone, frame 0", "ground truth", *present} <= words(figure)
    np.testing.assert_array_equal(images(figure)[0], expected[0])
    np.testing.assert_array_equal(images(figure)[1], plots.paint(labels[0], frames.palette))


def test_predictions_have_errors_below_them_and_their_own_score_above(network, frames):
    figure = plots.predictions({"mine": network, "yours": network}, frames, [0, 9])
    shown = words(figure)
    assert {"mine: errors", "yours: errors", "right"} <= shown
    for score in evaluation.frame_scores(network, frames, [0, 9]):
        assert f"mine: mean IoU {score:.2f}" in shown
    assert len(images(figure)) == 2 * 6


def test_the_score_above_a_frame_is_that_of_the_shown_prediction(network, frames):
    ((_, labels, predicted),) = evaluation.predict(network, frames, [3])
    confusion = metrics.confusion_matrix(labels, predicted, frames.num_classes)
    figure = plots.predictions({"net": network}, frames, [3])
    assert f"net: mean IoU {metrics.mean_iou(confusion):.2f}" in words(figure)
    np.testing.assert_array_equal(images(figure)[1 + 1], plots.paint(labels[0], frames.palette))
    errors = plots.error_map(labels[0], predicted[0], frames.palette)
    assert any(np.array_equal(image, errors) for image in images(figure))


def test_variations_stand_below_their_worlds(frames):
    figure = plots.variations(frames)
    assert {"0001/clone", "0002/clone"} <= words(figure)
    for image, position in zip(images(figure), (0, 8), strict=True):
        np.testing.assert_array_equal(image, frames.images[position])


@pytest.mark.parametrize(("width", "rows", "columns"), [(32, 3, 2), (64, 2, 3)])
def test_wide_frames_stand_in_columns_and_others_in_rows(frames, width, rows, columns):
    figure = plots.samples(sized(frames, width), [0, 1, 2])
    corners = [axes.get_position() for axes in figure.axes]
    assert len({round(corner.y0, 3) for corner in corners}) == rows
    assert len({round(corner.x0, 3) for corner in corners}) == columns


@pytest.mark.parametrize("width", [32, 64])
def test_pixels_are_square_and_panels_do_not_touch(frames, width):
    figure = plots.samples(sized(frames, width), [0, 1, 2])
    figure.canvas.draw()
    boxes = [axes.get_window_extent() for axes in figure.axes]
    for number, box in enumerate(boxes):
        assert box.width / box.height == pytest.approx(width / 21, rel=0.01)
        assert not any(box.overlaps(other) for other in boxes[:number])


def test_the_legend_stands_close_below_the_panels(frames):
    figure = plots.samples(frames, [0, 9])
    figure.canvas.draw()
    lowest = min(axes.get_window_extent().y0 for axes in figure.axes)
    legend = figure.legends[0].get_window_extent()
    assert 0 <= lowest - legend.y1 < 20
    assert legend.y0 >= 0


def test_a_notebook_shows_galleries_without_shrinking_them(network, frames):
    for figure in (plots.samples(frames, [0, 9]), plots.predictions({"net": network}, frames, [0, 9])):
        assert pixels_wide(figure) <= 901
        sizes = {text.get_fontsize() for axes in figure.axes for text in [axes._left_title]}
        assert min(sizes) >= style.TEXT
