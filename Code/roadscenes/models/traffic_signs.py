"""Traffic lights and traffic signs, on posts and overhead.

A model stands on the origin, its face to -x: towards the traffic.
"""

import numpy as np

from roadscenes.class_ids import LIGHT_POST, SIGN_POST, TRAFFIC_LIGHT, TRAFFIC_SIGN
from roadscenes.models.mesh import Mesh, join
from roadscenes.models.primitives import box, disc, quad, tube
from roadscenes.models.street_furniture import GREY, post

_BLACK, _OFF_WHITE = (0.012, 0.012, 0.013), (0.75, 0.75, 0.72)
_RED, _BLUE = (0.5, 0.015, 0.015), (0.01, 0.06, 0.35)
_GREEN, _YELLOW = (0.01, 0.13, 0.06), (0.75, 0.5, 0.02)
_SIGN_COLOURS = (  # border, field, mark
    (_RED, _OFF_WHITE, _BLACK),
    (_OFF_WHITE, _BLUE, _OFF_WHITE),
    (_BLACK, _YELLOW, _BLACK),
    (_OFF_WHITE, _RED, _OFF_WHITE),
    (_RED, _BLUE, _RED),
)
# Corners, and how far the first is turned from the top: disc, triangles, square, octagon, diamond.
_SIGN_OUTLINES = ((12, 0.0), (3, 0.0), (3, np.pi), (4, np.pi / 4), (8, np.pi / 8), (4, 0.0))


def _signal_head(lit: int, at: tuple[float, float, float]) -> Mesh:
    """A signal head that faces -x; lit: which of red, yellow and green is on."""
    x, y, z = at
    colours = ((0.9, 0.03, 0.02), (0.9, 0.45, 0.02), (0.03, 0.8, 0.25))
    parts = [
        box((0.22, 0.34, 1.0), "flat", _BLACK, TRAFFIC_LIGHT, at=at),
        quad((x + 0.02, y - 0.32, z - 0.15), (0, 0.64, 0), (0, 0, 1.3), "flat", _BLACK, TRAFFIC_LIGHT),
    ]
    for lens, colour in enumerate(colours):
        tint = np.array(colour) * (2.5 if lens == lit else 0.12)
        centre = (x - 0.115, y, z + 0.82 - 0.32 * lens)
        parts.append(disc(centre, (-1, 0, 0), 0.12, "flat", tint, TRAFFIC_LIGHT, corners=8))
    return join(parts)


def traffic_light(rng: np.random.Generator) -> Mesh:
    """Signals on a post."""
    tint = np.array(GREY) * rng.uniform(0.1, 1.0)
    head = _signal_head(int(rng.integers(3)), (-0.2, 0, 2.5))
    return join([post(3.5, 0.075, LIGHT_POST, tint), head])


def overhead_traffic_light(rng: np.random.Generator) -> Mesh:
    """Signals on a post and on an arm that reaches to +y: over the road, from its right."""
    reach, tint = rng.uniform(4, 6.5), np.array(GREY) * rng.uniform(0.2, 1.0)
    arm = [(0, 0, 0), (0, 0, 4.5), (0, 0.6, 5.6), (0, reach, 5.9)]
    mast = tube(arm, [0.14, 0.11, 0.09, 0.06], "metal", tint, LIGHT_POST)
    lit, places = int(rng.integers(3)), ((reach - 0.4, 5.0), (reach * 0.5, 4.9), (-0.1, 2.5))
    heads = [_signal_head(lit, (-0.15, y, z)) for y, z in places]
    return join([mast, *heads])


def _plate(rng: np.random.Generator, z: float) -> Mesh:
    """A sign plate at height z that faces -x: border, field and a mark; grey at the back."""
    border, field, mark = _SIGN_COLOURS[rng.integers(len(_SIGN_COLOURS))]
    corners, turn = _SIGN_OUTLINES[rng.integers(len(_SIGN_OUTLINES))]
    radius = rng.uniform(0.36, 0.5) * (1.2 if corners in (3, 4) else 1.0)
    layers = ((0.06, 1.0, GREY), (0.065, 1.0, border), (0.075, 0.78, field), (0.085, 0.3, mark))
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
    return join([post(height + 0.4, 0.04, SIGN_POST, np.array(GREY)), *plates])


def _board(rng: np.random.Generator, width: float, height: float, base: float) -> Mesh:
    """A board with lines of writing that faces -x."""
    field = (_BLUE, _GREEN, _OFF_WHITE, _YELLOW)[rng.integers(4)]
    ink = _OFF_WHITE if max(field) < 0.4 else _BLACK
    parts = [
        quad((0, -width / 2, base), (0, width, 0), (0, 0, height), "metal", GREY, TRAFFIC_SIGN),
        quad((-0.04, -width / 2, base), (0, width, 0), (0, 0, height), "flat", ink, TRAFFIC_SIGN),
        quad((-0.05, -width / 2 + 0.06, base + 0.06), (0, width - 0.12, 0), (0, 0, height - 0.12),
              "flat", field, TRAFFIC_SIGN),
    ]  # fmt: skip
    lines = max(int(height / 0.55), 1)
    for line in range(lines):
        z = base + height * (line + 0.3) / lines
        start, end = width * rng.uniform(-0.42, -0.2), width * rng.uniform(0.0, 0.42)
        along, up = (0, end - start, 0), (0, 0, height * 0.35 / lines)
        parts.append(quad((-0.06, start, z), along, up, "flat", ink, TRAFFIC_SIGN))
    return join(parts)


def direction_sign(rng: np.random.Generator) -> Mesh:
    """A large board on two posts, all of it at -y: away from the road, on its right."""
    width, height, base = rng.uniform(2, 3.6), rng.uniform(1.2, 2.4), rng.uniform(1.2, 2.4)
    posts = [
        post(base + height, 0.07, SIGN_POST).transformed((0.08, side * width * 0.35, 0))
        for side in (-1, 1)
    ]
    return join([*posts, _board(rng, width, height, base)]).transformed((0, -width / 2, 0))


def gantry(rng: np.random.Generator) -> Mesh:
    """Boards across a motorway, on a bridge of bars that reaches to +y."""
    span = 17.9
    parts = [post(7.4, 0.16, SIGN_POST).transformed((0.3, y, 0)) for y in (0, span)]
    parts += [tube([(0.3, 0, z), (0.3, span, z)], 0.09, "metal", GREY, SIGN_POST) for z in (6.3, 7.3)]
    parts += [
        _board(rng, rng.uniform(3.6, 4.4), rng.uniform(2.2, 2.8), 5.7).transformed((0, y, 0))
        for y in (3.0, 7.6, 12.2)
    ]
    return join(parts)
