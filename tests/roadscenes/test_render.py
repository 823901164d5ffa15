"""Camera, labels, light and weather."""

import numpy as np
import pytest

from roadscenes.class_ids import MISC, ROAD, SKY
from roadscenes.models.primitives import box, quad
from roadscenes.render.variations import VARIATIONS, Light, light_in_world, random_light
from roadseg.data.sources import virtual_kitti
from tests.roadscenes.small_scenes import look, road_with

# 2 m wide, 1 m high, 10 m ahead.
PLATE = quad((10, -1, 1.5), (0, 2, 0), (0, 0, 1), "flat", class_id=MISC)


def test_the_camera_is_that_of_virtual_kitti():
    """f = 725, centre (620.5, 187)."""
    _, instance_ids = look(road_with(PLATE), Light())
    rows, columns = np.nonzero(instance_ids == MISC)
    assert (columns.min(), columns.max()) == (548, 693)  # 620.5 -+ 72.5, where the edge belongs to it
    assert (rows.min(), rows.max()) == (115, 187)  # 187 - 72.5 .. 187
    assert len(rows) == (693 - 548 + 1) * (187 - 115 + 1)
    assert instance_ids[0, 0] == SKY
    assert instance_ids[-1, 0] == ROAD


OVERCAST, FOG = VARIATIONS["overcast"].light, VARIATIONS["fog"].light


def test_the_sun_casts_hard_shadows_and_an_overcast_sky_soft_ones():
    block = box((1, 1, 2), "flat", class_id=MISC, at=(8, 1.5, 0))
    sun = Light(sun_height=40, sun_side=90)  # from the left: the shadow falls to the right
    largest_steps = []
    for light, depth in ((sun, 0.6), (OVERCAST, 0.9)):
        lit, shaded = (
            look(road_with(*things), light)[0][318:326, 540:800].astype(float)
            for things in ((), (block,))
        )
        ratio = (shaded / lit).mean(2)
        assert ratio.min() < depth
        assert ratio.max() == pytest.approx(1, abs=0.02)
        steps = np.abs(np.diff(ratio[4]))
        largest_steps.append(steps.max() / np.ptp(ratio[4]))  # share of the range
    assert largest_steps[0] > 0.3
    assert largest_steps[1] < 0.22


def test_fog_hides_what_is_far():
    near, far = (box((1, 2, 2), "flat", (0.02, 0.02, 0.02), MISC, at=(x, 0, 0)) for x in (8, 120))

    def contrast(light, thing):
        image, instance_ids = look(road_with(thing), light)
        return abs(image[instance_ids == MISC].mean() - image[instance_ids == SKY].mean())

    assert contrast(FOG, near) > 60
    assert contrast(FOG, far) < 0.3 * contrast(OVERCAST, far)


def test_each_world_and_each_randomised_frame_has_a_light_of_its_own():
    assert sorted(VARIATIONS) == sorted(virtual_kitti.VARIATIONS)
    for variation in VARIATIONS:
        assert light_in_world(variation, [0, 1]) != light_in_world(variation, [0, 2])
        one, other = (random_light(variation, np.random.default_rng(seed)) for seed in (0, 1))
        assert one != other
        assert one.wet == VARIATIONS[variation].light.wet  # rain stays rain
    clone, turned, fog = (light_in_world(name, [0, 1]) for name in ("clone", "15-deg-left", "fog"))
    assert turned == clone
    assert fog.haze > 5 * clone.haze
