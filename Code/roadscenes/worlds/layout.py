"""Terms in which a world is laid out: the road's cross-section, props beside it, traffic on it."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, replace

import numpy as np

from roadscenes.class_ids import PAVEMENT, ROAD, TERRAIN
from roadscenes.models.mesh import Mesh, Tint
from roadseg.data.sources.virtual_kitti import FRAME_COUNTS

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


def dashed(t: float, dash: float = 3.0, gap: float = 5.0) -> RoadMarking:
    """The line between two lanes, by default of a road in town; metres."""
    return RoadMarking(t=t, dash=dash, gap=gap)


def roadway(half_width: float, tint: Tint) -> GroundStrip:
    return GroundStrip(
        t=(-half_width, half_width), z=(0.0, 0.0), texture="asphalt", tint=tint, class_id=ROAD
    )


def on_both_sides(
    t: tuple[float, float], z: tuple[float, float], texture: str, tint: Tint, bumps: float = 0.0,
    class_id: int = TERRAIN,
) -> tuple[GroundStrip, ...]:  # fmt: skip
    """The same strip of ground to the left, as GroundStrip has it, and to the right."""
    left = GroundStrip(t=t, z=z, texture=texture, tint=tint, bumps=bumps, class_id=class_id)
    return left, replace(left, t=(-t[0], -t[1]))


def pavements(t: tuple[float, float], texture: str, tint: Tint) -> tuple[GroundStrip, ...]:
    """Level ground for people on both sides of a road, as high as its kerbs."""
    return on_both_sides(t, (0.12, 0.12), texture, tint, class_id=PAVEMENT)


def kerbs(half_width: float) -> tuple[GroundStrip, ...]:
    """Both kerbs of a road, 0.2 m wide and 0.12 m high."""
    face, top = half_width + 0.01, half_width + 0.2
    return (
        *on_both_sides((half_width, face), (0.0, 0.12), "concrete", (0.4, 0.4, 0.39), class_id=PAVEMENT),
        *pavements((face, top), "concrete", (0.45, 0.45, 0.43)),
    )


Builder = Callable[[np.random.Generator], Mesh]
PARKED = "parked"  # instead of a builder: a parked car or van, with its own instance id
LEFT, RIGHT, BOTH = (1,), (-1,), (1, -1)  # sides of a road


@dataclass(frozen=True)
class PropRow:
    """Props along a road at about equal distances; the builder of each is drawn at random."""

    builders: tuple[Builder | str, ...]
    t: tuple[float, float]  # least and greatest distance from the centre line, metres
    spacing: float  # metres
    _: KW_ONLY
    chance: float = 1.0  # that something stands at a place
    sides: tuple[int, ...] = BOTH
    jitter: float = 0.0  # of the places along the road, share of the spacing
    clearance: float = 1.0  # metres kept free on both sides of a crossing
    scale: tuple[float, float] = (0.9, 1.1)


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A stream of vehicles."""

    t: float  # metres to the left of the centre line
    speed: float  # metres a second; negative: against s
    truck_share: float = 0.015
    van_share: float = 0.08
    on_crossings: bool = False  # on the roads that cross, not on the main road


@dataclass(frozen=True, kw_only=True)
class FlowingLane(Lane):
    """Vehicles that keep driving."""

    spacing: float  # between the middles of two vehicles, metres on average
    first_ahead: float | None = None  # in the camera's lane: the nearest vehicle ahead, metres


@dataclass(frozen=True, kw_only=True)
class QueueLane(Lane):
    """Vehicles that arrive at a stop line and wait."""

    stops_at: float  # where the first one stops, metres along the road
    queue_length: int = 5  # vehicles


@dataclass(frozen=True, kw_only=True)
class WorldLayout:
    """Everything about a world that does not depend on the seed."""

    name: str  # of the world of Virtual KITTI that it is like
    half_width: float  # of the main road, from its centre line to its edge, metres
    heading_swing: float  # how far the main road's direction swings, radians
    hill_height: float  # how far it rises and falls, metres
    camera_speed: float  # metres a second
    camera_t: float  # metres to the left of the centre line
    camera_stops_at: float | None = None  # where the camera's drive ends, metres
    ground: tuple[GroundStrip, ...]
    markings: tuple[RoadMarking, ...]
    props: tuple[PropRow, ...]
    lanes: tuple[Lane, ...]
    crossings: tuple[float, ...] = ()  # where other roads cross, metres along the main road
    crossing_half_width: float = 3.5  # metres

    @property
    def frames(self) -> int:
        """Number of frames of the drive, as in Virtual KITTI."""
        return FRAME_COUNTS[self.name]

    def varied(self, rng: np.random.Generator) -> "WorldLayout":
        """A copy with more of some props and fewer of others."""
        rows = [replace(row, chance=row.chance ** rng.uniform(0.5, 2.0)) for row in self.props]
        return replace(self, props=tuple(rows))
