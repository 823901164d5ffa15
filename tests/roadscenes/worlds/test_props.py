import numpy as np

from roadscenes import WORLDS


def test_props_stand_on_the_ground_and_not_in_each_other(furnished):
    for name in WORLDS:
        world = furnished(name)
        places = [(prop.s, prop.t) for prop in world.props if prop.road is world.network.main]
        assert len(set(places)) == len(places) > 100
        for prop in world.props[::7]:
            height = world.network.height(prop.road, prop.s, prop.t)
            ground = prop.road.line.at(prop.s, prop.t, height)[2]
            lowest = world.prop_mesh(prop).vertices[..., 2].min()
            assert ground - 2.6 < lowest < ground + 0.25, prop  # roots and foundations go deeper


def test_parked_cars_point_the_way_the_traffic_beside_them_goes(furnished):
    """It keeps to the right: away from the camera on its side, towards it on the other."""
    parked = [prop for prop in furnished("0001").props if prop.instance_id is not None]
    assert {prop.t > 0 for prop in parked} == {True, False}
    for prop in parked:
        assert np.cos(prop.yaw) * -np.sign(prop.t) > 0.9


def test_no_post_stands_on_the_road(furnished):
    for name, description in WORLDS.items():
        world = furnished(name)
        for prop in world.props:
            if prop.road is world.network.main:
                assert abs(prop.t) > description.half_width, prop


def test_traffic_lights_of_one_road_agree(furnished):
    """All lights for the main road at a crossing show the same."""
    world = furnished("0006")
    lights = [prop for prop in world.props if "traffic_light" in prop.builder.__name__]
    for_main = {prop.model for prop in lights if prop.road is world.network.main}
    assert len(lights) == 6
    assert len(for_main) == 1
