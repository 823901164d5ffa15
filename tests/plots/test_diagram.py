import itertools

import keras
import pytest
from matplotlib.patches import FancyBboxPatch

from roadseg import networks, plots
from tests.plots.looking import pixels_wide, words


def diagram(name, policy="float32", **options):
    network = networks.build(name, (125, 414, 3), 14, policy=policy, **options)
    return plots.network_diagram(network)


@pytest.fixture(scope="module", params=[*networks.NETWORKS, "paper", "bfloat16"])
def figure(request):
    """Of each network, of EdgeSegNet as in its paper, and of one in mixed precision."""
    if request.param == "paper":
        return diagram("edgesegnet", **networks.edgesegnet.PAPER)
    if request.param == "bfloat16":
        return diagram("edgesegnet", "mixed_bfloat16")
    return diagram(request.param)


def boxes(figure):
    figure.canvas.draw()
    found = [each for each in figure.axes[0].patches if isinstance(each, FancyBboxPatch)]
    return [box.get_window_extent() for box in found]


def test_boxes_do_not_touch_and_are_within_the_figure(figure):
    found = boxes(figure)
    assert len(found) >= 9
    for one, other in itertools.combinations(found, 2):
        assert not one.overlaps(other)
    assert all(figure.bbox.contains(*corner) for box in found for corner in (box.min, box.max))


def test_every_text_in_a_stage_is_within_its_box(figure):
    found = boxes(figure)
    header = max(box.y1 for box in found)
    for text in figure.axes[0].texts:
        extent = text.get_window_extent()
        if text.get_text() and extent.y1 < header:
            assert any(box.contains(*extent.min) and box.contains(*extent.max) for box in found)


def test_texts_of_a_box_do_not_overlap(figure):
    figure.canvas.draw()
    texts = [text for text in figure.axes[0].texts if text.get_text()]
    for one, other in itertools.combinations(texts, 2):
        assert not one.get_window_extent().padded(-1).overlaps(other.get_window_extent().padded(-1))


def test_letters_are_large_enough_where_a_notebook_shows_them(figure):
    assert figure.dpi == 100
    assert pixels_wide(figure) <= 901
    assert min(text.get_fontsize() for text in figure.axes[0].texts if text.get_text()) >= 10


def test_arrows_cross_no_box(figure):
    found = boxes(figure)
    for line in figure.axes[0].lines:
        points = figure.axes[0].transData.transform(line.get_xydata())
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            inside = [(x0 + (x1 - x0) * i / 50, y0 + (y1 - y0) * i / 50) for i in range(1, 50)]
            assert not any(box.padded(-1).contains(*point) for box in found for point in inside)


def test_lower_resolutions_stand_farther_to_the_right():
    figure = diagram("simple")
    left = {text.get_text(): text.get_position()[0] for text in figure.axes[0].texts}
    assert left["encoder1"] < left["encoder2"] < left["encoder3"] < left["encoder4"] < left["bottleneck"]
    assert left["middle"] == left["encoder3"]
    top = {text.get_text(): text.get_position()[1] for text in figure.axes[0].texts}
    assert top["encoder1"] < top["bottleneck"] < top["decoder1"] < top["decoder4"] < top["head"]


def test_the_legend_names_the_colours_and_abbreviations():
    shown = words(diagram("simple"))
    assert {"encoder", "context", "skip", "decoder", "skip connection"} <= shown
    assert any("batch normalisation" in text for text in shown)
    assert any("469,430 parameters" in text for text in shown)


def test_dilated_and_separable_convolutions_are_named():
    assert any("dilated 2" in text for text in words(diagram("simple_plus")))
    assert any("separable conv" in text for text in words(diagram("simple", separable_encoder=True)))


def test_any_functional_network_has_a_diagram():
    pixels = keras.Input((8, 8, 3), name="pixels")
    shown = words(plots.network_diagram(keras.Model(pixels, keras.layers.ReLU()(pixels))))
    assert {"pixels", "ReLU", "8 x 8 x 3"} <= shown
