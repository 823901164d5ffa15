"""Foliage: random leaf colours, and leaves as small triangles (cards) lit as if they were round."""

import numpy as np

from roadscenes.class_ids import TREE, VEGETATION
from roadscenes.models.mesh import Mesh, cross, join, unit
from roadscenes.models.primitives import ellipsoid

_LEAF_COLOURS = np.array([  # the sixth is autumn
    (0.045, 0.085, 0.018), (0.075, 0.11, 0.02), (0.03, 0.06, 0.02), (0.1, 0.12, 0.03),
    (0.055, 0.07, 0.03), (0.17, 0.085, 0.02), (0.022, 0.036, 0.024), (0.14, 0.12, 0.07),
])  # fmt: skip
_UPWARD = np.array([0.0, 0.0, 0.3])


def leaf_colour(rng: np.random.Generator) -> np.ndarray:
    """A random linear colour."""
    return rng.dirichlet(np.full(len(_LEAF_COLOURS), 0.35)) @ _LEAF_COLOURS * rng.uniform(0.5, 1.9)


def leaf_cards(
    rng: np.random.Generator,
    centres: np.ndarray,
    sizes: np.ndarray,
    normals: np.ndarray,
    texture: str,
    tint: np.ndarray,
    class_id: int,
) -> Mesh:
    """Triangles turned at random, but lit as if each faced its normal.

    Args:
        rng: turns them.
        centres: (K, 3), metres.
        sizes: (K,), metres from the centre to about a corner.
        normals: (K, 3), of any length.
        texture: a name in textures.TEXTURES.
        tint: linear colours (K, 3).
        class_id: what the labels show.

    Returns:
        A mesh of K triangles.
    """
    # Two random directions at right angles to each other span the triangle; its middle is the centre.
    along = unit(rng.standard_normal(centres.shape))
    across = unit(cross(along, rng.standard_normal(centres.shape)))
    along, across = along * sizes[:, None], across * sizes[:, None]
    corners = (
        centres + 1.2 * along,
        centres - 0.6 * along + 0.9 * across,
        centres - 0.6 * along - 0.9 * across,
    )
    vertices = np.stack(corners, 1).astype(np.float32)
    lit = np.broadcast_to(unit(normals)[:, None], vertices.shape).astype(np.float32)
    uv = vertices[..., :2] + vertices[..., 2:] * 0.7
    return Mesh.of(vertices, lit, uv, texture, tint, class_id)


def leaf_cluster(
    rng: np.random.Generator,
    centre: np.ndarray,
    radii: np.ndarray,
    tint: np.ndarray,
    leaves: int,
    size: float,
    class_id: int,
    texture: str = "leaves",
) -> Mesh:
    """A ball of leaves: a core hides what is behind it, loose leaves make the outline.

    Args:
        rng: draws the bumps of the core and the leaves.
        centre: metres.
        radii: half-axes, metres.
        tint: linear colour.
        leaves: how many are loose.
        size: of a leaf, metres.
        class_id: what the labels show.
        texture: a name in textures.TEXTURES.
    """
    leaf_rng = rng.spawn(1)[0]  # so that the rest is the same whatever the number of leaves
    # Darker than the leaves in front of it, as the inside of a crown is.
    core = ellipsoid(
        radii * 0.82, texture, tint * 0.6, class_id, bumps=rng.uniform(0.8, 1.15, (5, 8)), at=centre
    )
    outward = leaf_rng.standard_normal((leaves, 3))
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    centres = centre + outward * radii * leaf_rng.uniform(0.82, 1.12, (leaves, 1))
    shade = leaf_rng.uniform(0.65, 1.25, (leaves, 1)) * (0.85 + 0.3 * outward[:, 2:])
    normals = outward + 0.45 * leaf_rng.standard_normal((leaves, 3))
    sizes = size * leaf_rng.uniform(0.6, 1.3, leaves)
    return join([core, leaf_cards(leaf_rng, centres, sizes, normals, texture, tint * shade, class_id)])


def loose_leaves(
    rng: np.random.Generator,
    centre: np.ndarray,
    radii: np.ndarray,
    tint: np.ndarray,
    leaves: int,
    size: float,
) -> Mesh:
    """A see-through ball of a tree's leaves.

    Args:
        rng, centre, radii, tint, leaves, size: as in `leaf_cluster`.
    """
    rng = rng.spawn(1)[0]
    outward = rng.standard_normal((leaves, 3))
    outward *= rng.random((leaves, 1)) ** 0.4 / np.linalg.norm(outward, axis=1, keepdims=True)
    shade = tint * rng.uniform(0.6, 1.3, (leaves, 1))
    sizes = size * rng.uniform(0.65, 1.35, leaves)
    return leaf_cards(rng, centre + outward * radii, sizes, outward + _UPWARD, "leaves", shade, TREE)


def tufts(rng: np.random.Generator, centres: np.ndarray, size: float, tint: np.ndarray) -> Mesh:
    """Upright leaves of low plants.

    Args:
        rng: draws directions, shades and sizes.
        centres: (K, 3), metres.
        size: of a leaf, metres.
        tint: linear colour.
    """
    shade = tint * rng.uniform(0.6, 1.3, (len(centres), 1))
    normals = rng.standard_normal(centres.shape) + 2 * _UPWARD
    sizes = size * rng.uniform(0.5, 1.2, len(centres))
    return leaf_cards(rng, centres, sizes, normals, "hedge", shade, VEGETATION)
