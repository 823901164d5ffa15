"""Every builder makes a model that can be rendered, and the same one from the same seed."""

import numpy as np
import pytest

from roadscenes import class_ids
from roadscenes.models import buildings, shrubs, street_furniture, traffic_signs, trees, vehicles

CLASSES = {
    **dict.fromkeys((buildings.house, buildings.block, buildings.hall), class_ids.BUILDING),
    **dict.fromkeys(trees.BUILDERS, class_ids.TREE),
    **dict.fromkeys((shrubs.hedge, shrubs.bush, shrubs.weeds), class_ids.VEGETATION),
    street_furniture.lamp_post: class_ids.POLE,
    street_furniture.double_lamp_post: class_ids.POLE,
    street_furniture.telegraph_pole: class_ids.POLE,
    street_furniture.bollard: class_ids.POLE,
    street_furniture.guard_rail: class_ids.GUARD_RAIL,
    street_furniture.wall: class_ids.MISC,
    street_furniture.fence: class_ids.MISC,
    street_furniture.bin: class_ids.MISC,
    street_furniture.bench: class_ids.MISC,
    traffic_signs.traffic_light: class_ids.TRAFFIC_LIGHT,
    traffic_signs.overhead_traffic_light: class_ids.TRAFFIC_LIGHT,
    traffic_signs.traffic_sign: class_ids.TRAFFIC_SIGN,
    traffic_signs.direction_sign: class_ids.TRAFFIC_SIGN,
    traffic_signs.gantry: class_ids.TRAFFIC_SIGN,
}
BUILDERS = sorted([*CLASSES, *vehicles.BUILDERS.values()], key=lambda builder: builder.__name__)


@pytest.mark.parametrize("builder", BUILDERS, ids=lambda builder: builder.__name__)
def test_a_builder_makes_a_model_on_the_ground_that_light_can_fall_on(builder):
    for seed in range(3):
        mesh = builder(np.random.default_rng(seed))
        assert np.isfinite(mesh.vertices).all()
        assert -2.6 < mesh.vertices[..., 2].min() < 0.25  # roots and foundations go deeper
        assert np.abs(np.linalg.norm(mesh.normals_uv[..., :3], axis=-1)).max() < 1.01
        assert (mesh.tint >= 0).all()
        again = builder(np.random.default_rng(seed))
        assert np.array_equal(mesh.vertices, again.vertices)
        assert np.array_equal(mesh.tint, again.tint)


@pytest.mark.parametrize("builder", CLASSES, ids=lambda builder: builder.__name__)
def test_a_prop_is_of_one_class(builder):
    mesh = builder(np.random.default_rng(0))
    assert set(mesh.instance_id.tolist()) == {CLASSES[builder]}
