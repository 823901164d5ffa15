"""The vehicles of a world: their instance ids and label colours, and where they drive in each frame."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from roadscenes.class_ids import CAR, CLASS_NAMES, TRUCK, VAN
from roadscenes.models import vehicles
from roadscenes.worlds.layout import Builder, FlowingLane, Lane, QueueLane, WorldLayout
from roadscenes.worlds.roads import SIDE_VIEW, Road, RoadNetwork
from roadseg.data.sources.virtual_kitti import VirtualKitti1


class Instances:
    """The cars and vans of one world, numbered from 0; trucks have no instance, as in Virtual KITTI.

    An instance id, in a mesh and in a frame, is len(CLASS_NAMES) + its number for a car or van, and the
    class id for everything else.
    """

    def __init__(self):
        self._vehicles: list[int] = []  # class ids, by number

    def add(self, class_id: int) -> int:
        """The instance id of another vehicle; class_id: TRUCK, VAN or CAR."""
        if class_id == TRUCK:
            return TRUCK
        self._vehicles.append(class_id)
        return len(CLASS_NAMES) + len(self._vehicles) - 1

    @property
    def encoding(self) -> list[str]:
        """Lines of the encoding file, after its header."""
        others = [class_id for class_id in range(len(CLASS_NAMES)) if class_id not in (CAR, VAN)]
        names = [CLASS_NAMES[class_id] for class_id in others]
        colours = [VirtualKitti1.palette[class_id] for class_id in others]
        names += [f"{CLASS_NAMES[class_id]}:{number}" for number, class_id in enumerate(self._vehicles)]
        colours += [tuple(colour) for colour in _vehicle_colours()[: len(self._vehicles)].tolist()]
        return [f"{name} {r} {g} {b}" for name, (r, g, b) in zip(names, colours, strict=True)]

    @property
    def colours(self) -> np.ndarray:
        """uint8 (instances, 3): the label colour of each instance id."""
        vehicles = _vehicle_colours()[: len(self._vehicles)]
        return np.concatenate([np.array(VirtualKitti1.palette, np.uint8), vehicles])

    @property
    def class_ids(self) -> np.ndarray:
        """uint8 (instances,): the class id of each instance id."""
        return np.array([*range(len(CLASS_NAMES)), *self._vehicles], np.uint8)


@cache
def _vehicle_colours() -> np.ndarray:
    """uint8 (N, 3), all different, the same in every world: one colour is a car here and a van there."""
    numbers = np.random.default_rng(131).permutation(50**3)
    channels = np.stack([numbers // 2500, numbers // 50 % 50, numbers % 50], 1)
    return (channels + 200).astype(np.uint8)


FRAMES_PER_SECOND = 10.0
_MODELS = 28  # different vehicles of a class in one world
_SHORTEST_GAP = 14.0  # metres between the middles of two vehicles that drive
_HALF_LENGTH = {CAR: 2.45, VAN: 2.9, TRUCK: 5.25}  # of the longest of its class, metres


@dataclass(frozen=True)
class Vehicle:
    """A vehicle and its motion along a lane."""

    builder: Builder
    model: int  # 0 .. _MODELS - 1
    road: Road
    lane: Lane
    start: float  # where it is at time 0, metres along its road
    instance_id: int
    sway: float = 0.0  # how far it falls back and catches up, metres
    stops_at: float | None = None  # metres along its road

    @property
    def t(self) -> float:
        return self.lane.t

    @property
    def yaw(self) -> float:
        return np.pi if self.lane.speed < 0 else 0.0

    def s(self, frame: int) -> float:
        """Position in a frame, metres along its road."""
        driven = self.lane.speed * frame / FRAMES_PER_SECOND
        if self.stops_at is None:
            return self.start + driven + self.sway * np.sin(0.035 * frame)
        distance = self.stops_at - self.start
        return self.start + distance * np.tanh(driven / distance)


@dataclass(frozen=True)
class Traffic:
    """Fills the lanes of one world with vehicles."""

    world: WorldLayout
    network: RoadNetwork
    # Where the part of the main road that each frame shows starts and ends: (frames,) each, metres.
    visible: tuple[np.ndarray, np.ndarray]
    instances: Instances  # numbers the vehicles
    rng: np.random.Generator

    def vehicles(self) -> Iterator[Vehicle]:
        """All vehicles that a frame may show."""
        for lane in self.world.lanes:
            for road in self.network.crossings if lane.on_crossings else [self.network.main]:
                fill = self._queue if isinstance(lane, QueueLane) else self._flow
                yield from fill(lane, road)

    def _flow(self, lane: FlowingLane, road: Road) -> Iterator[Vehicle]:
        driven = lane.speed * np.arange(self.world.frames) / FRAMES_PER_SECOND
        low, high = (-SIDE_VIEW, SIDE_VIEW) if lane.on_crossings else self.visible
        first, end = np.min(low - driven), np.max(high - driven)
        s = first if lane.first_ahead is None else lane.first_ahead
        class_ids = self._class_ids(lane)
        while s < end:
            class_id, sway = next(class_ids), self.rng.uniform(0, 2)
            yield self._vehicle(class_id, lane, road, s, sway=sway)
            s += max(lane.spacing * self.rng.uniform(0.55, 1.6), _SHORTEST_GAP)

    def _queue(self, lane: QueueLane, road: Road) -> Iterator[Vehicle]:
        direction, stop = np.sign(lane.speed), lane.stops_at
        class_ids = self._class_ids(lane)
        for place in range(lane.queue_length):
            class_id = next(class_ids)
            stop -= direction * (_HALF_LENGTH[class_id] if place else 0.0)
            start = stop - direction * self.rng.uniform(15, 25) * (place + 1)
            yield self._vehicle(class_id, lane, road, start, stops_at=stop)
            stop -= direction * (_HALF_LENGTH[class_id] + self.rng.uniform(1.2, 2.5))

    def _class_ids(self, lane: Lane) -> Iterator[int]:
        """Classes of the lane's vehicles in turn, evenly spread by multiples of the golden ratio."""
        place, trucks = self.rng.random(), lane.truck_share
        while True:
            place = (place + 0.618034) % 1
            yield TRUCK if place < trucks else VAN if place < trucks + lane.van_share else CAR

    def _vehicle(self, class_id: int, lane: Lane, road: Road, start: float, **motion) -> Vehicle:
        model, instance_id = int(self.rng.integers(_MODELS)), self.instances.add(class_id)
        builder = vehicles.BUILDERS[class_id]
        return Vehicle(builder, model, road, lane, float(start), instance_id, **motion)
