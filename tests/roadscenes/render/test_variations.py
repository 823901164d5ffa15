import numpy as np
import pytest

from roadscenes.render.variations import VARIATIONS, light_in_world, random_light
from roadseg.data.sources import virtual_kitti


def test_they_are_those_of_virtual_kitti():
    assert sorted(VARIATIONS) == sorted(virtual_kitti.VARIATIONS)


def test_a_turned_camera_sees_the_world_in_the_light_of_the_plain_drive():
    clone, turned, fog = (light_in_world(name, [0, 1]) for name in ("clone", "15-deg-left", "fog"))
    assert turned == clone
    assert fog.haze > 5 * clone.haze


@pytest.mark.parametrize("variation", VARIATIONS)
def test_each_world_and_each_randomised_frame_has_a_light_of_its_own(variation):
    assert light_in_world(variation, [0, 1]) != light_in_world(variation, [0, 2])
    one, other = (random_light(variation, np.random.default_rng(seed)) for seed in (0, 1))
    assert one != other
    assert one.wet == VARIATIONS[variation].light.wet  # rain stays rain
