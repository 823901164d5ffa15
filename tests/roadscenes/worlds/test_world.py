import numpy as np
import pytest

from roadscenes import WORLDS
from roadscenes.class_ids import CAR, SKY
from roadscenes.models.mesh import join
from roadscenes.worlds.world import World


@pytest.mark.parametrize("name", WORLDS)
def test_a_world_is_a_drive_with_moving_traffic(name):
    world = World(WORLDS[name], seed=3)
    length = WORLDS[name].frames
    positions = np.array([world.camera_pose(frame)[0] for frame in range(0, length, 10)])
    steps = np.linalg.norm(np.diff(positions, axis=0), axis=1)
    assert (steps < 20).all()
    assert steps[0] > 3
    middle = length // 2
    now, then = (world.moving_mesh(frame) for frame in (middle, middle + 1))
    assert {CAR} <= set(world.instances.class_ids[now.instance_id].tolist())
    in_both = set(now.instance_id[1:].tolist()) & set(then.instance_id.tolist())
    moved = sum(
        not np.array_equal(
            now.vertices[now.instance_id == vehicle], then.vertices[then.instance_id == vehicle]
        )
        for vehicle in in_both
    )
    assert moved >= 1


def test_all_classes_occur_in_the_worlds(furnished):
    seen = set()
    for name in WORLDS:
        world, frame = furnished(name), WORLDS[name].frames // 2
        mesh = join([world.static_mesh(world.section(frame)), world.moving_mesh(frame)])
        seen |= set(world.instances.class_ids[np.unique(mesh.instance_id)].tolist())
    assert seen | {SKY} == set(range(14))


def test_trees_far_away_have_fewer_triangles(furnished):
    world = furnished("0018")
    tree = next(prop for prop in world.props if prop.builder.__name__ == "broadleaf")
    near, far = (world.prop_mesh(tree, detail) for detail in (1.0, 0.3))
    assert len(far) < 0.8 * len(near)
    size, far_size = (np.ptp(mesh.vertices.reshape(-1, 3), axis=0) for mesh in (near, far))
    assert far_size == pytest.approx(size, rel=0.1)
