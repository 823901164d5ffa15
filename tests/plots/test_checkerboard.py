import numpy as np
import pytest

from roadseg import networks, plots
from roadseg.plots.checkerboard import contributions
from tests.plots.looking import images, pixels_wide, words


def test_a_kernel_that_the_stride_does_not_divide_overlaps_unevenly():
    assert contributions(3, 2)[:2, :2].tolist() == [[4, 2], [2, 1]]
    assert contributions(5, 3).min() < contributions(5, 3).max()


@pytest.mark.parametrize(
    ("kernel_size", "stride", "count"), [(4, 2, 4), (2, 2, 1), (6, 3, 4), (3, 1, 9)]
)
def test_a_kernel_that_the_stride_divides_overlaps_evenly(kernel_size, stride, count):
    assert (contributions(kernel_size, stride) == count).all()


@pytest.fixture(scope="module")
def figure(frames):
    shape, classes = frames.image_shape, frames.num_classes
    return plots.checkerboard(
        {
            "transposed": networks.build("simple", shape, classes),
            "bilinear": networks.build("simple", shape, classes, bilinear_decoder=True),
        },
        frames,
        0,
    )


def test_each_network_is_shown_a_grey_image_and_the_frame(figure):
    shown = words(figure)
    assert {"transposed:\na grey image", "bilinear:\n0001/clone, frame 0"} <= shown
    assert {"transposed 3x3, stride 2", "transposed 4x4, stride 2", "1", "2", "4", "9"} <= shown
    assert len(images(figure)) == 3 + 2 + 2
    assert pixels_wide(figure) <= 901


def test_only_transposed_convolutions_make_a_pattern_of_a_grey_image(figure):
    transposed, bilinear = (image.astype(int) for image in images(figure)[3:5])

    def pattern(image):
        """How much neighbours differ more than pixels two apart."""
        return np.abs(np.diff(image, axis=1)).mean() - np.abs(image[:, 2:] - image[:, :-2]).mean()

    assert pattern(transposed) > 10 * max(0.1, pattern(bilinear))
