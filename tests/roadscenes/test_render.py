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


def test_a_camera_turned_to_the_left_sees_things_further_right():
    ahead, left = (look(road_with(PLATE), Light(), turn)[1] == MISC for turn in (0.0, np.radians(15)))
    shift = np.nonzero(left)[1].mean() - np.nonzero(ahead)[1].mean()
    assert shift == pytest.approx(725 * np.tan(np.radians(15)), rel=0.02)


def test_labels_are_hard_and_images_are_not():
    plate = quad((10, -1.003, 1.5), (0, 2, 0), (0, 0.31, 1), "flat", (0.9, 0.1, 0.1), MISC)
    image, instance_ids = look(road_with(plate), Light(clouds=0.0))
    assert set(np.unique(instance_ids)) == {ROAD, SKY, MISC}
    on_plate = instance_ids[120:180] == MISC
    rows, columns = np.nonzero(on_plate[:, 1:] != on_plate[:, :-1])
    colours = image[120:180].astype(int)
    plate_colour, sky_colour = colours[30, 640], colours[30, 300]

    def is_mixed(beside):
        return np.all([np.abs(beside - each).sum(1) > 30 for each in (plate_colour, sky_colour)], axis=0)

    mixed = is_mixed(colours[rows, columns]) | is_mixed(colours[rows, columns + 1])
    assert mixed.mean() > 0.4


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
