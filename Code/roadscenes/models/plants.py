"""Trees, hedges, bushes and weeds; leaves are small triangles (cards) lit as if they were round.

A tree is built at any level of `detail`, 0..1: with less of it, fewer and larger leaves cover the same
area.
"""

import numpy as np

from roadscenes.class_ids import TREE, VEGETATION
from roadscenes.models.mesh import Mesh, cross, join, unit
from roadscenes.models.primitives import surface, tube

_LEAF_COLOURS = np.array([  # the sixth is autumn
    (0.045, 0.085, 0.018), (0.075, 0.11, 0.02), (0.03, 0.06, 0.02), (0.1, 0.12, 0.03),
    (0.055, 0.07, 0.03), (0.17, 0.085, 0.02), (0.022, 0.036, 0.024), (0.14, 0.12, 0.07),
])  # fmt: skip
_UPWARD = np.array([0.0, 0.0, 0.3])


def _leaf_colour(rng: np.random.Generator) -> np.ndarray:
    return rng.dirichlet(np.full(len(_LEAF_COLOURS), 0.35)) @ _LEAF_COLOURS * rng.uniform(0.5, 1.9)


def _leaf_cards(rng, centres, sizes, normals, texture: str, tint: np.ndarray, class_id: int) -> Mesh:
    """Triangles turned at random, but lit as if each faced its normal.

    centres: (K, 3), metres. sizes: (K,), metres from there to about a corner. normals: (K, 3), of any
    length. tint: (K, 3).
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


def _ball(radii: np.ndarray, bumps: np.ndarray) -> np.ndarray:
    """Points of an ellipsoid (5, 8, 3), from pole to pole and around, pushed in and out by `bumps`."""
    height, angle = np.meshgrid(
        np.linspace(-np.pi / 2, np.pi / 2, 5), np.linspace(0, 2 * np.pi, 8), indexing="ij"
    )
    points = [np.cos(height) * np.cos(angle), np.cos(height) * np.sin(angle), np.sin(height)]
    bumps[:, -1] = bumps[:, 0]  # closed at the seam
    bumps[[0, -1]] = bumps[[0, -1], :1]  # and at the poles
    return np.stack(points, -1) * bumps[..., None] * radii


def _leaf_cluster(
    rng: np.random.Generator,
    centre: np.ndarray,
    radii: np.ndarray,
    tint: np.ndarray,
    leaves: int,
    size: float,
    detail: float = 1.0,
    texture: str = "leaves",
    class_id: int = TREE,
) -> Mesh:
    """A ball of leaves: a core hides what is behind it, loose leaves of some size make the outline."""
    leaves, size = int(leaves * detail), size / detail**0.5
    leaf_rng = rng.spawn(1)[0]  # so that the rest is the same whatever the number of leaves
    points = _ball(radii * 0.82, rng.uniform(0.8, 1.15, (5, 8)))
    # Darker than the leaves in front of it, as the inside of a crown is.
    core = surface(points, texture, tint * 0.6, class_id, smooth=True).transformed(centre)
    outward = leaf_rng.standard_normal((leaves, 3))
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    centres = centre + outward * radii * leaf_rng.uniform(0.82, 1.12, (leaves, 1))
    shade = leaf_rng.uniform(0.65, 1.25, (leaves, 1)) * (0.85 + 0.3 * outward[:, 2:])
    normals = outward + 0.45 * leaf_rng.standard_normal((leaves, 3))
    sizes = size * leaf_rng.uniform(0.6, 1.3, leaves)
    return join([core, _leaf_cards(leaf_rng, centres, sizes, normals, texture, tint * shade, class_id)])


def _loose_leaves(rng, centre, radii, tint, leaves: int, size: float, detail: float) -> Mesh:
    """A see-through ball of a tree's leaves."""
    leaves, size = int(leaves * detail), size / detail**0.5
    rng = rng.spawn(1)[0]
    outward = rng.standard_normal((leaves, 3))
    outward *= rng.random((leaves, 1)) ** 0.4 / np.linalg.norm(outward, axis=1, keepdims=True)
    shade = tint * rng.uniform(0.6, 1.3, (leaves, 1))
    sizes = size * rng.uniform(0.65, 1.35, leaves)
    return _leaf_cards(rng, centre + outward * radii, sizes, outward + _UPWARD, "leaves", shade, TREE)


def _tufts(rng: np.random.Generator, centres: np.ndarray, size: float, tint: np.ndarray) -> Mesh:
    """Upright leaves of low plants."""
    shade = tint * rng.uniform(0.6, 1.3, (len(centres), 1))
    normals = rng.standard_normal(centres.shape) + 2 * _UPWARD
    sizes = size * rng.uniform(0.5, 1.2, len(centres))
    return _leaf_cards(rng, centres, sizes, normals, "hedge", shade, VEGETATION)


def hedge(rng: np.random.Generator) -> Mesh:
    """A clipped hedge, 8 m long."""
    height, depth, tint = rng.uniform(1.0, 2.4), rng.uniform(0.7, 1.4), _leaf_colour(rng) * 0.8
    profile = np.array(
        [(-1, -0.1), (-1.02, 0.5), (-0.95, 0.92), (-0.6, 1), (0.6, 1), (0.95, 0.92), (1, -0.1)]
    )
    profile = profile * (depth / 2, height)
    steps = np.linspace(-4.1, 4.1, 12)
    points = np.empty((len(steps), len(profile), 3))
    points[..., 0] = steps[:, None]
    points[..., 1:] = profile + rng.normal(0, 0.03, (len(steps), len(profile), 2))
    ends = points[[0, -1]].copy()
    ends[..., 1:] *= (0.0, 0.6)
    body = surface(np.concatenate([ends[:1], points, ends[1:]]), "hedge", tint, VEGETATION, smooth=True)
    count = 200
    along, edge = rng.uniform(-4, 4, count), rng.integers(0, len(profile) - 1, count)
    mix = rng.random((count, 1))
    places = np.c_[along, profile[edge] * mix + profile[edge + 1] * (1 - mix)]
    return join([body, _tufts(rng, places, 0.09, tint)])


def bush(rng: np.random.Generator) -> Mesh:
    """A loose shrub."""
    size, tint = rng.uniform(0.6, 1.5), _leaf_colour(rng)
    parts = []
    for _ in range(3):
        centre = np.array([*rng.normal(0, 0.5 * size, 2), 0.45 * size])
        radii = size * rng.uniform(0.6, 0.9, 3)
        parts.append(_leaf_cluster(rng, centre, radii, tint, 55, 0.2, 1.0, "hedge", VEGETATION))
    return join(parts)


def weeds(rng: np.random.Generator) -> Mesh:
    """Tall grass and small shrubs in a strip, 6 m long."""
    places = np.c_[rng.uniform(-3, 3, 130), rng.normal(0, 0.5, 130), rng.uniform(0, 0.4, 130)]
    return _tufts(rng, places, 0.3, _leaf_colour(rng) * 1.3)


def _trunk(rng: np.random.Generator, height: float, radius: float) -> Mesh:
    bend = np.cumsum(rng.normal(0, 0.08, (4, 2)), axis=0)
    line = np.c_[np.r_[np.zeros((1, 2)), bend], np.linspace(-0.2, height, 5)]
    radii = radius * np.array([1.35, 1.0, 0.9, 0.8, 0.65])
    return tube(line, radii, "bark", _bark(rng), TREE, sides=7)


def _bark(rng: np.random.Generator) -> np.ndarray:
    return np.array([0.11, 0.085, 0.06]) * rng.uniform(0.6, 1.6)


def _branches(rng: np.random.Generator, start: float, ends: np.ndarray, radius: float) -> list[Mesh]:
    lines = [np.array([(0, 0, start), end * (0.5, 0.5, 0.4) + (0, 0, start * 0.6), end]) for end in ends]
    return [
        tube(line, [radius, radius * 0.7, radius * 0.3], "bark", _bark(rng), TREE, 5) for line in lines
    ]


def broadleaf(rng: np.random.Generator, detail: float = 1.0) -> Mesh:
    """A round crown of several clusters."""
    height = rng.uniform(6.5, 11)
    spread, bare = height * rng.uniform(0.26, 0.36), height * rng.uniform(0.2, 0.32)
    tint = _leaf_colour(rng)
    middle = (height + bare) / 2
    parts = [_trunk(rng, middle, 0.03 * height)]
    for angle in np.arange(5) * 2.4 + rng.uniform(0, 6):
        out = spread * rng.uniform(0.3, 0.75)
        level = rng.uniform(bare + 0.12 * height, height * 0.86)
        centre = np.array([out * np.cos(angle), out * np.sin(angle), level])
        radii = spread * rng.uniform(0.55, 0.8) * np.array([1, 1, 0.8])
        parts.append(_leaf_cluster(rng, centre, radii, tint * rng.uniform(0.8, 1.2), 60, 0.3, detail))
    return join(parts)


def spreading(rng: np.random.Generator, detail: float = 1.0) -> Mesh:
    """A wide crown of flat, see-through layers on strong branches."""
    height = rng.uniform(8, 12)
    tint, layers = _leaf_colour(rng), 8
    angle = np.arange(layers) * 2.4 + rng.uniform(0, 6)
    out = height * rng.uniform(0.25, 0.5, layers)
    level = height * rng.uniform(0.55, 1.0, layers)
    ends = np.c_[out * np.cos(angle), out * np.sin(angle), level]
    parts = [_trunk(rng, height * 0.45, 0.045 * height)]
    parts += _branches(rng, height * 0.42, ends, 0.016 * height)
    for end in ends:
        radii = height * rng.uniform(0.2, 0.3) * np.array([1.2, 1.2, 0.3])
        parts.append(_loose_leaves(rng, end, radii, tint, 65, 0.36, detail))
    return join(parts)


def poplar(rng: np.random.Generator, detail: float = 1.0) -> Mesh:
    """A tall and narrow crown."""
    height, tint = rng.uniform(9, 14), _leaf_colour(rng)
    parts = [_trunk(rng, height * 0.5, 0.02 * height)]
    for level in np.linspace(0.24, 0.88, 5):
        radius = height * 0.13 * (1 - 0.55 * level) * rng.uniform(0.85, 1.15)
        centre = np.array([*rng.normal(0, 0.15, 2), height * level])
        radii = np.array([radius, radius, height * 0.13])
        parts.append(_leaf_cluster(rng, centre, radii, tint, 46, 0.3, detail))
    return join(parts)


def conifer(rng: np.random.Generator, detail: float = 1.0) -> Mesh:
    """Drooping layers around a straight trunk."""
    height, tint = rng.uniform(8, 14), _leaf_colour(rng) * (0.5, 0.6, 0.7)
    parts = [_trunk(rng, height * 0.6, 0.02 * height)]
    for level in np.linspace(0.15, 0.95, 8):
        radius = height * 0.21 * (1.04 - level) * rng.uniform(0.85, 1.15)
        angle = np.linspace(0, 2 * np.pi, 9)
        wave = radius * (1 + 0.2 * np.cos(4 * angle + rng.uniform(0, 6)))
        rim = np.c_[wave * np.cos(angle), wave * np.sin(angle), np.full(9, height * (level - 0.07))]
        tip = np.broadcast_to((0, 0, height * (level + 0.1)), rim.shape)
        parts.append(surface(np.stack([rim, tip], 1), "leaves", tint * 0.7, TREE, smooth=True))
        centre, radii = (0, 0, height * level), np.array([radius, radius, 0.06 * height])
        parts.append(_loose_leaves(rng, centre, radii, tint, 45, 0.3, detail))
    return join(parts)


def thicket(rng: np.random.Generator, detail: float = 1.0) -> Mesh:
    """The edge of a wood: one broad mass of leaves, 12 m long, down to the ground."""
    tint = _leaf_colour(rng)
    parts = [_trunk(rng, 5, 0.2).transformed((x, 0, 0)) for x in (-4, 0.5, 4)]
    for x in np.linspace(-6, 6, 6):
        top = rng.uniform(5.5, 10)
        centre = np.array([x, rng.normal(0, 1), top * 0.62])
        radii = np.array([rng.uniform(1.8, 2.8), 2.2, top * 0.4])
        parts.append(_leaf_cluster(rng, centre, radii, tint * rng.uniform(0.7, 1.3), 40, 0.5, detail))
    return join(parts)


def far_wood(rng: np.random.Generator, detail: float = 1.0) -> Mesh:
    """A wood seen from afar, 24 m long."""
    tint, parts = _leaf_colour(rng), []
    for x in np.linspace(-11, 11, 6):
        top = rng.uniform(7, 13)
        centre = np.array([x, rng.normal(0, 2), top * 0.5])
        radii = np.array([rng.uniform(3, 4.2), 3.5, top * 0.5])
        parts.append(_leaf_cluster(rng, centre, radii, tint * rng.uniform(0.7, 1.3), 20, 1.0, detail))
    return join(parts)


TREES = {broadleaf, spreading, poplar, conifer, thicket, far_wood}
MIXED = (broadleaf, broadleaf, spreading, poplar)  # in the shares of a mixed row
