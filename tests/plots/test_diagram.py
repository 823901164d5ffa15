import functools
import itertools

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import FancyBboxPatch

from roadseg import networks, plots
from roadseg.plots.diagram import stages
from tests.plots.looking import pixels_wide, words


@functools.cache
def build(name, **options):
    return networks.build(name, (125, 414, 3), 14, policy="float32", **options)


def stages_of(name):
    return {stage.name: stage for stage in stages(networks.fixed_size(build(name)))}


def test_boxes_texts_and_arrows_keep_clear_of_each_other():
    paper = build("edgesegnet", **networks.edgesegnet.PAPER)
    for network in (*map(build, networks.NETWORKS), paper):
        figure = plots.network_diagram(network)
        assert pixels_wide(figure) <= 901
        axes = figure.axes[0]
        boxes = [box.get_window_extent() for box in axes.patches if isinstance(box, FancyBboxPatch)]
        assert len(boxes) >= 9
        assert all(figure.bbox.contains(*corner) for box in boxes for corner in (box.min, box.max))
        assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
        texts = [text for text in axes.texts if text.get_text()]
        assert min(text.get_fontsize() for text in texts) >= 10
        extents = [text.get_window_extent() for text in texts]
        for one, other in itertools.combinations(extents, 2):
            assert not one.padded(-1).overlaps(other.padded(-1))
        header = max(box.y1 for box in boxes)
        for extent in extents:
            inside = [box.contains(*extent.min) and box.contains(*extent.max) for box in boxes]
            assert extent.y1 >= header or any(inside)
        for line in axes.lines:
            points = axes.transData.transform(line.get_xydata())
            for (x0, y0), (x1, y1) in itertools.pairwise(points):
                along = [(x0 + (x1 - x0) * i / 50, y0 + (y1 - y0) * i / 50) for i in range(1, 50)]
                assert not any(box.padded(-1).contains(*point) for box in boxes for point in along)
        plt.close(figure)


def test_lower_resolutions_stand_farther_to_the_right_and_the_legend_explains():
    figure = plots.network_diagram(build("simple"))
    places = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
    left = [places[f"encoder{number}"][0] for number in (1, 2, 3, 4)] + [places["bottleneck"][0]]
    assert left == sorted(set(left))
    assert places["middle"][0] == places["encoder3"][0]
    top = [places[name][1] for name in ("encoder1", "bottleneck", "decoder1", "decoder4", "head")]
    assert top == sorted(set(top))
    shown = words(figure)
    assert {"encoder", "context", "skip", "decoder", "skip connection"} <= shown
    assert any("batch normalisation" in text for text in shown)
    assert any("469,430 parameters" in text for text in shown)


def test_layers_have_the_words_of_the_field():
    simple, plus = stages_of("simple"), stages_of("simple_plus")
    assert list(simple["encoder1"].lines.values()) == ["3x3 conv, 12, ReLU", "2x2 max-pool /2"]
    assert simple["encoder1"].size == "62 x 207 x 12"
    assert any("transposed conv /2" in line for line in simple["decoder1"].lines.values())
    stem = stages_of("edgesegnet")["stem"].lines.values()
    assert list(stem) == ["7x7 conv /2, 32, BN, ReLU", "3x3 max-pool /2"]
    decoder = list(plus["decoder1"].lines.values())
    assert decoder.count("1x1 conv, 64, BN") == 2  # each normalisation behind its own layer
    assert {"bilinear upsampling x2", "sum, ReLU"} <= set(decoder)
    assert any("dilated 2" in line for stage in plus.values() for line in stage.lines.values())


def test_receptive_fields_are_squares_around_the_middle_pixel():
    nets = {name: build(name) for name in ("simple", "edgesegnet")}
    figure = plots.receptive_fields(nets, np.zeros((125, 414, 3), np.uint8))
    assert {"simple: 142 x 142 pixels", "edgesegnet: 147 x 147 pixels"} <= words(figure)
    squares = figure.axes[0].patches
    assert all(square.get_bbox().contains(207, 62) for square in squares)
    assert pixels_wide(figure) <= 901


def test_any_functional_network_has_a_diagram():
    pixels = keras.Input((8, 8, 3), name="pixels")
    separable = keras.layers.SeparableConv2D(8, (1, 3), padding="same", activation="gelu")(pixels)
    figure = plots.network_diagram(keras.Model(pixels, keras.layers.Dropout(0.5)(separable)))
    assert {"pixels", "1x3 separable conv, 8, gelu", "dropout", "8 x 8 x 3"} <= words(figure)
