import dataclasses

import numpy as np
import pytest
from PIL import Image

from roadseg.inference import Segmentation
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


def test_the_overlay_blends_image_and_colours(segmentation):
    for opacity in (0, 0.5, 1):
        overlay = np.asarray(segmentation.overlay(opacity))[:30]
        expected = (1 - opacity) * 100 + opacity * np.array(PALETTE[2])
        np.testing.assert_allclose(overlay[10, 150], expected, atol=1)
    with pytest.raises(ValueError, match=r"opacity 1\.5"):
        segmentation.overlay(1.5)


def test_the_legend_names_the_classes_that_occur(segmentation):
    both = np.asarray(segmentation.overlay(1))
    legend = both[30:].reshape(-1, 3).tolist()
    assert list(PALETTE[0]) in legend
    assert list(PALETTE[2]) in legend
    assert list(PALETTE[1]) not in legend
    assert segmentation.overlay(1, ()).height == 30
    assert list(PALETTE[1]) in np.asarray(segmentation.overlay(1, ["Grey"]))[30:].reshape(-1, 3).tolist()


def test_a_narrow_image_has_a_legend_of_several_rows(segmentation):
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


def test_shares_and_confidence(segmentation):
    assert segmentation.shares() == {"Dark": 0.5, "Grey": 0, "Bright": 0.5}
    assert np.asarray(segmentation.confidence_image())[0, 0] == 204
