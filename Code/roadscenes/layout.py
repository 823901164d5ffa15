"""How a world is described: rows of things, lanes of traffic, a road."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from roadscenes.mesh import Mesh
from roadscenes.roads import Band, Line

Maker = Callable[[np.random.Generator], Mesh]
PARKED = "parked"  # in the place of a maker: a car or van along the kerb, with an instance of its own
LEFT, RIGHT, BOTH = (1,), (-1,), (1, -1)  # sides of a road


@dataclass(frozen=True)
class Row:
    """Things at about equal distances along a road."""

    makers: tuple[Maker | str, ...]
    t: tuple[float, float]  # distance from the centre line
    every: float  # metres
    chance: float = 1.0
    sides: tuple[int, ...] = BOTH
    jitter: float = 0.0  # of the place along the road, share of `every`
    clear: float = 1.0  # metres kept free on both sides of a crossing
    scale: tuple[float, float] = (0.9, 1.1)


@dataclass(frozen=True)
class Lane:
    """A stream of traffic."""

    t: float  # place across the road, metres to the left of its middle
    speed: float  # metres a second; negative: towards us
    every: float  # metres between vehicles
    trucks: float = 0.015  # shares of the vehicles
    vans: float = 0.08
    first: float | None = None  # on our own lane: the nearest vehicle ahead, metres
    crossing: bool = False  # on the road that crosses
    halts_at: float | None = None  # where the first vehicle of the stream waits
    waiting: int = 5  # vehicles in that queue


@dataclass(frozen=True)
class Layout:
    frames: int  # in each variation, as in Virtual KITTI
    speed: float  # of the camera, metres a second
    half_road: float  # from the centre line to the edge, metres
    camera_t: float  # the camera's distance to the left of the centre line
    bends: float  # how far the road's direction swings, radians
    hills: float  # how far it rises and falls, metres
    bands: tuple[Band, ...]
    lines: tuple[Line, ...]
    rows: tuple[Row, ...]
    lanes: tuple[Lane, ...]
    crossings: tuple[float, ...] = ()  # places of crossing roads
    half_crossing: float = 3.5
    stops_at: float | None = None  # the camera drives up to here and waits


def furnished(layout: Layout, rng: np.random.Generator) -> Layout:
    """The layout with more of some things and less of others."""
    rows = [replace(row, chance=row.chance ** rng.uniform(0.5, 2.0)) for row in layout.rows]
    return replace(layout, rows=tuple(rows))
