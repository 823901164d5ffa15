"""What stands beside the roads of a world, and where."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from roadscenes import buildings, furniture, plants, vehicles
from roadscenes.instances import Instances
from roadscenes.labels import CAR, VAN
from roadscenes.layout import PARKED, Layout, Maker, Row
from roadscenes.plan import SIDE_VIEW, Plan, Road

SHAPES = 7  # different things of a kind in one world
_PARKED_VANS = 0.1  # share of the parked vehicles
_SHORE = 22.0  # metres beside our own road that are left to what stands along it
_TO_TRAFFIC = {furniture.traffic_sign, furniture.direction_sign, furniture.gantry}
_ANY_WAY = {plants.broadleaf, plants.spreading, plants.poplar, plants.conifer, plants.bush}
_OF_ONE_SIZE = {furniture.guard_rail, furniture.gantry}
# Half of the length along the road and of the depth that a thing needs at the ground, metres.
_VEHICLE, _SMALL = (2.6, 1.05), (0.3, 0.3)
_FOOTPRINTS = {
    buildings.house: (8.5, 7.0),
    buildings.block: (13.0, 8.0),
    buildings.hall: (17.5, 9.5),
    plants.hedge: (3.9, 0.7),
    plants.weeds: (3.0, 0.3),
    plants.bush: (0.9, 0.9),
    furniture.wall: (3.9, 0.3),
    furniture.fence: (2.9, 0.2),
    furniture.guard_rail: (1.9, 0.2),
    furniture.direction_sign: (0.3, 0.5),
    furniture.bench: (0.95, 0.4),
    furniture.bin: (0.5, 0.5),
}


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
    layout: Layout,
    plan: Plan,
    start: float,
    end: float,
    instances: Instances,
    rng: np.random.Generator,
) -> Iterator[Standing]:
    """Everything between two places of the drive, and along the roads that cross there."""
    ground = _Ground(plan)
    for crossing in plan.crossings:
        yield from _signals(layout, plan.own, crossing, ground, rng)
    for row in layout.rows:
        yield from _row(row, plan.own, start, end, plan.gaps, ground, instances, rng)
    side = layout.half_road + _SHORE
    for crossing in plan.crossings:
        for row in layout.rows:
            if PARKED not in row.makers and furniture.guard_rail not in row.makers and row.t[0] < 30:
                yield from _row(
                    row, crossing, -SIDE_VIEW, SIDE_VIEW, [(-side, side)], ground, instances, rng
                )


class _Ground:
    """What is taken already, as rectangles along our own road."""

    def __init__(self, plan: Plan):
        self._plan = plan
        self._taken = np.empty((0, 4))  # s, t, half of the length, half of the depth

    def take(self, road: Road, s: float, t: float, footprint: tuple[float, float]) -> bool:
        """Whether the place was free; it is taken afterwards."""
        place = np.array(self._plan.own_place(road, s, t))
        size = np.array(footprint if road.crosses_at is None else footprint[::-1])
        apart = np.abs(self._taken[:, :2] - place) >= self._taken[:, 2:] + size
        free = bool(apart.any(axis=1).all())
        if free:
            self._taken = np.vstack([self._taken, [*place, *size]])
        return free


def _row(
    row: Row,
    road: Road,
    start: float,
    end: float,
    gaps: Iterable[tuple[float, float]],
    ground: _Ground,
    instances: Instances,
    rng: np.random.Generator,
) -> Iterator[Standing]:
    places = np.arange(np.ceil(start / row.every), np.floor(end / row.every)) * row.every
    for side in row.sides:
        for s in places + row.every * row.jitter * rng.uniform(-1, 1, len(places)):
            t, scale, turn = (
                side * rng.uniform(*row.t),
                rng.uniform(*row.scale),
                rng.uniform(0, 2 * np.pi),
            )
            maker, shape = row.makers[rng.integers(len(row.makers))], int(rng.integers(SHAPES))
            footprint = _VEHICLE if maker == PARKED else _FOOTPRINTS.get(maker, _SMALL)
            clear = row.clear + footprint[0]
            if rng.random() > row.chance or any(a - clear < s < b + clear for a, b in gaps):
                continue
            if not ground.take(road, s, t, footprint):
                continue
            if maker == PARKED:  # in the direction of the traffic beside it, which keeps to the right
                kind = VAN if rng.random() < _PARKED_VANS else CAR
                yaw, owner = (
                    (np.pi if side > 0 else 0.0) + rng.normal(0, 0.03),
                    instances.new_owner(kind),
                )
                yield Standing(vehicles.MAKERS[kind], shape, road, float(s), t, yaw, owner=owner)
            else:
                facing_road = 0.0 if side > 0 else np.pi
                yaw = 0.0 if maker in _TO_TRAFFIC else turn if maker in _ANY_WAY else facing_road
                scale = 1.0 if maker in _OF_ONE_SIZE else scale
                yield Standing(maker, shape, road, float(s), t, yaw, scale)


def _signals(
    layout: Layout, own: Road, crossing: Road, ground: _Ground, rng: np.random.Generator
) -> Iterator[Standing]:
    """Traffic lights at a crossing, for us and for those who cross; each road's show the same."""
    post, overhead = furniture.traffic_light, furniture.overhead_traffic_light
    ours = overhead if layout.half_road > 5 else post
    before, after = (crossing.crosses_at + way * (layout.half_crossing + 1.4) for way in (-1, 1))
    side, corner = layout.half_road + 0.6, layout.half_crossing + 0.6
    shapes = {own: int(rng.integers(SHAPES)), crossing: int(rng.integers(SHAPES))}
    for maker, road, s, t, yaw in (
        (ours, own, before, -side, 0.0),
        (post, own, before, side, 0.0),
        (ours, own, after, -side, 0.0),
        (ours, own, after, side, np.pi),
        (post, crossing, -side - 1.5, -corner, 0.0),
        (post, crossing, side + 1.5, corner, np.pi),
    ):
        ground.take(road, s, t, _SMALL)
        yield Standing(maker, shapes[road], road, s, t, yaw)
