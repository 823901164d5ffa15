import dataclasses

import numpy as np
import pytest
from PIL import Image

from roadseg.data.classes import IGNORE
from roadseg.inference import Segmentation, measure_reliability
from tests.inference.conftest import NAMES, PALETTE


@pytest.fixture
def segmentation():
    ids = np.zeros((30, 200), np.uint8)
    ids[:, 100:] = 2
    confidence = np.full(ids.shape, 0.8, np.float32)
    image = np.full((*ids.shape, 3), 100, np.uint8)
    return Segmentation(image, ids, confidence, 1 - confidence, NAMES, PALETTE)


def test_the_id_image_holds_ids_and_is_painted_by_its_palette(segmentation):
    image = segmentation.id_image()
    np.testing.assert_array_equal(np.asarray(image), segmentation.ids)
    painted = np.asarray(segmentation.painted())
    assert tuple(painted[0, 0]) == PALETTE[0]
    assert tuple(painted[0, 150]) == PALETTE[2]


def test_the_overlay_blends_image_and_colours_and_has_white_lines_between_them(segmentation):
    for opacity in (0, 0.5, 1):
        for palette, colours in (("own", PALETTE), ("distinct", segmentation.distinct().palette)):
            overlay = np.asarray(segmentation.overlay(opacity, palette=palette))[:30]
            expected = (1 - opacity) * 100 + opacity * np.array(colours[2])
            np.testing.assert_allclose(overlay[10, 150], expected, atol=1)
            white = (overlay == 255).all(axis=(0, 2))
            assert white.tolist() == [column == 100 for column in range(200)]
    with pytest.raises(ValueError, match="unknown palette 'red': one of distinct, own"):
        segmentation.overlay(palette="red")
    with pytest.raises(ValueError, match=r"opacity 1\.5"):
        segmentation.overlay(1.5)


def test_the_legend_names_the_classes_that_occur_in_rows_of_the_images_width(segmentation):
    both = np.asarray(segmentation.overlay(1, palette="own"))
    legend = both[30:].reshape(-1, 3).tolist()
    assert list(PALETTE[0]) in legend
    assert list(PALETTE[2]) in legend
    assert list(PALETTE[1]) not in legend
    assert segmentation.overlay(1, ()).height == 30
    legend = np.asarray(segmentation.overlay(1, ["Grey"], "own"))[30:].reshape(-1, 3).tolist()
    assert list(PALETTE[1]) in legend
    narrow = dataclasses.replace(
        segmentation, image=segmentation.image[:, 60:140], ids=segmentation.ids[:, 60:140]
    )
    assert narrow.overlay(1, NAMES).height > segmentation.overlay(1, NAMES).height


def test_the_legend_shows_letters_beyond_ascii(segmentation):
    def legend(*names):
        named = dataclasses.replace(segmentation, class_names=names, ids=segmentation.ids // 2)
        return np.asarray(named.overlay(1, names))[30:]

    assert not np.array_equal(legend("ß"), legend("é"))
    assert not np.array_equal(legend("д"), legend("ж"))
    panorama = Image.new("RGB", (6000, 60))
    assert segmentation.with_legend(panorama, NAMES).height < 120  # text grows with both sides


def test_only_keeps_the_chosen_classes(segmentation):
    bright = segmentation.only(["Bright"])
    assert (bright.ids[:, :100] == 255).all()
    assert (bright.ids[:, 100:] == 2).all()
    overlay = np.asarray(bright.overlay(1))
    assert overlay[0, 0].tolist() == [100, 100, 100]  # the image itself
    assert bright.shares() == {"Dark": 0, "Grey": 0, "Bright": 0.5}
    with pytest.raises(ValueError, match="unknown class 'Bike': one of Dark, Grey, Bright"):
        segmentation.only(["Bike"])
    assert segmentation.shares() == {"Dark": 0.5, "Grey": 0, "Bright": 0.5}
    assert np.asarray(segmentation.confidence_image())[0, 0] == 204


def test_reliability_compares_confidence_with_the_share_of_right_pixels(segmentation):
    confidence = np.full((30, 200), 0.95, np.float32)
    confidence[20:] = 0.55  # a third of the pixels
    truth = segmentation.ids.copy()
    truth[20:, :150] = 1
    shown = dataclasses.replace(segmentation, confidence=confidence)
    measured = measure_reliability([(shown, truth)])
    assert measured.pixels.tolist() == [0, 0, 0, 0, 0, 2000, 0, 0, 0, 4000]
    assert measured.right[[5, 9]].tolist() == [500, 4000]
    assert measured.accuracy[[5, 9]].tolist() == [0.25, 1]
    assert np.isnan(measured.accuracy[[0, 8]]).all()
    assert measured.confidence[[5, 9]] == pytest.approx([0.55, 0.95])
    assert measured.gap == pytest.approx((2 * 0.05 + 0.3) / 3)
    assert measured.above(0.9) == pytest.approx((2 / 3, 1))
    assert measured.above(0.5) == pytest.approx((1, 0.75))
    certain = dataclasses.replace(shown, confidence=np.ones_like(confidence))
    void = np.full_like(truth, IGNORE)
    both = measure_reliability([(shown, truth), (certain, void), (certain, truth)])
    assert both.pixels[[5, 9]].tolist() == [2000, 10_000]  # void pixels do not count
    assert np.isnan(measure_reliability([(shown, void)]).gap)


def test_truth_of_another_size_or_with_unknown_ids_is_refused(segmentation):
    for wrong, message in (
        (segmentation.ids[:5], r"truth of \(5, 200\), .* for an image of \(30, 200\) pixels"),
        (segmentation.ids + 11, "ids 11 to 13, .* 3 classes"),
    ):
        with pytest.raises(ValueError, match=message):
            measure_reliability([(segmentation, wrong)])
