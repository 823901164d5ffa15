import numpy as np
import pytest

from roadscenes.models.mesh import join
from roadscenes.models.primitives import box, disc, ellipsoid, quad, tube


def area(mesh) -> float:
    a, b, c = np.moveaxis(mesh.vertices.astype(float), 1, 0)
    return np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2


def test_primitives_have_the_surface_that_geometry_says():
    assert area(quad((0, 0, 0), (2, 0, 0), (0, 0, 3), "flat")) == pytest.approx(6)
    assert area(box((1, 2, 3), "flat")) == pytest.approx(2 * (1 * 2 + 1 * 3 + 2 * 3))
    hexagon = disc((0, 0, 0), (1, 0, 0), 1.0, "flat", corners=6)
    assert area(hexagon) == pytest.approx(1.5 * np.sqrt(3))
    pipe = tube([(0, 0, 0), (0, 0, 5)], 0.5, "flat", sides=64)
    assert area(pipe) == pytest.approx(np.pi * 5, rel=0.01)
    assert area(ellipsoid((1, 1, 1), "flat")) == pytest.approx(4 * np.pi, rel=0.25)  # a coarse one


def test_a_mesh_is_scaled_turned_sheared_and_shifted():
    edge = box((2, 0.2, 0.2), "flat")
    moved = edge.transformed((10, 0, 1), yaw=np.pi / 2, scale=2.0, slope=0.1, uphill=np.pi / 2)
    low, high = moved.vertices.reshape(-1, 3).min(0), moved.vertices.reshape(-1, 3).max(0)
    assert low == pytest.approx([9.8, -2, 0.8], abs=1e-5)
    assert high == pytest.approx([10.2, 2, 1.6], abs=1e-5)
    lengths = np.linalg.norm(moved.normals_uv[..., :3], axis=-1)
    assert lengths == pytest.approx(np.ones_like(lengths), abs=1e-5)


def test_joined_meshes_keep_their_instances_and_colours():
    car, van = (box((1, 1, 1), "paint").with_instance_id(number) for number in (14, 15))
    both = join([car, van])
    factors = np.ones((16, 3), np.float32)
    factors[15] = 0.5
    assert len(both) == len(car) + len(van)
    darker = both.recoloured(factors)
    assert set(darker.tint[both.instance_id == 14].ravel()) == {1.0}
    assert set(darker.tint[both.instance_id == 15].ravel()) == {0.5}
