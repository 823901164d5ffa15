"""The traffic of a world: which vehicles there are, and where each is at any moment."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from roadscenes import vehicles
from roadscenes.instances import Instances
from roadscenes.labels import CAR, TRUCK, VAN
from roadscenes.layout import Lane, Layout, Maker
from roadscenes.plan import SIDE_VIEW, Plan, Road

FRAMES_A_SECOND = 10.0
_SHAPES = 28  # different vehicles of a kind
_SHORTEST_GAP = 14.0  # metres between the middles of two vehicles that drive
_HALF_LENGTH = {CAR: 2.45, VAN: 2.9, TRUCK: 5.25}  # of the longest of its kind, metres


@dataclass(frozen=True)
class Driving:
    """A vehicle and its motion along a lane."""

    maker: Maker
    shape: int
    road: Road
    lane: Lane
    start: float  # place at time 0, metres along the road
    owner: int
    sway: float = 0.0  # how far it falls back and catches up, metres
    halt: float | None = None  # where it stops

    @property
    def t(self) -> float:
        return self.lane.t

    @property
    def yaw(self) -> float:
        return np.pi if self.lane.speed < 0 else 0.0

    def s(self, frame: int) -> float:
        """Where it is, metres along its road."""
        driven = self.lane.speed * frame / FRAMES_A_SECOND
        if self.halt is None:
            return self.start + driven + self.sway * np.sin(0.035 * frame)
        way = self.halt - self.start
        return self.start + way * np.tanh(driven / way)


def drive_all(
    layout: Layout,
    plan: Plan,
    low: np.ndarray,
    high: np.ndarray,
    instances: Instances,
    rng: np.random.Generator,
) -> Iterator[Driving]:
    """All vehicles that are ever seen; (low, high): in each frame, between which places of our road."""
    for lane in layout.lanes:
        for road in plan.crossings if lane.crossing else [plan.own]:
            kinds = _kinds(lane, rng)
            if lane.halts_at is None:
                driven = lane.speed * np.arange(layout.frames) / FRAMES_A_SECOND
                first, last = (-SIDE_VIEW, SIDE_VIEW) if lane.crossing else (low, high)
                s, end = np.min(first - driven), np.max(last - driven)
                s = s if lane.first is None else lane.first
                while s < end:
                    yield _vehicle(next(kinds), lane, road, s, instances, rng, sway=rng.uniform(0, 2))
                    s += max(lane.every * rng.uniform(0.55, 1.6), _SHORTEST_GAP)
            else:
                way, halt = np.sign(lane.speed), lane.halts_at
                for place in range(lane.waiting):
                    kind = next(kinds)
                    halt -= way * (_HALF_LENGTH[kind] if place else 0.0)
                    start = halt - way * rng.uniform(15, 25) * (place + 1)
                    yield _vehicle(kind, lane, road, start, instances, rng, halt=halt)
                    halt -= way * (_HALF_LENGTH[kind] + rng.uniform(1.2, 2.5))


def _kinds(lane: Lane, rng: np.random.Generator) -> Iterator[int]:
    """Classes of the lane's vehicles in turn, evenly spread by multiples of the golden ratio."""
    place = rng.random()
    while True:
        place = (place + 0.618034) % 1
        yield TRUCK if place < lane.trucks else VAN if place < lane.trucks + lane.vans else CAR


def _vehicle(
    kind: int,
    lane: Lane,
    road: Road,
    start: float,
    instances: Instances,
    rng: np.random.Generator,
    **motion,
) -> Driving:
    shape, owner = int(rng.integers(_SHAPES)), instances.new_owner(kind)
    return Driving(vehicles.MAKERS[kind], shape, road, lane, float(start), owner, **motion)
