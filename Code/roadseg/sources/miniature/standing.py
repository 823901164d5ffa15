"""What stands beside the roads of a world, and where."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from roadseg.sources.miniature import furniture, vehicles
from roadseg.sources.miniature.instances import Instances
from roadseg.sources.miniature.labels import CAR, VAN
from roadseg.sources.miniature.layout import PARKED, Layout, Maker, Row
from roadseg.sources.miniature.plan import SIDE_VIEW, Plan, Road

SHAPES = 7  # different things of a kind in one world
_PARKED_VANS = 0.06  # share of the parked vehicles
_SHORE = 22.0  # metres beside our own road that are left to what stands along it


@dataclass(frozen=True)
class Standing:
    """A thing at a place (s, t) of a road."""

    maker: Maker
    shape: int  # which of its kind
    road: Road
    s: float
    t: float
    yaw: float  # from the direction of the road, radians
    scale: float = 1.0
    owner: int | None = None  # None: as its maker says


def stand_all(
    layout: Layout, plan: Plan, start: float, end: float, instances: Instances, rng: np.random.Generator
) -> Iterator[Standing]:
    """Everything between two places of the drive, and along the roads that cross there."""
    for row in layout.rows:
        yield from _row(row, plan.own, start, end, plan.gaps, instances, rng)
    side = layout.half_road + _SHORE
    for crossing in plan.crossings:
        for row in layout.rows:
            if PARKED not in row.makers and furniture.guard_rail not in row.makers and row.t[0] < 30:
                yield from _row(row, crossing, -SIDE_VIEW, SIDE_VIEW, [(-side, side)], instances, rng)
        yield from _signals(layout, plan.own, crossing, rng)


def _row(
    row: Row,
    road: Road,
    start: float,
    end: float,
    gaps: Iterable[tuple[float, float]],
    instances: Instances,
    rng: np.random.Generator,
) -> Iterator[Standing]:
    places = np.arange(np.ceil(start / row.every), np.floor(end / row.every)) * row.every
    for side in row.sides:
        across = 0.0 if side > 0 else np.pi
        for s in places + row.every * row.jitter * rng.uniform(-1, 1, len(places)):
            t, scale = side * rng.uniform(*row.t), rng.uniform(*row.scale)
            yaws = {"road": across, "traffic": 0.0, "any": rng.uniform(0, 2 * np.pi)}
            maker, shape = row.makers[rng.integers(len(row.makers))], int(rng.integers(SHAPES))
            if rng.random() > row.chance or any(a - row.clear < s < b + row.clear for a, b in gaps):
                continue
            if maker == PARKED:
                kind = VAN if rng.random() < _PARKED_VANS else CAR
                yaw, owner = across + rng.normal(0, 0.03), instances.new_owner(kind)
                yield Standing(vehicles.MAKERS[kind], shape, road, float(s), t, yaw, owner=owner)
            else:
                yield Standing(maker, shape, road, float(s), t, yaws[row.faces], scale)


def _signals(layout: Layout, own: Road, crossing: Road, rng: np.random.Generator) -> Iterator[Standing]:
    """Traffic lights at a crossing, for us and for those who cross."""
    post, overhead = furniture.traffic_light, furniture.overhead_traffic_light
    ours = overhead if layout.half_road > 5 else post
    before, after = (crossing.crosses_at + way * (layout.half_crossing + 1.4) for way in (-1, 1))
    side, corner = layout.half_road + 0.6, layout.half_crossing + 0.6
    for maker, road, s, t, yaw in (
        (ours, own, before, -side, 0.0),
        (post, own, before, side, 0.0),
        (ours, own, after, -side, 0.0),
        (ours, own, after, side, np.pi),
        (post, crossing, -side - 1.5, -corner, 0.0),
        (post, crossing, side + 1.5, corner, np.pi),
    ):
        yield Standing(maker, int(rng.integers(SHAPES)), road, s, t, yaw)
