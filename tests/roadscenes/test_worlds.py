"""Worlds: a drive with moving traffic, props beside it and all classes."""

from functools import cache

import numpy as np
import pytest

from roadscenes import WORLDS
from roadscenes.class_ids import CAR, SKY
from roadscenes.models.mesh import join
from roadscenes.models.people import cyclist, pedestrian
from roadscenes.worlds.world import World


@pytest.fixture(scope="module")
def furnished():
    """Name -> that world of seed 0; read only."""
    return cache(lambda name: World(WORLDS[name], seed=0))


def test_a_world_is_a_drive_with_moving_traffic(furnished):
    for name, layout in WORLDS.items():
        world, middle = furnished(name), layout.frames // 2
        positions = np.array([world.camera_pose(frame)[0] for frame in range(0, layout.frames, 10)])
        steps = np.linalg.norm(np.diff(positions, axis=0), axis=1)
        assert (steps < 20).all()
        assert steps[0] > 3
        now, then = (world.moving_mesh(frame) for frame in (middle, middle + 1))
        assert CAR in world.instances.class_ids[now.instance_id]
        in_both = set(now.instance_id[1:].tolist()) & set(then.instance_id.tolist())
        assert any(
            not np.array_equal(*(mesh.vertices[mesh.instance_id == vehicle] for mesh in (now, then)))
            for vehicle in in_both
        )


def test_all_classes_occur_in_the_worlds(furnished):
    seen = set()
    for name in WORLDS:
        world, frame = furnished(name), WORLDS[name].frames // 2
        mesh = join([world.static_mesh(world.section(frame)), world.moving_mesh(frame)])
        seen |= set(world.instances.class_ids[np.unique(mesh.instance_id)].tolist())
    assert seen | {SKY} == set(range(14))


def test_props_stand_on_the_ground_and_not_in_each_other_or_on_the_road(furnished):
    for name, layout in WORLDS.items():
        world = furnished(name)
        along_main = [prop for prop in world.props if prop.road is world.network.main]
        assert len({(prop.s, prop.t) for prop in along_main}) == len(along_main) > 100
        assert all(abs(prop.t) > layout.half_width for prop in along_main)
        for prop in world.props[::7]:
            height = world.network.height(prop.road, prop.s, prop.t)
            ground = prop.road.line.at(prop.s, prop.t, height)[2]
            mesh = world.prop_mesh(prop)
            lowest = mesh.vertices[..., 2].min()
            assert ground - 2.6 < lowest < ground + 0.25, prop  # roots and foundations go deeper
            assert np.isfinite(mesh.vertices).all(), prop
            assert np.abs(np.linalg.norm(mesh.normals_uv[..., :3], axis=-1)).max() < 1.01, prop


def test_people_keep_out_of_the_lanes_and_cyclists_ride_on_the_right():
    for name, layout in WORLDS.items():
        world = World(layout, seed=0, labels="camvid")
        people = [prop for prop in world.props if prop.builder in (cyclist, pedestrian)]
        assert len(people) > 100 or name in ("0018", "0020")
        lanes = [lane.t for lane in layout.lanes if not lane.on_crossings]
        for prop in people:
            on_main = prop.road is world.network.main
            assert not on_main or np.abs(np.array(lanes) - prop.t).min() > 1.1, (name, prop)
            assert prop.builder is pedestrian or (prop.t < 0) == (prop.yaw == 0)


def test_no_vehicle_drives_through_another_or_the_camera(furnished):
    """Vehicles of a lane stay a van's length apart; none in the camera's lane is where the camera is."""
    for name, layout in WORLDS.items():
        world, lanes = furnished(name), {}
        for vehicle in world.vehicles:
            lanes.setdefault((vehicle.road, vehicle.lane), []).append(vehicle)
        for frame in range(0, layout.frames, 20):
            for (road, lane), stream in lanes.items():
                places = np.sort([vehicle.s(frame) for vehicle in stream])
                assert (np.diff(places) > 5.0).all(), (lane, frame)
                if road is world.network.main and abs(lane.t - layout.camera_t) < 2.0:
                    assert np.abs(places - world.camera_s(frame)).min() > 6.0, (lane, frame)
