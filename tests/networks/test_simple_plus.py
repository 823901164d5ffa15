import pytest

from roadseg import networks
from roadseg.networks.cost import multiply_adds
from tests.networks.noise import noise


def test_simple_plus_is_within_its_budget():
    network = networks.build("simple_plus", (240, 320, 3), 14)
    assert network.count_params() <= 470_000
    assert multiply_adds(network) <= 0.5e9


@pytest.mark.parametrize("options", [{"output_stride": 2}, {"context": False}, {"dilations": (1, 2, 4)}])
def test_every_variant_of_simple_plus_fits_odd_sizes(options):
    network = networks.build("simple_plus", (37, 51, 3), 4, **options)
    assert network.predict_on_batch(noise((37, 51, 3))).shape == (2, 37, 51, 4)


def test_simple_plus_ends_at_a_half_or_a_quarter():
    with pytest.raises(ValueError, match="output_stride=8: 2 or 4"):
        networks.build("simple_plus", (64, 64, 3), 4, output_stride=8)
