"""What is particular to each network."""

import numpy as np
import pytest

from roadseg import networks
from roadseg.networks import edgesegnet
from tests.networks.noise import noise

IDEAS = {"separable_encoder": True, "bilinear_decoder": True, "encoder_layers": 2, "width": 1.5}


def shapes(network, names):
    fixed = networks.fixed_size(network)
    return {name: fixed.get_layer(name).output.shape[1:] for name in names}


def trained_parameters(network):
    return sum(int(np.prod(v.shape)) for v in network.trainable_variables)


def test_the_simple_network_has_the_originals_parameters_and_stages():
    network = networks.build("simple", (125, 414, 3), 14)
    assert network.count_params() == 469_430
    assert trained_parameters(network) == 469_238
    expected = {
        "encoder1_conv1": (125, 414, 12),
        "encoder4_pool": (7, 25, 96),
        "bottleneck_norm": (7, 25, 48),
        "middle_norm": (31, 103, 48),
        "decoder1_match": (15, 51, 96),
        "decoder2_concat": (31, 103, 96),
        "decoder3_concat": (62, 207, 72),
        "decoder4_concat": (125, 414, 36),
        "head_conv": (125, 414, 24),
        "head_logits": (125, 414, 14),
    }
    assert shapes(network, expected) == expected


def test_edgesegnet_as_in_the_paper_has_its_parameters_and_stages():
    network = networks.build("edgesegnet", (256, 256, 3), 32, **edgesegnet.PAPER)
    assert trained_parameters(network) == 4_327_920
    expected = {
        "stem_conv": (128, 128, 13),
        "stem_pool": (64, 64, 13),
        "reduction_wide_conv": (16, 16, 193),
        "residual_add": (32, 32, 193),
        "refine1_add": (32, 32, 193),
        "merge1_add": (32, 32, 193),
        "refine2_add": (32, 32, 217),
        "refine3_add": (64, 64, 217),
        "merge2_add": (64, 64, 217),
        "refine4_add": (64, 64, 217),
        "head_logits": (256, 256, 32),
    }
    assert shapes(network, expected) == expected


def test_every_variant_takes_odd_sizes():
    for name, options in (
        ("simple", IDEAS),
        ("simple", {"zero_padding": False, "batch_normalisation": True}),
        ("simple_plus", {"output_stride": 2, "context": False}),
        ("simple_plus", {"dilations": (1, 2, 4)}),
        ("edgesegnet", {"upsampling": "nearest", "skips": (), "reduction_strides": (8,)}),
        ("edgesegnet", {"upsampling": "bilinear", "skips": (2, 1), "reduction_strides": (8,)}),
        ("edgesegnet", {"upsampling": "learned", "skips": (1,), "reduction_strides": (2, 2, 2)}),
    ):
        network = networks.build(name, (37, 51, 3), 4, **options)
        assert network(noise((37, 51, 3))).shape == (2, 37, 51, 4), (name, options)


def test_unknown_options_are_refused():
    for name, options, message in (
        ("edgesegnet", {"skips": (4,)}, r"skips=\(4,\): strides 1 and 2"),
        ("edgesegnet", {"upsampling": "cubic"}, "unknown upsampling"),
        ("simple_plus", {"output_stride": 8}, "output_stride=8: 2 or 4"),
    ):
        with pytest.raises(ValueError, match=message):
            networks.build(name, (64, 64, 3), 4, **options)
