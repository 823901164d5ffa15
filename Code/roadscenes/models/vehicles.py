"""Cars, vans and trucks; each stands on the origin and drives towards +x.

Whoever places a vehicle gives it its instance id.
"""

import numpy as np

from roadscenes.class_ids import CAR, TRUCK, VAN
from roadscenes.models.mesh import Mesh, join
from roadscenes.models.primitives import box, quad, surface
from roadscenes.models.vehicle_parts import DARK, Profile, body, cabin, ends, pane, wheels

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
_CARS = {
    "hatchback": Profile((3.7, 4.2), 1.72, 0.95, 0.98, 1.48, (0.01, 0.1, 0.56, 0.76), 0.31),
    "saloon": Profile((4.4, 4.9), 1.8, 0.96, 1.02, 1.45, (0.13, 0.27, 0.56, 0.74), 0.32),
    "estate": Profile((4.4, 4.8), 1.8, 0.97, 1.0, 1.5, (0.01, 0.06, 0.56, 0.74), 0.32),
    "off-roader": Profile((4.2, 4.7), 1.88, 1.12, 1.15, 1.75, (0.01, 0.05, 0.58, 0.72), 0.37),
    "coupe": Profile((4.1, 4.5), 1.78, 0.9, 0.95, 1.32, (0.08, 0.3, 0.5, 0.72), 0.32),
}


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
    parts = [body(length, profile.width, heights, paint)]
    parts += cabin(length, profile, paint)
    parts += wheels(length, profile.width, profile.wheel, (0.18, 0.81))
    parts += ends(length, profile.width, bonnet, boot, rng.random() < 0.3)
    return join(parts).transformed((-length / 2, 0, 0))


def van(rng: np.random.Generator) -> Mesh:
    """A delivery van or minibus: a box with a short, sloping bonnet."""
    length, width, roof = rng.uniform(4.6, 5.8), rng.uniform(1.9, 2.05), rng.uniform(1.9, 2.5)
    paint = _PAINTS[0] if rng.random() < 0.5 else _paint(rng)
    profile = Profile((length, length), width, 1.18, 1.2, roof, (0.005, 0.015, 0.72, 0.87), 0.34)
    heights = [(0.0, 1.12), (0.02, 1.2), (0.5, 1.2), (0.87, 1.18), (0.95, 1.05), (1.0, 0.8)]
    parts = [body(length, width, heights, paint)]
    parts += cabin(length, profile, paint)
    if rng.random() < 0.6:  # no windows behind the driver
        for side in (-1, 1):
            corner = (0.05 * length, side * (width / 2 * 0.9 + 0.03), 1.1)
            lean = (0, -side * width / 2 * 0.2, roof - 1.15)
            parts.append(quad(corner, (0.4 * length, 0, 0), lean, "paint", paint))
    parts += wheels(length, width, 0.34, (0.18, 0.82))
    parts += ends(length, width, 1.1, 1.2, rng.random() < 0.3)
    return join(parts).transformed((-length / 2, 0, 0))


def truck(rng: np.random.Generator) -> Mesh:
    """A lorry: a cab, a cargo box of another colour and large wheels."""
    length, width, roof = rng.uniform(7.0, 10.5), 2.45, rng.uniform(2.9, 3.7)
    paint = _paint(rng)
    cargo = np.array((0.6, 0.6, 0.58)) if rng.random() < 0.6 else _paint(rng)
    cargo_length = length - 1.95
    parts = [
        box((cargo_length, width, roof - 0.95), "metal", cargo, at=(cargo_length / 2, 0, 0.95)),
        box((length - 0.3, width * 0.8, 0.4), "flat", DARK, at=(length / 2, 0, 0.6)),
        box((1.9, width * 0.96, 1.15), "paint", paint, at=(length - 0.95, 0, 0.45)),
    ]
    parts += _truck_cab(length, width, paint)
    parts += wheels(length, width, 0.48, (0.12, 0.26, 0.86))
    parts += ends(length, width, 1.1, 1.1, rng.random() < 0.5)
    return join(parts).transformed((-length / 2, 0, 0))


def _truck_cab(length: float, width: float, paint: np.ndarray) -> list[Mesh]:
    """Windscreen, sides and roof of the cab, above its base."""
    base, top, low, high = width * 0.48, width * 0.45, 1.6, 2.75
    rear, nose, roof_nose = length - 1.9, length, length - 0.3
    front = np.array(
        [[(nose, base, low), (roof_nose, top, high)], [(nose, -base, low), (roof_nose, -top, high)]]
    )
    parts = [
        surface(front, "paint", paint),
        pane(front, (0.06, 0.06, 0.05, 0.2), np.array((0.015, 0, 0.01))),
    ]
    for side in (1, -1):
        rear_edge = [(rear, side * base, low), (rear, side * top, high)]
        front_edge = [(nose, side * base, low), (roof_nose, side * top, high)]
        flank = np.array([rear_edge, front_edge])
        parts += [
            surface(flank, "paint", paint),
            pane(flank, (0.25, 0.08, 0.02, 0.25), np.array((0, side * 0.015, 0))),
        ]
    parts.append(quad((rear, -top, high), (1.6, 0, 0), (0, 2 * top, 0), "paint", paint))
    return parts


BUILDERS = {CAR: car, VAN: van, TRUCK: truck}
