"""Street furniture: lamps, poles, guard rails, walls, fences, bins and benches.

A model stands on the origin, its face to -y: towards the road.
"""

import numpy as np

from roadscenes.class_ids import FENCE, GUARD_RAIL, MISC, POLE, WALL
from roadscenes.models.mesh import Mesh, Tint, join
from roadscenes.models.primitives import box, quad, surface, tube

GREY = (0.3, 0.3, 0.3)
_OFF_WHITE, _RED = (0.75, 0.75, 0.72), (0.5, 0.015, 0.015)


def post(height: float, radius: float, class_id: int, tint: Tint = GREY) -> Mesh:
    """An upright metal post.

    Args:
        height, radius: metres.
        class_id: what the labels show.
        tint: linear colour.
    """
    return tube([(0, 0, -0.2), (0, 0, height)], radius, "metal", tint, class_id)


def lamp_post(rng: np.random.Generator) -> Mesh:
    """A tapered street lamp whose arm reaches over the road."""
    height, reach = rng.uniform(6.5, 10), rng.uniform(1.0, 2.4)
    tint = np.array(GREY) * rng.uniform(0.25, 1.3)
    mast = tube([(0, 0, 0), (0, 0, height)], [0.065, 0.045], "metal", tint, POLE)
    return join([_foot(tint), mast, _lamp_arm(height, reach, tint)])


def double_lamp_post(rng: np.random.Generator) -> Mesh:
    """A mast with an arm to either side, as on the central reserve of a wide road."""
    height, reach = rng.uniform(8, 10), rng.uniform(1.4, 2.4)
    tint = np.array(GREY) * rng.uniform(0.25, 1.3)
    mast = tube([(0, 0, 0), (0, 0, height)], [0.07, 0.05], "metal", tint, POLE)
    arm = _lamp_arm(height, reach, tint)
    return join([_foot(tint), mast, arm, arm.transformed((0, 0, 0), np.pi)])


def _foot(tint: np.ndarray) -> Mesh:
    return tube([(0, 0, -0.2), (0, 0, 0.9)], 0.085, "metal", tint, POLE)


def _lamp_arm(height: float, reach: float, tint: np.ndarray) -> Mesh:
    """From the top of a mast over the road at -y, with the lamp at its end."""
    angles = np.array([0.0, 0.5, 1.0, np.pi / 2])
    bend = np.c_[0 * angles, -reach * (1 - np.cos(angles)) / 2, height + 0.35 * reach * np.sin(angles)]
    line = np.concatenate([bend, [(0, -reach, height + 0.37 * reach)]])
    arm = tube(line, np.linspace(0.045, 0.03, 5), "metal", tint, POLE)
    lamp = (0, -reach - 0.3, height + 0.33 * reach)
    return join([arm, box((0.3, 0.75, 0.14), "metal", tint * 0.7, POLE, at=lamp)])


def telegraph_pole(rng: np.random.Generator) -> Mesh:
    height, wood = rng.uniform(6, 8.5), np.array([0.14, 0.1, 0.07]) * rng.uniform(0.6, 1.5)
    mast = tube([(0, 0, -0.2), (0, 0, height)], [0.11, 0.08], "bark", wood, POLE)
    return join([mast, box((0.1, 1.7, 0.12), "bark", wood, POLE, at=(0, 0, height - 0.6))])


def bollard(rng: np.random.Generator) -> Mesh:
    height, tint = rng.uniform(0.8, 1.2), (_OFF_WHITE, GREY)[rng.integers(2)]
    band = tube([(0, 0, height - 0.25), (0, 0, height - 0.1)], 0.075, "flat", _RED, POLE)
    return join([post(height, 0.07, POLE, tint), band])


def guard_rail(rng: np.random.Generator) -> Mesh:
    """4 m of a steel W-beam on posts."""
    wave = np.array([(0, 0.44), (-0.08, 0.5), (0, 0.58), (0, 0.62), (-0.08, 0.7), (0, 0.76)])
    points = np.stack([np.c_[np.full(6, x), wave] for x in (-2.02, 2.02)])
    tint = np.array([0.42, 0.43, 0.44]) * rng.uniform(0.7, 1.2)
    posts = [box((0.1, 0.12, 0.82), "metal", tint * 0.7, GUARD_RAIL, at=(x, 0.1, -0.1)) for x in (-1, 1)]
    return join([surface(points, "metal", tint, GUARD_RAIL), *posts])


def wall(rng: np.random.Generator) -> Mesh:
    """8 m of a garden or yard wall with a coping, dark concrete to white plaster."""
    height = rng.uniform(1.0, 2.4) if rng.random() < 0.7 else rng.uniform(2.4, 4.2)
    texture = ("concrete", "brick", "plaster")[rng.integers(3)]
    tints = {"concrete": (0.35, 0.34, 0.32), "brick": (0.3, 0.12, 0.08), "plaster": (0.75, 0.73, 0.68)}
    tint = np.array(tints[texture]) * rng.uniform(0.35, 1.3)
    coping = box((8.05, 0.42, 0.1), "concrete", (0.4, 0.4, 0.38), WALL, at=(0, 0, height))
    return join([box((8.05, 0.3, height + 0.1), texture, tint, WALL, at=(0, 0, -0.1)), coping])


def fence(rng: np.random.Generator) -> Mesh:
    """6 m of upright slats between two rails."""
    height, tint = rng.uniform(0.9, 1.6), np.array([0.2, 0.17, 0.14]) * rng.uniform(0.4, 2.5)
    slats = [
        quad((x, 0, 0.05), (0.1, 0, 0), (0, 0, height), "bark", tint, FENCE)
        for x in np.arange(-3, 3, 0.22)
    ]
    rails = [
        quad((-3, 0.02, z), (6, 0, 0), (0, 0, 0.08), "bark", tint, FENCE) for z in (0.25, height - 0.2)
    ]
    return join([*slats, *rails])


def railing(rng: np.random.Generator) -> Mesh:
    """3 m of iron bars between two rails."""
    height, tint = rng.uniform(0.9, 1.5), np.array(GREY) * rng.uniform(0.05, 1.5)
    bars = [post(height, 0.018, FENCE, tint).transformed((x, 0, 0)) for x in np.arange(-1.5, 1.5, 0.15)]
    rails = [box((3.0, 0.05, 0.05), "metal", tint, FENCE, at=(0, 0, z)) for z in (0.12, height - 0.1)]
    return join([*bars, *rails])


def bin(rng: np.random.Generator) -> Mesh:
    """A wheeled bin."""
    tints = (0.02, 0.1, 0.04), (0.03, 0.03, 0.035), (0.3, 0.22, 0.03), (0.02, 0.05, 0.15)
    tint = tints[rng.integers(4)]
    body = box((0.6, 0.7, 1.0), "flat", tint, MISC)
    return join([body, box((0.66, 0.78, 0.09), "flat", np.array(tint) * 0.7, MISC, at=(0, 0, 1.0))])


def bench(rng: np.random.Generator) -> Mesh:
    wood = np.array([0.2, 0.12, 0.06]) * rng.uniform(0.7, 1.4)
    seat = box((1.8, 0.45, 0.06), "bark", wood, MISC, at=(0, 0, 0.42))
    back = box((1.8, 0.06, 0.4), "bark", wood, MISC, at=(0, 0.22, 0.52))
    legs = [box((0.08, 0.4, 0.42), "metal", GREY, MISC, at=(x, 0, 0)) for x in (-0.75, 0.75)]
    return join([seat, back, *legs])
