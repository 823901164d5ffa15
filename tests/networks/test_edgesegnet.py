import numpy as np
import pytest

from roadseg import networks
from roadseg.networks import edgesegnet
from roadseg.networks.cost import multiply_adds
from tests.networks.noise import noise


def test_edgesegnet_as_in_the_paper_has_its_parameters_and_stages():
    network = networks.build("edgesegnet", (256, 256, 3), 32, **edgesegnet.PAPER)
    assert sum(int(np.prod(v.shape)) for v in network.trainable_variables) == 4_327_920
    shapes = {
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
    assert {name: network.get_layer(name).output.shape[1:] for name in shapes} == shapes


def test_edgesegnet_is_within_its_budget():
    network = networks.build("edgesegnet", (240, 320, 3), 11)
    assert network.count_params() <= 4_400_000
    assert multiply_adds(network) <= 3e9


def test_the_last_convolution_commutes_with_bilinear_upsampling():
    before, after = (
        networks.build("edgesegnet", (48, 64, 3), 5, policy="float32", classify_before_upsampling=first)
        for first in (True, False)
    )
    after.set_weights(before.get_weights())
    batch = noise((48, 64, 3))
    assert before.predict_on_batch(batch) == pytest.approx(after.predict_on_batch(batch), abs=1e-4)


@pytest.mark.parametrize(
    ("upsampling", "skips", "strides"),
    [
        ("nearest", (), (8,)),
        ("bilinear", (2, 1), (8,)),
        ("learned", (2,), (2, 2, 2)),
        ("learned", (), (8,)),
    ],
)
def test_every_variant_of_edgesegnet_fits_odd_sizes(upsampling, skips, strides):
    network = networks.build(
        "edgesegnet", (37, 51, 3), 4, upsampling=upsampling, skips=skips, reduction_strides=strides
    )
    assert network.predict_on_batch(noise((37, 51, 3))).shape == (2, 37, 51, 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"skips": (4,)}, r"skips=\(4,\): strides 1 and 2"),
        ({"upsampling": "cubic"}, "unknown upsampling"),
    ],
)
def test_unknown_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        networks.build("edgesegnet", (64, 64, 3), 4, **options)
