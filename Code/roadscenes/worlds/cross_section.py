"""A road's cross-section: adjacent strips of ground, and the markings painted on them."""

from dataclasses import dataclass

import numpy as np

from roadscenes.class_ids import ROAD, TERRAIN
from roadscenes.models.mesh import Tint

ASPHALT, DARK_ASPHALT = (0.062, 0.06, 0.058), (0.04, 0.04, 0.041)
PALE_GRAVEL, SLABS, EARTH = (0.5, 0.46, 0.4), (0.3, 0.29, 0.27), (0.17, 0.13, 0.085)
LAWN, MEADOW = (0.07, 0.1, 0.025), (0.14, 0.14, 0.045)


@dataclass(frozen=True, kw_only=True)
class GroundStrip:
    """Ground between two distances from the centre line."""

    t: tuple[float, float]  # from, to: metres to the left of the centre line
    z: tuple[float, float]  # heights there, metres
    texture: str
    tint: Tint
    class_id: int = TERRAIN
    bumps: float = 0.0  # height of waves in the ground, metres, growing with distance from the road
    flat_at: tuple[float, ...] = ()  # places along the road around which there are no waves

    def holds(self, t: float) -> bool:
        return min(self.t) <= t <= max(self.t)

    def height(self, s: np.ndarray | float, t: np.ndarray | float) -> np.ndarray:
        """Height of the ground above the centre line, metres."""
        share = (t - self.t[0]) / (self.t[1] - self.t[0])
        if not self.bumps:
            return self.z[0] + (self.z[1] - self.z[0]) * share
        share = np.sqrt(share)
        waves = np.sin(s * 0.043 + t * 0.05) + 0.6 * np.sin(s * 0.11 - t * 0.08 + 1.3) + 0.5
        for place in self.flat_at:
            waves = waves * np.clip((np.abs(s - place) - 10.0) / 15.0, 0, 1)
        return self.z[0] + (self.z[1] - self.z[0]) * share + self.bumps * share * waves


@dataclass(frozen=True, kw_only=True)
class RoadMarking:
    """A line painted along a road, solid or dashed."""

    t: float  # metres to the left of the centre line
    width: float = 0.14  # metres
    dash: float = 0.0  # length of a dash, metres; 0: solid
    gap: float = 0.0  # between two dashes, metres


def dashed(t: float) -> RoadMarking:
    """The line between two lanes of a road in town."""
    return RoadMarking(t=t, dash=3.0, gap=5.0)


def roadway(half_width: float, tint: Tint) -> GroundStrip:
    return GroundStrip(
        t=(-half_width, half_width), z=(0.0, 0.0), texture="asphalt", tint=tint, class_id=ROAD
    )


def on_both_sides(
    t: tuple[float, float], z: tuple[float, float], texture: str, tint: Tint, bumps: float = 0.0
) -> tuple[GroundStrip, ...]:
    """The same strip of terrain to the left and to the right.

    Args:
        t, z, texture, tint, bumps: as in GroundStrip, for the left side.
    """
    left = GroundStrip(t=t, z=z, texture=texture, tint=tint, bumps=bumps)
    right = GroundStrip(t=(-t[0], -t[1]), z=z, texture=texture, tint=tint, bumps=bumps)
    return left, right


def kerbs(half_width: float) -> tuple[GroundStrip, ...]:
    """Both kerbs of a road, 0.2 m wide and 0.12 m high."""
    face, top = half_width + 0.01, half_width + 0.2
    return (
        *on_both_sides((half_width, face), (0.0, 0.12), "concrete", (0.4, 0.4, 0.39)),
        *on_both_sides((face, top), (0.12, 0.12), "concrete", (0.45, 0.45, 0.43)),
    )
