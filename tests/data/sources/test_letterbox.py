"""Frames of whatever size are fitted into one, image and labels alike."""

import numpy as np
import pytest
from PIL import Image

from roadseg.data.classes import IGNORE
from roadseg.data.sources.letterbox import checked_size, fit_image, fit_labels
from roadseg.errors import DataError


@pytest.mark.parametrize("old", [(1242, 375), (375, 1242), (7, 5), (64, 48), (1, 1)])
@pytest.mark.parametrize("size", [(48, 64), (33, 20), (1, 1)])
def test_a_frame_keeps_its_shape_is_centred_and_reaches_two_sides(old, size):
    labels = fit_labels(np.zeros(old, np.uint8), size)
    image = np.asarray(fit_image(Image.new("RGB", old[::-1], "white"), size))
    assert (labels.shape, image.shape) == (size, (*size, 3))
    np.testing.assert_array_equal(image[..., 0] == 255, labels == 0)
    rows, columns = np.nonzero(labels == 0)
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert height == size[0] or width == size[1]
    assert abs(height - old[0] * min(size[0] / old[0], size[1] / old[1])) <= 1
    for low, high, length in (
        (rows.min(), rows.max(), size[0]),
        (columns.min(), columns.max(), size[1]),
    ):
        assert 0 <= length - 1 - high - low <= 1


def test_its_own_size_changes_nothing():
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (9, 13, 3), np.uint8)
    np.testing.assert_array_equal(fit_image(Image.fromarray(pixels), (9, 13)), pixels)
    np.testing.assert_array_equal(fit_labels(pixels[..., 0], (9, 13)), pixels[..., 0])


def test_images_are_averaged_and_labels_are_not():
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[:, 2:] = 100
    labels = np.repeat([[1, 1, 9, 9]], 4, axis=0).astype(np.uint8)
    assert np.asarray(fit_image(Image.fromarray(pixels), (1, 1))).tolist() == [[[50, 50, 50]]]
    assert fit_labels(labels, (2, 2)).tolist() == [[1, 9], [1, 9]]
    assert fit_labels(labels, (2, 4)).tolist() == 2 * [[IGNORE, 1, 9, IGNORE]]


@pytest.mark.parametrize("size", [(0, 5), (5, -1), (5, 20_000), (5.0, 5)])
def test_an_impossible_size_is_refused(size):
    with pytest.raises(DataError, match="give height and width in pixels"):
        checked_size(size)
