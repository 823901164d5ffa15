"""Primitives, and models: each builder makes one that can be rendered, the same from the same seed."""

import numpy as np
import pytest

from roadscenes.class_ids import (
    BUILDING,
    GUARD_RAIL,
    MISC,
    POLE,
    TRAFFIC_LIGHT,
    TRAFFIC_SIGN,
    TREE,
    VEGETATION,
)  # fmt: skip
from roadscenes.models import buildings, plants, traffic_signs, vehicles
from roadscenes.models import street_furniture as furniture
from roadscenes.models.primitives import box

CLASSES = {
    BUILDING: (buildings.house, buildings.block, buildings.hall),
    TREE: plants.TREES,
    VEGETATION: (plants.hedge, plants.bush, plants.weeds),
    POLE: (
        furniture.lamp_post,
        furniture.double_lamp_post,
        furniture.telegraph_pole,
        furniture.bollard,
    ),
    GUARD_RAIL: (furniture.guard_rail,),
    MISC: (furniture.wall, furniture.fence, furniture.bin, furniture.bench),
    TRAFFIC_LIGHT: (traffic_signs.traffic_light, traffic_signs.overhead_traffic_light),
    TRAFFIC_SIGN: (traffic_signs.traffic_sign, traffic_signs.direction_sign, traffic_signs.gantry),
    0: vehicles.BUILDERS.values(),  # a vehicle gets its class in its world
}


def test_a_builder_makes_a_model_on_the_ground_that_light_can_fall_on():
    """Of one class, and the same one from the same seed."""
    for class_id, builder in ((each, builder) for each in CLASSES for builder in CLASSES[each]):
        for seed in range(2):
            mesh, again = (builder(np.random.default_rng(seed)) for _ in range(2))
            assert set(mesh.instance_id.tolist()) == {class_id}, builder
            assert np.isfinite(mesh.vertices).all(), builder
            lowest = mesh.vertices[..., 2].min()
            assert -2.6 < lowest < 0.25, builder  # roots and foundations go deeper
            assert np.abs(np.linalg.norm(mesh.normals_uv[..., :3], axis=-1)).max() < 1.01, builder
            assert (mesh.tint >= 0).all(), builder
            assert np.array_equal(mesh.vertices, again.vertices), builder
            assert np.array_equal(mesh.tint, again.tint), builder


def test_a_mesh_is_scaled_turned_sheared_and_shifted():
    edge = box((2, 0.2, 0.2), "flat")
    moved = edge.transformed((10, 0, 1), yaw=np.pi / 2, scale=2.0, slope=0.1, uphill=np.pi / 2)
    low, high = moved.vertices.reshape(-1, 3).min(0), moved.vertices.reshape(-1, 3).max(0)
    assert low == pytest.approx([9.8, -2, 0.8], abs=1e-5)
    assert high == pytest.approx([10.2, 2, 1.6], abs=1e-5)
    lengths = np.linalg.norm(moved.normals_uv[..., :3], axis=-1)
    assert lengths == pytest.approx(np.ones_like(lengths), abs=1e-5)
