"""Shadows, haze and wet roads."""

import numpy as np
import pytest

from roadscenes.class_ids import MISC, ROAD, SKY
from roadscenes.models.primitives import box, quad
from roadscenes.render.variations import VARIATIONS, Light
from tests.roadscenes.small_scenes import look, road_with

OVERCAST, FOG, RAIN = (VARIATIONS[name].light for name in ("overcast", "fog", "rain"))


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


def test_a_wet_road_reflects():
    lamp = quad((12, -1, 0.2), (0, 2, 0), (0, 0, 2), "flat", (0.9, 0.0, 0.0), MISC)
    redness = []
    for light in (OVERCAST, RAIN):
        image, instance_ids = look(road_with(lamp), light)
        below = image[300:330, 600:640].astype(float)
        assert (instance_ids[300:330, 600:640] == ROAD).all()
        redness.append(below[..., 0].mean() - below[..., 2].mean())
    assert redness[1] > redness[0] + 5
