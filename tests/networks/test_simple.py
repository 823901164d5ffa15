import numpy as np
import pytest

from roadseg import networks
from roadseg.networks.cost import multiply_adds
from tests.networks.noise import noise


@pytest.mark.parametrize("size", [(125, 414), (240, 320), (16, 16)])
def test_the_simple_network_has_the_originals_parameters_at_any_size(size):
    network = networks.build("simple", (*size, 3), 14)
    assert network.count_params() == 469_430
    assert sum(int(np.prod(v.shape)) for v in network.trainable_variables) == 469_238


def test_the_simple_network_has_the_originals_stages():
    network = networks.build("simple", (125, 414, 3), 14)
    shapes = {
        "encoder1_conv1": (125, 414, 12),
        "encoder4_pool": (7, 25, 96),
        "bottleneck_norm": (7, 25, 48),
        "middle_norm": (31, 103, 48),
        "decoder1_pad": (15, 51, 96),
        "decoder2_concat": (31, 103, 96),
        "decoder3_concat": (62, 207, 72),
        "decoder4_concat": (125, 414, 36),
        "head_conv": (125, 414, 24),
        "head_logits": (125, 414, 14),
    }
    assert {name: network.get_layer(name).output.shape[1:] for name in shapes} == shapes


IDEAS = [
    {"separable_encoder": True},
    {"bilinear_decoder": True},
    {"zero_padding": False},
    {"encoder_layers": 2},
    {"width": 1.5},
    {"batch_normalisation": True},
]


@pytest.mark.parametrize("size", [(37, 51), (16, 16)])
@pytest.mark.parametrize("options", [*IDEAS, {k: v for idea in IDEAS for k, v in idea.items()}])
def test_every_variant_of_the_simple_network_fits_odd_sizes(options, size):
    network = networks.build("simple", (*size, 3), 4, **options)
    assert network.predict_on_batch(noise((*size, 3))).shape == (2, *size, 4)


def test_what_the_ideas_cost():
    plain, separable, bilinear, deeper, wider, normalised = (
        networks.build("simple", (64, 96, 3), 14, **options) for options in ({}, *IDEAS[:2], *IDEAS[3:])
    )
    assert separable.count_params() < 0.95 * plain.count_params()
    assert multiply_adds(separable) < 0.95 * multiply_adds(plain)
    assert bilinear.count_params() == plain.count_params()
    assert multiply_adds(bilinear) == multiply_adds(plain)
    assert deeper.count_params() > 1.2 * plain.count_params()
    assert wider.count_params() == pytest.approx(1.5**2 * plain.count_params(), rel=0.02)
    norms = [layer.name for layer in normalised.layers if layer.name.endswith("_norm")]
    assert len(norms) == 18  # of all convolutions but the last, and the original's two


def test_without_zero_padding_odd_sizes_are_cropped():
    network = networks.build("simple", (37, 51, 3), 4, zero_padding=False)
    names = [layer.name for layer in network.layers]
    assert not [name for name in names if name.endswith("_pad")]
    assert [name for name in names if name.endswith("_crop")]


def test_padding_follows_the_size():
    """Nothing is padded where every halving is even."""
    network = networks.build("simple", (64, 96, 3), 14)
    assert not [layer.name for layer in network.layers if layer.name.endswith("pad")]
