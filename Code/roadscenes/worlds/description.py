"""Descriptions of worlds: the road, the props beside it and the traffic on it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from roadscenes.models.mesh import Mesh
from roadscenes.worlds.cross_section import GroundStrip, RoadMarking
from roadseg.data.sources.virtual_kitti import FRAME_COUNTS

Builder = Callable[[np.random.Generator], Mesh]
PARKED = "parked"  # instead of a builder: a parked car or van, with its own instance id
LEFT, RIGHT, BOTH = (1,), (-1,), (1, -1)  # sides of a road


@dataclass(frozen=True, kw_only=True)
class PropRow:
    """Props along a road at about equal distances; the builder of each is drawn at random."""

    builders: tuple[Builder | str, ...]
    t: tuple[float, float]  # least and greatest distance from the centre line, metres
    spacing: float  # metres
    probability: float = 1.0  # that something stands at a place
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
class WorldDescription:
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

    def varied(self, rng: np.random.Generator) -> "WorldDescription":
        """A copy with more of some props and fewer of others."""
        rows = [replace(row, probability=row.probability ** rng.uniform(0.5, 2.0)) for row in self.props]
        return replace(self, props=tuple(rows))
