import numpy as np
import pytest

from roadseg import evaluation, plots
from roadseg.data.classes import IGNORE
from roadseg.evaluation.metrics import frame_mean_iou
from roadseg.inference import Segmentation, measure_reliability
from tests.plots.looking import images, pixels_wide, words

NAMES, PALETTE = ("Road", "Car", "Sky"), ((100, 60, 100), (250, 120, 60), (90, 200, 255))


def segmentation(shape=(30, 80), level=100):
    """Sure road on the left, an unsure car on the right."""
    image, ids = np.full((*shape, 3), level, np.uint8), np.zeros(shape, np.uint8)
    confidence = np.full(shape, 0.95, np.float32)
    ids[:, shape[1] // 2 :], confidence[:, shape[1] // 2 :] = 1, 0.45
    return Segmentation(image, ids, confidence, 1 - confidence, NAMES, PALETTE)


def test_overlays_show_an_image_once_and_name_the_classes_that_occur():
    first, other = segmentation(), segmentation(level=20)
    figure = plots.overlays({"scale 3": first, "scale 1": first, "fog": other}, opacity=0.5)
    assert words(figure) >= {"image", "scale 3", "scale 1", "fog", "Road", "Car"}
    assert "Sky" not in words(figure)
    shown = images(figure)
    blended = ((np.array([100] * 3) + first.distinct().palette[0]) // 2).tolist()
    assert [image[0, 0].tolist() for image in shown[:2]] == [[100] * 3, blended]
    assert shown[3][0, 0].tolist() == [20] * 3
    assert len(shown) == 5
    shown = words(plots.overlays({"cars": first.only(["Car"])}))
    assert not shown & {"void", "Road"}  # pixels that are not chosen are not void


def test_confidence_stands_beside_the_errors():
    each = segmentation()
    truth = np.zeros_like(each.ids)
    truth[:5] = IGNORE
    figure = plots.confidence(each, truth)
    _, classes, errors, sure = images(figure)
    np.testing.assert_array_equal(classes, plots.paint(each.ids, np.array(PALETTE)))
    np.testing.assert_array_equal(errors, plots.error_map(truth, each.ids, np.array(PALETTE)))
    assert sure[20, 10].sum() > sure[20, 70].sum()  # yellow is bright
    assert words(figure) >= {"Road", "Car", "void", "right"}


def test_large_images_are_shrunk_and_their_classes_are_not_mixed():
    each = segmentation((300, 1000))
    figure = plots.confidence(each, each.ids)
    assert {panel.shape for panel in images(figure)} == {(131, 436, 3)}
    colours = {tuple(colour) for colour in images(figure)[1].reshape(-1, 3).tolist()}
    assert colours == {PALETTE[0], PALETTE[1]}
    for each_figure in (figure, plots.overlays({"labelled": each})):
        assert pixels_wide(each_figure) == pytest.approx(900, abs=5)


def test_reliability_draws_accuracy_over_confidence_and_the_share_of_pixels():
    each = segmentation()
    truth = np.where(np.arange(80) < 60, each.ids, 2).astype(np.uint8)  # half of the cars are wrong
    measured = measure_reliability([(each, truth)])
    figure = plots.reliability({"mine": measured, "yours": measured})
    left, right = figure.axes
    curve = next(line for line in left.get_lines() if line.get_label() == "mine")
    drawn = curve.get_xydata()[~np.isnan(curve.get_ydata())]
    np.testing.assert_allclose(drawn, [(0.45, 0.5), (0.95, 1)], atol=1e-6)
    heights = [bar.get_height() for bar in right.patches]
    assert sum(heights[:10]) == pytest.approx(1)
    assert len(heights) == 20
    assert words(figure) >= {"mine", "yours", "too sure", "too cautious"}
    assert pixels_wide(figure) <= 901


def test_predictions_have_errors_below_them_and_their_own_score_above(network, frames):
    figure = plots.predictions({"mine": network, "yours": network}, frames, [0, 9])
    shown = words(figure)
    assert {"0001/clone, frame 0", "ground truth", "mine: errors", "yours: errors", "right"} <= shown
    ((_, labels, predicted),) = evaluation.predict(network, frames, [0, 9])
    for truth, ids in zip(labels, predicted, strict=True):
        assert f"mine: mean IoU {frame_mean_iou(truth, ids, frames.num_classes):.2f}" in shown
    _, mine, yours, truth, errors, _ = images(figure)[:6]
    np.testing.assert_array_equal(truth, plots.paint(labels[0], frames.palette))
    np.testing.assert_array_equal(mine, plots.paint(predicted[0], frames.palette))
    np.testing.assert_array_equal(mine, yours)
    np.testing.assert_array_equal(errors, plots.error_map(labels[0], predicted[0], frames.palette))
    assert len(images(figure)) == 2 * 6
    assert pixels_wide(figure) <= 901


def test_an_error_map_says_what_was_mistaken_for_what(frames):
    labels = np.array([[1, 1, IGNORE]], np.uint8)
    image = plots.error_map(labels, np.array([[1, 2, 0]], np.uint8), frames.palette)
    right, wrong, void = image[0].tolist()
    assert wrong == frames.palette[2].tolist()
    assert void == [0, 0, 0]
    assert right == [226, 226, 226]
    assert right not in frames.palette.tolist()
