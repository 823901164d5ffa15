"""Houses, blocks and halls, with their doors at -y; foundations reach 2 m below the ground."""

import numpy as np

from roadscenes.class_ids import BUILDING
from roadscenes.models.mesh import Mesh, join
from roadscenes.models.primitives import box, quad, surface, walls

_PLASTERS = (
    (0.62, 0.58, 0.5), (0.7, 0.7, 0.68), (0.55, 0.42, 0.28), (0.45, 0.47, 0.45), (0.6, 0.4, 0.32),
)  # fmt: skip
_BRICKS = ((0.28, 0.1, 0.07), (0.35, 0.2, 0.12), (0.2, 0.1, 0.08))
_ROOFS = ((0.22, 0.06, 0.035), (0.05, 0.05, 0.055), (0.12, 0.07, 0.05))


def _pick(rng: np.random.Generator, tints: tuple) -> np.ndarray:
    return np.array(tints[rng.integers(len(tints))]) * rng.uniform(0.7, 1.2)


def _walls(size: tuple[float, float, float], texture: str, tint: np.ndarray) -> Mesh:
    """Four walls without a lid, and a foundation below; whole windows where edges are whole tiles."""
    foundation = box((size[0], size[1], 2.0), "concrete", tint * 0.6, BUILDING, at=(0, 0, -2.0))
    return join([walls(size, texture, tint, BUILDING), foundation])


def _gable(length: float, depth: float, eaves: float, rise: float, roof, wall) -> Mesh:
    """A pitched roof with overhang, its ridge along x, and the two triangles of wall below it."""
    x, y = length / 2 + 0.3, depth / 2 + 0.4
    ridge = eaves + rise
    parts = []
    for side in (-1, 1):
        eave, up = (-x, side * y, eaves - 0.25), (0, -side * y, rise + 0.25)
        parts.append(quad(eave, (2 * x, 0, 0), up, "tiles", roof, BUILDING))
        end, top = side * length / 2, (side * length / 2, 0, ridge - 0.15)
        corners = [[(end, -depth / 2, eaves), top], [(end, depth / 2, eaves), top]]
        parts.append(surface(np.array(corners), "plaster", wall, BUILDING))
    return join(parts)


def house(rng: np.random.Generator) -> Mesh:
    """A family house with a pitched roof, a door and a chimney."""
    brick = rng.random() < 0.35
    texture, wall = ("brick house", _pick(rng, _BRICKS)) if brick else ("house", _pick(rng, _PLASTERS))
    length, depth, storeys = 3.0 * rng.integers(3, 6), 3.0 * rng.integers(3, 5), rng.integers(1, 3)
    eaves, roof = 3.0 * storeys, _pick(rng, _ROOFS)
    rise = depth * rng.uniform(0.3, 0.5)
    door = quad(
        (0.9 - length / 2, -depth / 2 - 0.03, 0), (1.0, 0, 0), (0, 0, 2.1), "bark", roof * 0.8, BUILDING
    )
    top = (length * 0.25, 0.6, eaves + rise - 0.9)
    chimney = box((0.7, 0.6, 1.9), "brick", (0.25, 0.1, 0.07), BUILDING, at=top)
    body = _walls((length, depth, eaves), texture, wall)
    return join([body, _gable(length, depth, eaves, rise, roof, wall), door, chimney])


def block(rng: np.random.Generator) -> Mesh:
    """A block of flats or offices with a flat roof."""
    offices = rng.random() < 0.4
    texture, storey = ("offices", 3.4) if offices else ("house", 3.0)
    length, depth = storey * rng.integers(4, 8), storey * rng.integers(3, 5)
    height, wall = storey * rng.integers(3, 6), _pick(rng, _PLASTERS)
    body = _walls((length, depth, height), texture, wall)
    roof = box((length + 0.4, depth + 0.4, 0.5), "concrete", wall * 0.7, BUILDING, at=(0, 0, height))
    return join([body, roof])


def hall(rng: np.random.Generator) -> Mesh:
    """A low shed with a shallow roof."""
    length, depth, eaves = rng.uniform(18, 34), rng.uniform(12, 18), rng.uniform(4, 6.5)
    wall, roof = _pick(rng, _PLASTERS), np.array((0.25, 0.26, 0.27)) * rng.uniform(0.6, 1.3)
    body = _walls((length, depth, eaves), "concrete", wall)
    gate = quad((-3, -depth / 2 - 0.03, 0), (4.5, 0, 0), (0, 0, 3.6), "metal", wall * 0.5, BUILDING)
    return join([body, _gable(length, depth, eaves, depth * 0.14, roof, wall), gate])
