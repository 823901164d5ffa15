"""Cars, vans and trucks; each stands on the origin and drives towards +x.

The owner is left 0: whoever places a vehicle says which instance it is.
"""

import numpy as np

from roadscenes.bodies import DARK, Shape, body, cabin, ends, pane, wheels
from roadscenes.labels import CAR, TRUCK, VAN
from roadscenes.mesh import Mesh, box, join, panel, sheet

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
_SHAPES = {
    "hatchback": Shape((3.7, 4.2), 1.72, 0.95, 0.98, 1.48, (0.01, 0.1, 0.56, 0.76), 0.31),
    "saloon": Shape((4.4, 4.9), 1.8, 0.96, 1.02, 1.45, (0.13, 0.27, 0.56, 0.74), 0.32),
    "estate": Shape((4.4, 4.8), 1.8, 0.97, 1.0, 1.5, (0.01, 0.06, 0.56, 0.74), 0.32),
    "off-roader": Shape((4.2, 4.7), 1.88, 1.12, 1.15, 1.75, (0.01, 0.05, 0.58, 0.72), 0.37),
    "coupe": Shape((4.1, 4.5), 1.78, 0.9, 0.95, 1.32, (0.08, 0.3, 0.5, 0.72), 0.32),
}


def _paint(rng: np.random.Generator) -> np.ndarray:
    return _PAINTS[rng.integers(len(_PAINTS))] * rng.uniform(0.8, 1.2, 3)


def car(rng: np.random.Generator) -> Mesh:
    """A hatchback, saloon, estate, off-roader or coupe."""
    shape = list(_SHAPES.values())[rng.choice(len(_SHAPES), p=[0.34, 0.24, 0.18, 0.14, 0.1])]
    length, paint = rng.uniform(*shape.length), _paint(rng)
    tail, _, _, nose = shape.cabin
    heights = [(0.0, shape.boot - 0.22), (0.03, shape.boot - 0.05), (max(tail, 0.06) + 0.02, shape.boot),
               (0.5, (shape.boot + shape.bonnet) / 2), (nose, shape.bonnet), (0.88, shape.bonnet - 0.1),
               (0.97, shape.bonnet - 0.2), (1.0, shape.bonnet - 0.32)]  # fmt: skip
    parts = [body(length, shape.width, heights, paint)]
    parts += cabin(length, shape, paint)
    parts += wheels(length, shape.width, shape.wheel, (0.18, 0.81))
    parts += ends(length, shape.width, shape.bonnet, shape.boot, rng.random() < 0.3)
    return join(parts).moved((-length / 2, 0, 0))


def van(rng: np.random.Generator) -> Mesh:
    """A delivery van or minibus: a box with a short, sloping bonnet."""
    length, width, roof = rng.uniform(4.6, 5.8), rng.uniform(1.9, 2.05), rng.uniform(1.9, 2.5)
    paint = _PAINTS[0] if rng.random() < 0.5 else _paint(rng)
    shape = Shape((length, length), width, 1.18, 1.2, roof, (0.005, 0.015, 0.72, 0.87), 0.34)
    heights = [(0.0, 1.12), (0.02, 1.2), (0.5, 1.2), (0.87, 1.18), (0.95, 1.05), (1.0, 0.8)]
    parts = [body(length, width, heights, paint)]
    parts += cabin(length, shape, paint)
    if rng.random() < 0.6:  # no windows behind the driver
        for side in (-1, 1):
            corner = (0.05 * length, side * (width / 2 * 0.9 + 0.03), 1.1)
            lean = (0, -side * width / 2 * 0.2, roof - 1.15)
            parts.append(panel(corner, (0.4 * length, 0, 0), lean, "paint", paint))
    parts += wheels(length, width, 0.34, (0.18, 0.82))
    parts += ends(length, width, 1.1, 1.2, rng.random() < 0.3)
    return join(parts).moved((-length / 2, 0, 0))


def truck(rng: np.random.Generator) -> Mesh:
    """A lorry: a cab, a cargo box of another colour and large wheels."""
    length, width, roof = rng.uniform(7.0, 10.5), 2.45, rng.uniform(2.9, 3.7)
    paint = _paint(rng)
    cargo = np.array((0.6, 0.6, 0.58)) if rng.random() < 0.6 else _paint(rng)
    cab = length - 1.95
    parts = [
        box((cab, width, roof - 0.95), "metal", cargo, at=(cab / 2, 0, 0.95)),
        box((length - 0.3, width * 0.8, 0.4), "flat", DARK, at=(length / 2, 0, 0.6)),
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
        pane(front, (0.06, 0.06, 0.05, 0.2), np.array((0.015, 0, 0.01))),
    ]
    for side in (1, -1):
        flank = np.array([[(length - 1.9, side * base, 1.6), (length - 1.9, side * top, 2.75)],
                          [(length, side * base, 1.6), (length - 0.3, side * top, 2.75)]])  # fmt: skip
        parts += [
            sheet(flank, "paint", paint),
            pane(flank, (0.25, 0.08, 0.02, 0.25), np.array((0, side * 0.015, 0))),
        ]
    parts.append(panel((length - 1.9, -top, 2.75), (1.6, 0, 0), (0, 2 * top, 0), "paint", paint))
    parts += wheels(length, width, 0.48, (0.12, 0.26, 0.86))
    parts += ends(length, width, 1.1, 1.1, rng.random() < 0.5)
    return join(parts).moved((-length / 2, 0, 0))


MAKERS = {CAR: car, VAN: van, TRUCK: truck}
