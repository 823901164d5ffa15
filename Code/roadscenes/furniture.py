"""What stands beside roads: posts, lights, signs, guard rails, walls, bins and benches.

A thing stands on the origin. Its face looks to -y when it is placed facing the road,
to -x when it is placed facing the traffic.
"""

import numpy as np

from roadscenes.labels import GUARD_RAIL, MISC, POLE, TRAFFIC_LIGHT, TRAFFIC_SIGN
from roadscenes.mesh import Mesh, box, disc, join, panel, sheet, tube

_BLACK, _GREY, _OFF_WHITE = (0.012, 0.012, 0.013), (0.3, 0.3, 0.3), (0.75, 0.75, 0.72)
_RED, _BLUE, _GREEN, _YELLOW = (
    (0.5, 0.015, 0.015),
    (0.01, 0.06, 0.35),
    (0.01, 0.13, 0.06),
    (0.75, 0.5, 0.02),
)

_SIGN_COLOURS = (  # border, field, mark
    (_RED, _OFF_WHITE, _BLACK),
    (_OFF_WHITE, _BLUE, _OFF_WHITE),
    (_BLACK, _YELLOW, _BLACK),
    (_OFF_WHITE, _RED, _OFF_WHITE),
    (_RED, _BLUE, _RED),
)
# Corners, and how far the first is turned from the top: disc, triangles, square, octagon, diamond.
_SIGN_SHAPES = ((12, 0.0), (3, 0.0), (3, np.pi), (4, np.pi / 4), (8, np.pi / 8), (4, 0.0))


def _post(height: float, radius: float, owner: int, tint=_GREY) -> Mesh:
    return tube([(0, 0, -0.2), (0, 0, height)], radius, "metal", tint, owner)


def lamp_post(rng: np.random.Generator) -> Mesh:
    """A tapered street lamp whose arm reaches over the road."""
    height, reach = rng.uniform(6.5, 10), rng.uniform(1.0, 2.4)
    tint = np.array(_GREY) * rng.uniform(0.25, 1.3)
    mast = tube([(0, 0, 0), (0, 0, height)], [0.065, 0.045], "metal", tint, POLE)
    return join([_foot(tint), mast, _lamp_arm(height, reach, tint)])


def double_lamp_post(rng: np.random.Generator) -> Mesh:
    """A mast with an arm to either side, as on the central reserve of a wide road."""
    height, reach = rng.uniform(8, 10), rng.uniform(1.4, 2.4)
    tint = np.array(_GREY) * rng.uniform(0.25, 1.3)
    mast = tube([(0, 0, 0), (0, 0, height)], [0.07, 0.05], "metal", tint, POLE)
    arm = _lamp_arm(height, reach, tint)
    return join([_foot(tint), mast, arm, arm.moved((0, 0, 0), np.pi)])


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
    height, tint = rng.uniform(0.8, 1.2), (_OFF_WHITE, _GREY)[rng.integers(2)]
    band = tube([(0, 0, height - 0.25), (0, 0, height - 0.1)], 0.075, "flat", _RED, POLE)
    return join([_post(height, 0.07, POLE, tint), band])


def _lamps(lit: int, at: tuple[float, float, float]) -> Mesh:
    """A signal head that faces -x; lit: which of red, yellow and green is on."""
    x, y, z = at
    colours = ((0.9, 0.03, 0.02), (0.9, 0.45, 0.02), (0.03, 0.8, 0.25))
    parts = [
        box((0.22, 0.34, 1.0), "flat", _BLACK, TRAFFIC_LIGHT, at=at),
        panel((x + 0.02, y - 0.32, z - 0.15), (0, 0.64, 0), (0, 0, 1.3), "flat", _BLACK, TRAFFIC_LIGHT),
    ]
    for lens, colour in enumerate(colours):
        tint = np.array(colour) * (2.5 if lens == lit else 0.12)
        centre = (x - 0.115, y, z + 0.82 - 0.32 * lens)
        parts.append(disc(centre, (-1, 0, 0), 0.12, "flat", tint, TRAFFIC_LIGHT, corners=8))
    return join(parts)


def traffic_light(rng: np.random.Generator) -> Mesh:
    """Signals on a post."""
    tint = np.array(_GREY) * rng.uniform(0.1, 1.0)
    head = _lamps(int(rng.integers(3)), (-0.2, 0, 2.5))
    return join([_post(3.5, 0.075, TRAFFIC_LIGHT, tint), head])


def overhead_traffic_light(rng: np.random.Generator) -> Mesh:
    """Signals on a post and on an arm that reaches to +y: over the road, from its right."""
    reach, tint = rng.uniform(4, 6.5), np.array(_GREY) * rng.uniform(0.2, 1.0)
    arm = [(0, 0, 0), (0, 0, 4.5), (0, 0.6, 5.6), (0, reach, 5.9)]
    mast = tube(arm, [0.14, 0.11, 0.09, 0.06], "metal", tint, TRAFFIC_LIGHT)
    lit, places = int(rng.integers(3)), ((reach - 0.4, 5.0), (reach * 0.5, 4.9), (-0.1, 2.5))
    heads = [_lamps(lit, (-0.15, y, z)) for y, z in places]
    return join([mast, *heads])


def _plate(rng: np.random.Generator, z: float) -> Mesh:
    """A sign plate at height z that faces -x: border, field and a mark; grey at the back."""
    border, field, mark = _SIGN_COLOURS[rng.integers(len(_SIGN_COLOURS))]
    corners, turn = _SIGN_SHAPES[rng.integers(len(_SIGN_SHAPES))]
    radius = rng.uniform(0.36, 0.5) * (1.2 if corners in (3, 4) else 1.0)
    layers = ((0.06, 1.0, _GREY), (0.065, 1.0, border), (0.075, 0.78, field), (0.085, 0.3, mark))
    plates = [
        disc((-x, 0, z), (-1, 0, 0), radius * size, "flat", tint, TRAFFIC_SIGN, corners, turn)
        for x, size, tint in layers
    ]
    return join(plates)


def traffic_sign(rng: np.random.Generator) -> Mesh:
    """One or two plates on a post."""
    height = rng.uniform(2.1, 2.9)
    plates = [_plate(rng, height)]
    if rng.random() < 0.3:
        plates.append(_plate(rng, height - 0.95))
    return join([_post(height + 0.4, 0.04, TRAFFIC_SIGN, np.array(_GREY)), *plates])


def _board(rng: np.random.Generator, width: float, height: float, base: float) -> Mesh:
    """A board with lines of writing that faces -x."""
    field = (_BLUE, _GREEN, _OFF_WHITE, _YELLOW)[rng.integers(4)]
    ink = _OFF_WHITE if max(field) < 0.4 else _BLACK
    parts = [
        panel((0, -width / 2, base), (0, width, 0), (0, 0, height), "metal", _GREY, TRAFFIC_SIGN),
        panel((-0.04, -width / 2, base), (0, width, 0), (0, 0, height), "flat", ink, TRAFFIC_SIGN),
        panel((-0.05, -width / 2 + 0.06, base + 0.06), (0, width - 0.12, 0), (0, 0, height - 0.12),
              "flat", field, TRAFFIC_SIGN),
    ]  # fmt: skip
    lines = max(int(height / 0.55), 1)
    for line in range(lines):
        z = base + height * (line + 0.3) / lines
        start, end = width * rng.uniform(-0.42, -0.2), width * rng.uniform(0.0, 0.42)
        along, up = (0, end - start, 0), (0, 0, height * 0.35 / lines)
        parts.append(panel((-0.06, start, z), along, up, "flat", ink, TRAFFIC_SIGN))
    return join(parts)


def direction_sign(rng: np.random.Generator) -> Mesh:
    """A large board on two posts, all of it at -y: away from the road, on its right."""
    width, height, base = rng.uniform(2, 3.6), rng.uniform(1.2, 2.4), rng.uniform(1.2, 2.4)
    posts = [
        _post(base + height, 0.07, TRAFFIC_SIGN).moved((0.08, side * width * 0.35, 0))
        for side in (-1, 1)
    ]
    return join([*posts, _board(rng, width, height, base)]).moved((0, -width / 2, 0))


def gantry(rng: np.random.Generator) -> Mesh:
    """Boards across a motorway, on a bridge of bars that reaches to +y."""
    span = 17.9
    parts = [_post(7.4, 0.16, TRAFFIC_SIGN).moved((0.3, y, 0)) for y in (0, span)]
    parts += [
        tube([(0.3, 0, z), (0.3, span, z)], 0.09, "metal", _GREY, TRAFFIC_SIGN) for z in (6.3, 7.3)
    ]
    parts += [
        _board(rng, rng.uniform(3.6, 4.4), rng.uniform(2.2, 2.8), 5.7).moved((0, y, 0))
        for y in (3.0, 7.6, 12.2)
    ]
    return join(parts)


def guard_rail(rng: np.random.Generator) -> Mesh:
    """4 m of a steel W-beam on posts."""
    wave = np.array([(0, 0.44), (-0.08, 0.5), (0, 0.58), (0, 0.62), (-0.08, 0.7), (0, 0.76)])
    points = np.stack([np.c_[np.full(6, x), wave] for x in (-2.02, 2.02)])
    tint = np.array([0.42, 0.43, 0.44]) * rng.uniform(0.7, 1.2)
    posts = [box((0.1, 0.12, 0.82), "metal", tint * 0.7, GUARD_RAIL, at=(x, 0.1, -0.1)) for x in (-1, 1)]
    return join([sheet(points, "metal", tint, GUARD_RAIL), *posts])


def wall(rng: np.random.Generator) -> Mesh:
    """8 m of a garden or yard wall with a coping, dark concrete to white plaster."""
    height = rng.uniform(1.0, 2.4) if rng.random() < 0.7 else rng.uniform(2.4, 4.2)
    texture = ("concrete", "brick", "plaster")[rng.integers(3)]
    tint = {"concrete": (0.35, 0.34, 0.32), "brick": (0.3, 0.12, 0.08), "plaster": (0.75, 0.73, 0.68)}[
        texture
    ]
    tint = np.array(tint) * rng.uniform(0.35, 1.3)
    coping = box((8.05, 0.42, 0.1), "concrete", (0.4, 0.4, 0.38), MISC, at=(0, 0, height))
    return join([box((8.05, 0.3, height + 0.1), texture, tint, MISC, at=(0, 0, -0.1)), coping])


def fence(rng: np.random.Generator) -> Mesh:
    """6 m of upright slats between two rails."""
    height, tint = rng.uniform(0.9, 1.6), np.array([0.2, 0.17, 0.14]) * rng.uniform(0.4, 2.5)
    slats = [
        panel((x, 0, 0.05), (0.1, 0, 0), (0, 0, height), "bark", tint, MISC)
        for x in np.arange(-3, 3, 0.22)
    ]
    rails = [
        panel((-3, 0.02, z), (6, 0, 0), (0, 0, 0.08), "bark", tint, MISC) for z in (0.25, height - 0.2)
    ]
    return join([*slats, *rails])


def bin(rng: np.random.Generator) -> Mesh:
    """A wheeled bin."""
    tint = ((0.02, 0.1, 0.04), (0.03, 0.03, 0.035), (0.3, 0.22, 0.03), (0.02, 0.05, 0.15))[
        rng.integers(4)
    ]
    body = box((0.6, 0.7, 1.0), "flat", tint, MISC)
    return join([body, box((0.66, 0.78, 0.09), "flat", np.array(tint) * 0.7, MISC, at=(0, 0, 1.0))])


def bench(rng: np.random.Generator) -> Mesh:
    wood = np.array([0.2, 0.12, 0.06]) * rng.uniform(0.7, 1.4)
    seat = box((1.8, 0.45, 0.06), "bark", wood, MISC, at=(0, 0, 0.42))
    back = box((1.8, 0.06, 0.4), "bark", wood, MISC, at=(0, 0.22, 0.52))
    legs = [box((0.08, 0.4, 0.42), "metal", _GREY, MISC, at=(x, 0, 0)) for x in (-0.75, 0.75)]
    return join([seat, back, *legs])
