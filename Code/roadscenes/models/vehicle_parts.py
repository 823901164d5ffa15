"""The parts of vehicles: shell, cabin, wheels, lamps and plates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from roadscenes.models.mesh import Mesh, Tint
from roadscenes.models.primitives import box, disc, quad, surface, tube

_GLASS, DARK, _CHROME = (0.015, 0.02, 0.022), (0.012, 0.012, 0.012), (0.45, 0.45, 0.46)
_HEAD_LAMP, _TAIL_LAMP = (0.9, 0.9, 0.85), (0.45, 0.012, 0.01)


@dataclass(frozen=True)
class Profile:
    """A car's side view; x from the rear (0) to the front (1), heights above the road in metres."""

    length: tuple[float, float]  # shortest and longest, metres
    width: float  # metres
    bonnet: float  # height of the bonnet's rear edge
    boot: float  # height of the boot, or of the tail below the rear window
    roof: float
    cabin: Sequence[float]  # x of: tail of the cabin, rear and front of the roof, foot of the windscreen
    wheel: float  # its radius, metres


def wheels(length: float, width: float, radius: float, axles: Sequence[float]) -> list[Mesh]:
    """Tyres, rims and wheel arches.

    Args:
        length, width: of the vehicle, metres.
        radius: of a wheel, metres.
        axles: x of each, from the rear (0) to the front (1).
    """
    parts = []
    for x in axles:
        for side in (-1, 1):
            hub = np.array((x * length, side * (width / 2 - 0.2), radius))
            out = np.array((0, side, 0))
            parts += [
                disc(hub + 0.205 * out + (0, 0, 0.03), out, radius * 1.2, "flat", DARK),
                tube([hub, hub + 0.22 * out], radius, "rubber", DARK, sides=12),
                disc(hub + 0.222 * out, out, radius, "rubber", (0.02, 0.02, 0.02)),
                disc(hub + 0.23 * out, out, radius * 0.62, "metal", _CHROME, corners=10),
            ]
    return parts


def body(length: float, width: float, heights: Sequence[tuple[float, float]], paint: Tint) -> Mesh:
    """The shell below the windows.

    Args:
        length, width: of the vehicle, metres.
        heights: (x from the rear 0 to the front 1, height of the top in metres) of each cross-section.
        paint: linear colour.
    """
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
    return surface(np.stack([tips[0], *sections, tips[1]]), "paint", paint, smooth=True)


def pane(corners: np.ndarray, inset: tuple[float, float, float, float], lift: np.ndarray) -> Mesh:
    """Glass in front of a quad (2, 2, 3): inset by shares of its size, lifted off by a vector."""

    def at(u: float, v: float) -> np.ndarray:
        (a, b), (c, d) = corners
        return (a * (1 - u) + c * u) * (1 - v) + (b * (1 - u) + d * u) * v + lift

    left, right, low, high = inset
    points = [[at(u, v) for v in (low, 1 - high)] for u in (left, 1 - right)]
    return surface(np.array(points), "glass", _GLASS)


def _cabin_edge(length: float, profile: Profile, side: int) -> np.ndarray:
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


def cabin(length: float, profile: Profile, paint: Tint) -> list[Mesh]:
    """Roof, pillars, panes and mirrors."""
    left, right = (_cabin_edge(length, profile, side) for side in (1, -1))
    parts = []
    for side, edge in ((1, left), (-1, right)):
        out = np.array((0, side * 0.02, 0.006))
        parts += [surface(edge, "paint", paint)]
        parts += [
            pane(edge[:2], (0.22, 0.04, 0.12, 0.1), out),
            pane(edge[1:], (0.04, 0.2, 0.12, 0.1), out),
        ]
        mirror = edge[2, 0] + (-0.35, side * (0.05 * profile.width + 0.06), 0.05)
        parts.append(box((0.12, 0.2, 0.14), "paint", paint, at=mirror))
    for end, push in ((0, -0.015), (2, 0.015)):  # rear window and windscreen
        screen = np.stack([left[end], right[end]])
        parts += [surface(screen, "paint", paint), pane(screen, (0.08,) * 4, np.array((push, 0, 0.008)))]
    across, crown = np.array([0.0, 0.3, 0.7, 1.0])[:, None, None], np.array([0.0, 0.04, 0.04, 0.0])
    roof = left[:, 1] * (1 - across) + right[:, 1] * across
    roof[..., 2] += crown[:, None]
    return [*parts, surface(roof, "paint", paint, smooth=True)]


def ends(length: float, width: float, bonnet: float, boot: float, lit: bool) -> list[Mesh]:
    """Lamps, bumpers, grille and number plates.

    Args:
        length, width: of the vehicle, metres.
        bonnet, boot: heights of its front and its rear, metres.
        lit: whether the lamps are on.
    """
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
    parts.append(quad(grille, (0, width * 0.4, 0), (-0.02, 0, 0.12), "flat", DARK))
    return parts
