import numpy as np

from roadseg import networks, plots
from roadseg.plots.checkerboard import contributions
from tests.plots.looking import images, pixels_wide, words


def test_a_kernel_overlaps_evenly_only_where_the_stride_divides_it():
    assert contributions(3, 2)[:2, :2].tolist() == [[4, 2], [2, 1]]
    for kernel_size, stride, count in ((4, 2, 4), (2, 2, 1), (6, 3, 4), (3, 1, 9)):
        assert (contributions(kernel_size, stride) == count).all()


def test_only_transposed_convolutions_make_a_pattern_of_a_grey_image(frames):
    shape, classes = frames.image_shape, frames.num_classes
    shown = {
        "transposed": networks.build("simple", shape, classes),
        "bilinear": networks.build("simple", shape, classes, bilinear_decoder=True),
    }
    figure = plots.checkerboard(shown, frames, 0)
    assert {"transposed:\na grey image", "bilinear:\n0001/clone, frame 0"} <= words(figure)
    assert {"transposed 3x3, stride 2", "transposed 4x4, stride 2", "1", "4", "9"} <= words(figure)
    assert len(images(figure)) == 3 + 2 + 2
    assert pixels_wide(figure) <= 901
    transposed, bilinear = (image.astype(int) for image in images(figure)[3:5])

    def pattern(image):
        """How much neighbours differ more than pixels two apart."""
        return np.abs(np.diff(image, axis=1)).mean() - np.abs(image[:, 2:] - image[:, :-2]).mean()

    assert pattern(transposed) > 10 * max(0.1, pattern(bilinear))
