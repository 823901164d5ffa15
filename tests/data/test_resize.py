import numpy as np
import pytest
from PIL import Image

from roadseg.data.resize import Downscale


def test_labels_lie_under_the_centre_of_each_new_pixel_and_images_are_averaged():
    labels = np.tile(np.arange(30, dtype=np.uint8), (30, 1))
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 30, 3), np.uint8))
    for scale in (1, 1.2, 1.5, 2, 2.5, 3):
        downscale = Downscale.of((30, 30), scale)
        centres = (np.arange(downscale.size[0]) + 0.5) * scale
        assert np.array_equal(downscale.labels(labels)[0], np.floor(centres + 1e-9))
        expected = np.asarray(image.resize(downscale.size, Image.Resampling.BOX))
        np.testing.assert_allclose(downscale.image(image), expected, atol=scale in (2, 3))  # rounding


def test_what_does_not_divide_is_cropped_on_both_sides():
    for size, scale, box, cropped in (
        ((1242, 375), 3, (0, 0, 1242, 375), (0, 0)),
        ((11, 8), 3, (1, 1, 10, 7), (2, 2)),
        ((482, 361), 1.5, (1, 0, 481, 360), (2, 1)),
    ):
        downscale = Downscale.of(size, scale)
        assert (downscale.box, downscale.cropped) == (box, cropped)
        labels = np.zeros(size[::-1], np.uint8)
        labels[box[1] : box[3], box[0] : box[2]] = 1
        assert downscale.labels(labels).all()
        assert downscale.labels(labels).shape == downscale.image(Image.new("RGB", size)).shape[:2]


def test_a_scale_is_a_simple_ratio_of_at_least_1():
    assert Downscale.of((90, 60), np.float32(1.2)) == Downscale.of((90, 60), 1.2)
    for scale in (0.5, 0, -3, 3.14159, 1000):
        with pytest.raises(ValueError, match="scale"):
            Downscale.of((90, 60), scale)
