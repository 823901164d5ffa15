"""Cars, vans and trucks; each stands on the origin and drives towards +x.

The owner is left 0: whoever places a vehicle says which instance it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from roadseg.sources.miniature.labels import CAR, TRUCK, VAN
from roadseg.sources.miniature.mesh import Mesh, box, disc, join, panel, sheet, tube

_PAINTS = np.array(
    [
        (0.6, 0.6, 0.6),
        (0.3, 0.31, 0.33),
        (0.012, 0.012, 0.014),
        (0.05, 0.055, 0.06),
        (0.35, 0.01, 0.012),
        (0.015, 0.04, 0.2),
        (0.02, 0.09, 0.25),
        (0.03, 0.12, 0.05),
        (0.4, 0.3, 0.18),
        (0.5, 0.3, 0.02),
    ]
)
_GLASS, _DARK, _CHROME = (0.015, 0.02, 0.022), (0.012, 0.012, 0.012), (0.45, 0.45, 0.46)
_HEAD_LAMP, _TAIL_LAMP = (0.9, 0.9, 0.85), (0.45, 0.012, 0.01)


@dataclass(frozen=True)
class Shape:
    """A car's side view. x runs from the rear (0) to the front (1), z from the road in metres."""

    length: tuple[float, float]
    width: float
    bonnet: float  # height of the bonnet's rear edge
    boot: float  # height of the boot, or of the tail below the rear window
    roof: float
    cabin: Sequence[float]  # x of: tail of the cabin, rear and front of the roof, foot of the windscreen
    wheel: float  # radius


_SHAPES = {
    "hatchback": Shape((3.7, 4.2), 1.72, 0.95, 0.98, 1.48, (0.01, 0.1, 0.56, 0.76), 0.31),
    "saloon": Shape((4.4, 4.9), 1.8, 0.96, 1.02, 1.45, (0.13, 0.27, 0.56, 0.74), 0.32),
    "estate": Shape((4.4, 4.8), 1.8, 0.97, 1.0, 1.5, (0.01, 0.06, 0.56, 0.74), 0.32),
    "off-roader": Shape((4.2, 4.7), 1.88, 1.12, 1.15, 1.75, (0.01, 0.05, 0.58, 0.72), 0.37),
    "coupe": Shape((4.1, 4.5), 1.78, 0.9, 0.95, 1.32, (0.08, 0.3, 0.5, 0.72), 0.32),
}


def _paint(rng: np.random.Generator) -> np.ndarray:
    return _PAINTS[rng.integers(len(_PAINTS))] * rng.uniform(0.8, 1.2, 3)


def _wheels(length: float, width: float, radius: float, axles: Sequence[float]) -> list[Mesh]:
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


def _body(length: float, width: float, heights: Sequence[tuple[float, float]], paint) -> Mesh:
    """The shell below the windows: one cross-section for each (x in 0..1, height of its top)."""
    sections = []
    for x, top in heights:
        taper = 1 - 0.16 * max(abs(x - 0.5) - 0.38, 0) / 0.12
        half, low = width / 2 * taper, 0.22 + 0.35 * max(abs(x - 0.5) - 0.44, 0)
        side = [
            (0.9, low),
            (0.99, 0.35),
            (1.0, 0.55),
            (0.99, 0.72 * top + 0.1),
            (0.95, top - 0.04),
            (0.84, top),
        ]
        half_ring = np.array([(half * y, z) for y, z in side] + [(0.0, top + 0.015)])
        ring = np.concatenate([half_ring, half_ring[-2::-1] * (-1, 1)])
        sections.append(np.c_[np.full(len(ring), x * length), ring])
    tips = [
        np.c_[section[:, :1], section[:, 1] * 0, np.full(len(section), 0.5)]
        for section in (sections[0], sections[-1])
    ]
    return sheet(np.stack([tips[0], *sections, tips[1]]), "paint", paint, smooth=True)


def _pane(corners: np.ndarray, inset: tuple[float, float, float, float], lift: np.ndarray) -> Mesh:
    """Glass in front of a quad (2, 2, 3): inset in 0..1 from its four edges, lifted off by a vector."""

    def at(u: float, v: float) -> np.ndarray:
        (a, b), (c, d) = corners
        return (a * (1 - u) + c * u) * (1 - v) + (b * (1 - u) + d * u) * v + lift

    left, right, low, high = inset
    points = [[at(u, v) for v in (low, 1 - high)] for u in (left, 1 - right)]
    return sheet(np.array(points), "glass", _GLASS)


def _cabin(length: float, width: float, shape: Shape, paint) -> list[Mesh]:
    """Roof, pillars and panes."""
    tail, rear, front, nose = (x * length for x in shape.cabin)
    low, high = width / 2 * 0.9, width / 2 * 0.7
    rear_z, front_z, roof = shape.boot - 0.03, shape.bonnet - 0.03, shape.roof
    bend = (rear + front) / 2
    parts = []
    for side in (1, -1):
        base = np.array(
            [
                (tail, side * low, rear_z),
                (bend, side * low, (rear_z + front_z) / 2),
                (nose, side * low, front_z),
            ]
        )
        edge = np.array(
            [
                (rear, side * high, roof - 0.05),
                (bend, side * high, roof),
                (front, side * high, roof - 0.05),
            ]
        )
        parts.append(sheet(np.stack([base, edge], 1), "paint", paint))
        out = np.array((0, side * 0.02, 0.006))
        parts.append(
            _pane(np.array([[base[0], edge[0]], [base[1], edge[1]]]), (0.22, 0.04, 0.12, 0.1), out)
        )
        parts.append(
            _pane(np.array([[base[1], edge[1]], [base[2], edge[2]]]), (0.04, 0.2, 0.12, 0.1), out)
        )
        mirror = box(
            (0.12, 0.2, 0.14),
            "paint",
            paint,
            at=(nose - 0.35, side * (width / 2 + 0.06), front_z + 0.05),
        )
        parts.append(mirror)
    across = np.array([1.0, 0.4, -0.4, -1.0])
    crown = np.array([0.0, 0.04, 0.04, 0.0])
    roof_points = [
        np.c_[np.full(4, x), high * across, z + crown]
        for x, z in ((rear, roof - 0.05), (bend, roof), (front, roof - 0.05))
    ]
    parts.append(sheet(np.stack(roof_points), "paint", paint, smooth=True))
    for foot, top, z, push in ((tail, rear, rear_z, -0.015), (nose, front, front_z, 0.015)):
        quad = np.array(
            [[(foot, low, z), (top, high, roof - 0.05)], [(foot, -low, z), (top, -high, roof - 0.05)]]
        )
        parts += [
            sheet(quad, "paint", paint),
            _pane(quad, (0.08, 0.08, 0.08, 0.08), np.array((push, 0, 0.008))),
        ]
    return parts


def _ends(length: float, width: float, bonnet: float, boot: float, lit: bool) -> list[Mesh]:
    """Lamps, bumpers, grille and number plates."""
    parts = []
    head, tail = (
        np.array(_HEAD_LAMP) * (2.0 if lit else 0.8),
        np.array(_TAIL_LAMP) * (2.0 if lit else 1.0),
    )
    for side in (-1, 1):
        y = side * width * 0.29 - 0.17
        parts += [
            panel((length + 0.012, y, bonnet * 0.62), (0, 0.34, 0), (-0.05, 0, 0.16), "glass", head),
            panel((-0.012, y, boot * 0.68), (0, 0.34, 0), (0.03, 0, 0.2), "glass", tail),
        ]
    for x, face in ((length, 0.014), (0.0, -0.014)):
        parts += [
            panel(
                (x + face * 1.5, -width * 0.42, 0.28),
                (0, width * 0.84, 0),
                (0, 0, 0.15),
                "rubber",
                (0.03, 0.03, 0.03),
            ),
            panel((x + face * 2, -0.26, 0.42), (0, 0.52, 0), (0, 0, 0.11), "flat", (0.6, 0.6, 0.55)),
        ]
    parts.append(
        panel(
            (length + 0.014, -width * 0.2, bonnet * 0.6),
            (0, width * 0.4, 0),
            (-0.02, 0, 0.12),
            "flat",
            _DARK,
        )
    )
    return parts


def car(rng: np.random.Generator) -> Mesh:
    """A hatchback, saloon, estate, off-roader or coupe."""
    shape = list(_SHAPES.values())[rng.choice(len(_SHAPES), p=[0.34, 0.24, 0.18, 0.14, 0.1])]
    length, paint = rng.uniform(*shape.length), _paint(rng)
    tail, _, _, nose = shape.cabin
    heights = [(0.0, shape.boot - 0.22), (0.03, shape.boot - 0.05), (max(tail, 0.06) + 0.02, shape.boot),
               (0.5, (shape.boot + shape.bonnet) / 2), (nose, shape.bonnet), (0.88, shape.bonnet - 0.1),
               (0.97, shape.bonnet - 0.2), (1.0, shape.bonnet - 0.32)]  # fmt: skip
    parts = [_body(length, shape.width, heights, paint)]
    parts += _cabin(length, shape.width, shape, paint)
    parts += _wheels(length, shape.width, shape.wheel, (0.18, 0.81))
    parts += _ends(length, shape.width, shape.bonnet, shape.boot, rng.random() < 0.3)
    return join(parts).moved((-length / 2, 0, 0))


def van(rng: np.random.Generator) -> Mesh:
    """A delivery van or minibus: a box with a short, sloping bonnet."""
    length, width, roof = rng.uniform(4.6, 5.8), rng.uniform(1.9, 2.05), rng.uniform(1.9, 2.5)
    paint = _PAINTS[0] if rng.random() < 0.5 else _paint(rng)
    shape = Shape((length, length), width, 1.18, 1.2, roof, (0.005, 0.015, 0.72, 0.87), 0.34)
    heights = [(0.0, 1.12), (0.02, 1.2), (0.5, 1.2), (0.87, 1.18), (0.95, 1.05), (1.0, 0.8)]
    parts = [_body(length, width, heights, paint)]
    parts += _cabin(length, width, shape, paint)
    if rng.random() < 0.6:  # no windows behind the driver
        for side in (-1, 1):
            corner = (0.05 * length, side * (width / 2 * 0.9 + 0.03), 1.1)
            lean = (0, -side * width / 2 * 0.2, roof - 1.15)
            parts.append(panel(corner, (0.4 * length, 0, 0), lean, "paint", paint))
    parts += _wheels(length, width, 0.34, (0.18, 0.82))
    parts += _ends(length, width, 1.1, 1.2, rng.random() < 0.3)
    return join(parts).moved((-length / 2, 0, 0))


def truck(rng: np.random.Generator) -> Mesh:
    """A lorry: a cab, a cargo box of another colour and large wheels."""
    length, width, roof = rng.uniform(7.0, 10.5), 2.45, rng.uniform(2.9, 3.7)
    paint = _paint(rng)
    cargo = np.array((0.6, 0.6, 0.58)) if rng.random() < 0.6 else _paint(rng)
    cab = length - 1.95
    parts = [
        box((cab, width, roof - 0.95), "metal", cargo, at=(cab / 2, 0, 0.95)),
        box((length - 0.3, width * 0.8, 0.4), "flat", _DARK, at=(length / 2, 0, 0.6)),
        box((1.9, width * 0.96, 1.15), "paint", paint, at=(length - 0.95, 0, 0.45)),
    ]
    base, top = width * 0.48, width * 0.45
    front = np.array(
        [
            [(length, base, 1.6), (length - 0.3, top, 2.75)],
            [(length, -base, 1.6), (length - 0.3, -top, 2.75)],
        ]
    )
    parts += [
        sheet(front, "paint", paint),
        _pane(front, (0.06, 0.06, 0.05, 0.2), np.array((0.015, 0, 0.01))),
    ]
    for side in (1, -1):
        flank = np.array([[(length - 1.9, side * base, 1.6), (length - 1.9, side * top, 2.75)],
                          [(length, side * base, 1.6), (length - 0.3, side * top, 2.75)]])  # fmt: skip
        parts += [
            sheet(flank, "paint", paint),
            _pane(flank, (0.25, 0.08, 0.02, 0.25), np.array((0, side * 0.015, 0))),
        ]
    parts.append(panel((length - 1.9, -top, 2.75), (1.6, 0, 0), (0, 2 * top, 0), "paint", paint))
    parts += _wheels(length, width, 0.48, (0.12, 0.26, 0.86))
    parts += _ends(length, width, 1.1, 1.1, rng.random() < 0.5)
    return join(parts).moved((-length / 2, 0, 0))


MAKERS = {CAR: car, VAN: van, TRUCK: truck}
