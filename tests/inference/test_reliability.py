import dataclasses

import numpy as np
import pytest

from roadseg.data.classes import IGNORE
from roadseg.inference import Segmentation, measure_reliability
from tests.inference.conftest import NAMES, PALETTE


@pytest.fixture
def segmentation():
    """100 pixels: 60 with a confidence of 0.95, 40 with 0.55; all of class 0."""
    confidence = np.full((10, 10), 0.95, np.float32)
    confidence[6:] = 0.55
    ids = np.zeros((10, 10), np.uint8)
    image = np.zeros((10, 10, 3), np.uint8)
    return Segmentation(image, ids, confidence, 1 - confidence, NAMES, PALETTE)


@pytest.fixture
def truth():
    """All of the sure pixels are of class 0, and 10 of the 40 others."""
    truth = np.zeros((10, 10), np.uint8)
    truth[6:9] = 1
    return truth


def test_each_bin_counts_its_pixels_and_the_right_ones(segmentation, truth):
    measured = measure_reliability([(segmentation, truth)])
    assert measured.pixels.tolist() == [0, 0, 0, 0, 0, 40, 0, 0, 0, 60]
    assert measured.right.tolist() == [0, 0, 0, 0, 0, 10, 0, 0, 0, 60]
    assert measured.accuracy[[5, 9]].tolist() == [0.25, 1]
    assert np.isnan(measured.accuracy[[0, 8]]).all()
    assert measured.confidence[[5, 9]] == pytest.approx([0.55, 0.95])


def test_the_gap_is_the_mean_difference_over_pixels(segmentation, truth):
    gap = measure_reliability([(segmentation, truth)]).gap
    assert gap == pytest.approx(0.6 * 0.05 + 0.4 * 0.3)


def test_the_sure_pixels_are_told_with_the_share_that_is_right(segmentation, truth):
    measured = measure_reliability([(segmentation, truth)])
    assert measured.above(0.9) == pytest.approx((0.6, 1))
    assert measured.above(0.5) == pytest.approx((1, 0.7))


def test_several_images_count_together_and_void_pixels_do_not(segmentation, truth):
    void = truth.copy()
    void[:6] = IGNORE
    measured = measure_reliability([(segmentation, truth), (segmentation, void)])
    assert measured.pixels[[5, 9]].tolist() == [80, 60]
    assert measured.right[[5, 9]].tolist() == [20, 60]


def test_a_confidence_of_one_is_in_the_last_bin(segmentation, truth):
    certain = dataclasses.replace(segmentation, confidence=np.ones((10, 10), np.float32))
    assert measure_reliability([(certain, truth)]).pixels.tolist() == 9 * [0] + [100]


def test_what_cannot_be_compared_is_refused(segmentation, truth):
    for wrong, message in (
        (truth[:5], r"truth of \(5, 10\), .* for an image of \(10, 10\) pixels"),
        (truth + 11, "ids 11 to 12, .* 3 classes"),
        (truth.astype(np.int32) - 1, "ids -1 to 0"),
    ):
        with pytest.raises(ValueError, match=message):
            measure_reliability([(segmentation, wrong)])
    assert np.isnan(measure_reliability([(segmentation, np.full_like(truth, IGNORE))]).gap)
