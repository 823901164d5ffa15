"""Hedges, bushes and weeds."""

import numpy as np

from roadscenes.class_ids import VEGETATION
from roadscenes.models.foliage import leaf_cluster, leaf_colour, tufts
from roadscenes.models.mesh import Mesh, join
from roadscenes.models.primitives import surface


def hedge(rng: np.random.Generator) -> Mesh:
    """A clipped hedge, 8 m long."""
    height, depth, tint = rng.uniform(1.0, 2.4), rng.uniform(0.7, 1.4), leaf_colour(rng) * 0.8
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
    return join([body, tufts(rng, places, 0.09, tint)])


def bush(rng: np.random.Generator) -> Mesh:
    """A loose shrub."""
    size, tint = rng.uniform(0.6, 1.5), leaf_colour(rng)
    parts = []
    for _ in range(3):
        centre = np.array([*rng.normal(0, 0.5 * size, 2), 0.45 * size])
        radii = size * rng.uniform(0.6, 0.9, 3)
        parts.append(leaf_cluster(rng, centre, radii, tint, 55, 0.2, VEGETATION, "hedge"))
    return join(parts)


def weeds(rng: np.random.Generator) -> Mesh:
    """Tall grass and small shrubs in a strip, 6 m long."""
    places = np.c_[rng.uniform(-3, 3, 130), rng.normal(0, 0.5, 130), rng.uniform(0, 0.4, 130)]
    return tufts(rng, places, 0.3, leaf_colour(rng) * 1.3)
