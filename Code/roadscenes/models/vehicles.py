"""Cars, vans and trucks; each stands on the origin and drives towards +x.

Whoever places a vehicle gives it its instance id.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from roadscenes.class_ids import CAR, TRUCK, VAN
from roadscenes.models.mesh import Mesh, Tint, Vector, join
from roadscenes.models.primitives import box, disc, quad, surface, tube

_GLASS, _DARK, _CHROME = (0.015, 0.02, 0.022), (0.012, 0.012, 0.012), (0.45, 0.45, 0.46)
_HEAD_LAMP, _TAIL_LAMP = (0.9, 0.9, 0.85), (0.45, 0.012, 0.01)


@dataclass(frozen=True)
class _Profile:
    """A car's side view; x from the rear (0) to the front (1), heights above the road in metres."""

    length: tuple[float, float]  # shortest and longest, metres
    width: float  # metres
    bonnet: float  # height of the bonnet's rear edge
    boot: float  # height of the boot, or of the tail below the rear window
    roof: float
    cabin: Sequence[float]  # x of: tail of the cabin, rear and front of the roof, foot of the windscreen
    wheel: float  # its radius, metres


_PAINTS = np.array([
    (0.6, 0.6, 0.6), (0.3, 0.31, 0.33), (0.012, 0.012, 0.014), (0.05, 0.055, 0.06), (0.35, 0.01, 0.012),
    (0.015, 0.04, 0.2), (0.02, 0.09, 0.25), (0.03, 0.12, 0.05), (0.4, 0.3, 0.18), (0.5, 0.3, 0.02),
])  # fmt: skip
_CARS = {
    "hatchback": _Profile((3.7, 4.2), 1.72, 0.95, 0.98, 1.48, (0.01, 0.1, 0.56, 0.76), 0.31),
    "saloon": _Profile((4.4, 4.9), 1.8, 0.96, 1.02, 1.45, (0.13, 0.27, 0.56, 0.74), 0.32),
    "estate": _Profile((4.4, 4.8), 1.8, 0.97, 1.0, 1.5, (0.01, 0.06, 0.56, 0.74), 0.32),
    "off-roader": _Profile((4.2, 4.7), 1.88, 1.12, 1.15, 1.75, (0.01, 0.05, 0.58, 0.72), 0.37),
    "coupe": _Profile((4.1, 4.5), 1.78, 0.9, 0.95, 1.32, (0.08, 0.3, 0.5, 0.72), 0.32),
}


def _wheels(length: float, width: float, radius: float, axles: Sequence[float]) -> list[Mesh]:
    """Tyres, rims and wheel arches; axles: x of each, from the rear (0) to the front (1)."""
    parts = []
    for x in axles:
        for side in (-1, 1):
            hub = np.array((x * length, side * (width / 2 - 0.2), radius))
            out = np.array((0, side, 0))
            parts += [
                disc(hub + 0.205 * out + (0, 0, 0.03), out, radius * 1.2, "flat", _DARK),
                tube([hub, hub + 0.22 * out], radius, "rubber", _DARK, sides=12),
                disc(hub + 0.222 * out, out, radius, "rubber", (0.02, 0.02, 0.02)),
                disc(hub + 0.23 * out, out, radius * 0.62, "metal", _CHROME, corners=10),
            ]
    return parts


def _body(length: float, width: float, heights: Sequence[tuple[float, float]], paint: Tint) -> Mesh:
    """The shell below the windows.

    heights: (x from the rear 0 to the front 1, height of the top in metres) of each cross-section.
    """
    sections = []
    for x, top in heights:
        # Narrower and higher above the road towards both ends, as seen from above and from the side.
        taper = 1 - 0.16 * max(abs(x - 0.5) - 0.38, 0) / 0.12
        half, low = width / 2 * taper, 0.22 + 0.35 * max(abs(x - 0.5) - 0.44, 0)
        side = [  # from the sill up to the edge of the bonnet: (share of half the width, height)
            (0.9, low), (0.99, 0.35), (1.0, 0.55),
            (0.99, 0.72 * top + 0.1), (0.95, top - 0.04), (0.84, top),
        ]  # fmt: skip
        half_ring = np.array([(half * y, z) for y, z in side] + [(0.0, top + 0.015)])
        ring = np.concatenate([half_ring, half_ring[-2::-1] * (-1, 1)])  # (13, 2), mirrored at y = 0
        sections.append(np.c_[np.full(len(ring), x * length), ring])
    tips = [  # both ends close at half a metre above the road
        np.c_[section[:, :1], section[:, 1] * 0, np.full(len(section), 0.5)]
        for section in (sections[0], sections[-1])
    ]
    return surface(np.stack([tips[0], *sections, tips[1]]), "paint", paint, smooth=True)


def _pane(corners: np.ndarray, inset: tuple[float, float, float, float], lift: np.ndarray) -> Mesh:
    """Glass in front of a quad (2, 2, 3): inset by shares of its size, lifted off by a vector."""

    def at(u: float, v: float) -> np.ndarray:  # bilinear between the corners
        (a, b), (c, d) = corners
        return (a * (1 - u) + c * u) * (1 - v) + (b * (1 - u) + d * u) * v + lift

    left, right, low, high = inset
    points = [[at(u, v) for v in (low, 1 - high)] for u in (left, 1 - right)]
    return surface(np.array(points), "glass", _GLASS)


def _glazed(
    face: np.ndarray, paint: Tint, inset: tuple[float, float, float, float], lift: Vector
) -> list[Mesh]:
    """A painted quad with a `_pane` in it."""
    return [surface(face, "paint", paint), _pane(face, inset, np.array(lift))]


def _cabin_edge(length: float, profile: _Profile, side: int) -> np.ndarray:
    """One side of the cabin, (3, 2, 3): at tail, middle and nose, at the body and at the roof."""
    tail, rear, front, nose = (x * length for x in profile.cabin)
    bend, half = (rear + front) / 2, side * profile.width / 2
    low, high = half * 0.9, half * 0.7
    tail_z, nose_z, roof = profile.boot - 0.03, profile.bonnet - 0.03, profile.roof
    return np.array(
        [
            [(tail, low, tail_z), (rear, high, roof - 0.05)],
            [(bend, low, (tail_z + nose_z) / 2), (bend, high, roof)],
            [(nose, low, nose_z), (front, high, roof - 0.05)],
        ]
    )


def _cabin(length: float, profile: _Profile, paint: Tint) -> list[Mesh]:
    """Roof, pillars, panes and mirrors."""
    left, right = (_cabin_edge(length, profile, side) for side in (1, -1))
    parts = []
    for side, edge in ((1, left), (-1, right)):
        out = np.array((0, side * 0.02, 0.006))
        parts += [
            surface(edge, "paint", paint),
            _pane(edge[:2], (0.22, 0.04, 0.12, 0.1), out),
            _pane(edge[1:], (0.04, 0.2, 0.12, 0.1), out),
        ]
        mirror = edge[2, 0] + (-0.35, side * (0.05 * profile.width + 0.06), 0.05)
        parts.append(box((0.12, 0.2, 0.14), "paint", paint, at=mirror))
    for end, push in ((0, -0.015), (2, 0.015)):  # rear window and windscreen
        parts += _glazed(np.stack([left[end], right[end]]), paint, (0.08,) * 4, (push, 0, 0.008))
    # (4, 3, 3): four points across the roof at tail, middle and nose; the inner ones are crowned.
    across, crown = np.array([0.0, 0.3, 0.7, 1.0])[:, None, None], np.array([0.0, 0.04, 0.04, 0.0])
    roof = left[:, 1] * (1 - across) + right[:, 1] * across
    roof[..., 2] += crown[:, None]
    return [*parts, surface(roof, "paint", paint, smooth=True)]


def _ends(length: float, width: float, bonnet: float, boot: float, lit: bool) -> list[Mesh]:
    """Lamps, bumpers, grille and number plates; bonnet, boot: heights of the front and the rear."""
    parts = []
    head = np.array(_HEAD_LAMP) * (2.0 if lit else 0.8)
    tail = np.array(_TAIL_LAMP) * (2.0 if lit else 1.0)
    for side in (-1, 1):
        y = side * width * 0.29 - 0.17
        parts += [
            quad((length + 0.012, y, bonnet * 0.62), (0, 0.34, 0), (-0.05, 0, 0.16), "glass", head),
            quad((-0.012, y, boot * 0.68), (0, 0.34, 0), (0.03, 0, 0.2), "glass", tail),
        ]
    for x, face in ((length, 0.014), (0.0, -0.014)):
        bumper, plate = (x + face * 1.5, -width * 0.42, 0.28), (x + face * 2, -0.26, 0.42)
        parts += [
            quad(bumper, (0, width * 0.84, 0), (0, 0, 0.15), "rubber", (0.03, 0.03, 0.03)),
            quad(plate, (0, 0.52, 0), (0, 0, 0.11), "flat", (0.6, 0.6, 0.55)),
        ]
    grille = (length + 0.014, -width * 0.2, bonnet * 0.6)
    parts.append(quad(grille, (0, width * 0.4, 0), (-0.02, 0, 0.12), "flat", _DARK))
    return parts


def _paint(rng: np.random.Generator) -> np.ndarray:
    return _PAINTS[rng.integers(len(_PAINTS))] * rng.uniform(0.8, 1.2, 3)


def car(rng: np.random.Generator) -> Mesh:
    """A hatchback, saloon, estate, off-roader or coupe."""
    profile = list(_CARS.values())[rng.choice(len(_CARS), p=[0.34, 0.24, 0.18, 0.14, 0.1])]
    length, paint = rng.uniform(*profile.length), _paint(rng)
    tail, _, _, nose = profile.cabin
    bonnet, boot = profile.bonnet, profile.boot
    rear = [(0.0, boot - 0.22), (0.03, boot - 0.05), (max(tail, 0.06) + 0.02, boot)]
    front = [(nose, bonnet), (0.88, bonnet - 0.1), (0.97, bonnet - 0.2), (1.0, bonnet - 0.32)]
    heights = [*rear, (0.5, (boot + bonnet) / 2), *front]
    parts = [_body(length, profile.width, heights, paint)]
    parts += _cabin(length, profile, paint)
    parts += _wheels(length, profile.width, profile.wheel, (0.18, 0.81))
    parts += _ends(length, profile.width, bonnet, boot, rng.random() < 0.3)
    return join(parts).transformed((-length / 2, 0, 0))


def van(rng: np.random.Generator) -> Mesh:
    """A delivery van or minibus: a box with a short, sloping bonnet."""
    length, width, roof = rng.uniform(4.6, 5.8), rng.uniform(1.9, 2.05), rng.uniform(1.9, 2.5)
    paint = _PAINTS[0] if rng.random() < 0.5 else _paint(rng)
    profile = _Profile((length, length), width, 1.18, 1.2, roof, (0.005, 0.015, 0.72, 0.87), 0.34)
    heights = [(0.0, 1.12), (0.02, 1.2), (0.5, 1.2), (0.87, 1.18), (0.95, 1.05), (1.0, 0.8)]
    parts = [_body(length, width, heights, paint)]
    parts += _cabin(length, profile, paint)
    if rng.random() < 0.6:  # no windows behind the driver
        for side in (-1, 1):
            corner = (0.05 * length, side * (width / 2 * 0.9 + 0.03), 1.1)
            lean = (0, -side * width / 2 * 0.2, roof - 1.15)
            parts.append(quad(corner, (0.4 * length, 0, 0), lean, "paint", paint))
    parts += _wheels(length, width, 0.34, (0.18, 0.82))
    parts += _ends(length, width, 1.1, 1.2, rng.random() < 0.3)
    return join(parts).transformed((-length / 2, 0, 0))


def truck(rng: np.random.Generator) -> Mesh:
    """A lorry: a cab, a cargo box of another colour and large wheels."""
    length, width, roof = rng.uniform(7.0, 10.5), 2.45, rng.uniform(2.9, 3.7)
    paint = _paint(rng)
    cargo = np.array((0.6, 0.6, 0.58)) if rng.random() < 0.6 else _paint(rng)
    cargo_length = length - 1.95
    parts = [
        box((cargo_length, width, roof - 0.95), "metal", cargo, at=(cargo_length / 2, 0, 0.95)),
        box((length - 0.3, width * 0.8, 0.4), "flat", _DARK, at=(length / 2, 0, 0.6)),
        box((1.9, width * 0.96, 1.15), "paint", paint, at=(length - 0.95, 0, 0.45)),
    ]
    parts += _truck_cab(length, width, paint)
    parts += _wheels(length, width, 0.48, (0.12, 0.26, 0.86))
    parts += _ends(length, width, 1.1, 1.1, rng.random() < 0.5)
    return join(parts).transformed((-length / 2, 0, 0))


def _truck_cab(length: float, width: float, paint: np.ndarray) -> list[Mesh]:
    """Windscreen, sides and roof of the cab, above its base."""
    base, top, low, high = width * 0.48, width * 0.45, 1.6, 2.75
    rear, nose, roof_nose = length - 1.9, length, length - 0.3
    front = {side: [(nose, side * base, low), (roof_nose, side * top, high)] for side in (1, -1)}
    parts = _glazed(np.array([*front.values()]), paint, (0.06, 0.06, 0.05, 0.2), (0.015, 0, 0.01))
    for side in (1, -1):
        flank = np.array([[(rear, side * base, low), (rear, side * top, high)], front[side]])
        parts += _glazed(flank, paint, (0.25, 0.08, 0.02, 0.25), (0, side * 0.015, 0))
    parts.append(quad((rear, -top, high), (1.6, 0, 0), (0, 2 * top, 0), "paint", paint))
    return parts


BUILDERS = {CAR: car, VAN: van, TRUCK: truck}
