"""Places the props of a world beside its roads."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from roadscenes.class_ids import CAR, VAN
from roadscenes.models import buildings, people, plants, street_furniture, traffic_signs, vehicles
from roadscenes.worlds.layout import PARKED, Builder, PropRow, WorldLayout
from roadscenes.worlds.roads import SIDE_VIEW, Road, RoadNetwork
from roadscenes.worlds.traffic import Instances

_MODELS = 7  # different ones of a builder in one world
_PARKED_VANS = 0.1  # share of the parked vehicles
_MAIN_ROADSIDE = 22.0  # metres beside the main road that are left to its own props
_FARTHEST_ON_CROSSINGS = 30.0  # metres from the centre line of a crossing road
_FACE_TRAFFIC = {traffic_signs.traffic_sign, traffic_signs.direction_sign, traffic_signs.gantry}
_FACE_ANYWHERE = {
    people.pedestrian,
    plants.broadleaf,
    plants.spreading,
    plants.poplar,
    plants.conifer,
    plants.bush,
}
_OF_ONE_SIZE = {street_furniture.guard_rail, traffic_signs.gantry}
# Half of the length along the road and of the depth that a prop needs on the ground, metres.
_VEHICLE, _SMALL = (2.6, 1.05), (0.3, 0.3)
_FOOTPRINTS = {
    buildings.house: (8.5, 7.0), buildings.block: (13.0, 8.0), buildings.hall: (17.5, 9.5),
    plants.hedge: (3.9, 0.7), plants.weeds: (3.0, 0.3), plants.bush: (0.9, 0.9),
    people.pedestrian: (0.35, 0.35), people.cyclist: (0.9, 0.3), street_furniture.railing: (1.5, 0.2),
    street_furniture.wall: (3.9, 0.3), street_furniture.fence: (2.9, 0.2),
    street_furniture.guard_rail: (1.9, 0.2), street_furniture.bench: (0.95, 0.4),
    street_furniture.bin: (0.5, 0.5), traffic_signs.direction_sign: (0.3, 0.5),
}  # fmt: skip


@dataclass(frozen=True)
class Prop:
    """A thing at a place (s, t) of a road."""

    builder: Builder
    model: int  # which of its builder's models, 0 .. _MODELS - 1
    road: Road
    s: float
    t: float
    yaw: float  # from the direction of the road, radians to the left
    scale: float = 1.0
    instance_id: int | None = None  # None: the class ids of its model


class PropPlacement:
    """Furnishes the roadsides of one world: its rows of props, and traffic lights at its crossings."""

    def __init__(
        self, world: WorldLayout, network: RoadNetwork, instances: Instances, rng: np.random.Generator
    ):
        """instances: numbers the parked vehicles."""
        self._world, self._network, self._instances, self._rng = world, network, instances, rng
        # Rectangles along the main road: s, t, half of the length, half of the depth.
        self._occupied = np.empty((0, 4))

    def props(self, start: float, end: float) -> Iterator[Prop]:
        """All props between two places of the drive, and along the roads that cross there."""
        main, crossings = self._network.main, self._network.crossings
        for crossing in crossings:
            yield from self._traffic_lights(crossing)
        for row in self._world.props:
            yield from self._row(row, main, start, end, self._network.gaps)
        roadside = self._world.half_width + _MAIN_ROADSIDE
        for crossing in crossings:
            for row in filter(_stands_on_crossings, self._world.props):
                yield from self._row(row, crossing, -SIDE_VIEW, SIDE_VIEW, [(-roadside, roadside)])

    def _row(
        self, row: PropRow, road: Road, start: float, end: float, gaps: Iterable[tuple[float, float]]
    ) -> Iterator[Prop]:
        places = np.arange(np.ceil(start / row.spacing), np.floor(end / row.spacing)) * row.spacing
        for side in row.sides:
            jitter = row.spacing * row.jitter * self._rng.uniform(-1, 1, len(places))
            for s in places + jitter:
                yield from self._at(row, road, side, s, gaps)

    def _at(
        self, row: PropRow, road: Road, side: int, s: float, gaps: Iterable[tuple[float, float]]
    ) -> Iterator[Prop]:
        """One prop of a row, or none where it would be in the way."""
        rng = self._rng
        t, scale, turn = side * rng.uniform(*row.t), rng.uniform(*row.scale), rng.uniform(0, 2 * np.pi)
        builder, model = row.builders[rng.integers(len(row.builders))], int(rng.integers(_MODELS))
        footprint = _VEHICLE if builder == PARKED else _FOOTPRINTS.get(builder, _SMALL)
        margin = row.clearance + footprint[0]
        left_out = rng.random() > row.chance
        in_gap = any(low - margin < s < high + margin for low, high in gaps)
        if left_out or in_gap or not self._take(road, s, t, footprint):
            return
        if builder == PARKED:
            yield self._parked(model, road, side, float(s), t)
        else:
            scale = 1.0 if builder in _OF_ONE_SIZE else scale
            yield Prop(builder, model, road, float(s), t, _yaw(builder, side, turn), scale)

    def _take(self, road: Road, s: float, t: float, footprint: tuple[float, float]) -> bool:
        """Occupies a place if it is free, and returns whether it was."""
        place = np.array(self._network.on_main_road(road, s, t))
        size = np.array(footprint if road.crosses_at is None else footprint[::-1])
        apart = np.abs(self._occupied[:, :2] - place) >= self._occupied[:, 2:] + size
        free = bool(apart.any(axis=1).all())
        if free:
            self._occupied = np.vstack([self._occupied, [*place, *size]])
        return free

    def _parked(self, model: int, road: Road, side: int, s: float, t: float) -> Prop:
        """A vehicle that faces the way the traffic beside it goes, which keeps to the right."""
        class_id = VAN if self._rng.random() < _PARKED_VANS else CAR
        yaw = (np.pi if side > 0 else 0.0) + self._rng.normal(0, 0.03)
        instance_id = self._instances.add(class_id)
        return Prop(vehicles.BUILDERS[class_id], model, road, s, t, yaw, instance_id=instance_id)

    def _traffic_lights(self, crossing: Road) -> Iterator[Prop]:
        """At a crossing, for both roads; all lights of a road show the same."""
        world, main = self._world, self._network.main
        post, overhead = traffic_signs.traffic_light, traffic_signs.overhead_traffic_light
        on_main = overhead if world.half_width > 5 else post
        before, after = (
            crossing.crosses_at + way * (world.crossing_half_width + 1.4) for way in (-1, 1)
        )
        side, corner = world.half_width + 0.6, world.crossing_half_width + 0.6
        models = {road: int(self._rng.integers(_MODELS)) for road in (main, crossing)}
        for builder, road, s, t, yaw in (
            (on_main, main, before, -side, 0.0),
            (post, main, before, side, 0.0),
            (on_main, main, after, -side, 0.0),
            (on_main, main, after, side, np.pi),
            (post, crossing, -side - 1.5, -corner, 0.0),
            (post, crossing, side + 1.5, corner, np.pi),
        ):
            self._take(road, s, t, _SMALL)
            yield Prop(builder, models[road], road, s, t, yaw)


def _stands_on_crossings(row: PropRow) -> bool:
    only_on_main = {PARKED, street_furniture.guard_rail, people.cyclist}
    return only_on_main.isdisjoint(row.builders) and row.t[0] < _FARTHEST_ON_CROSSINGS


def _yaw(builder: Builder, side: int, turn: float) -> float:
    """Which way a prop faces: the traffic, anywhere, along the traffic, or the road."""
    if builder in _FACE_TRAFFIC:
        return 0.0
    if builder in _FACE_ANYWHERE:
        return turn
    if builder is people.cyclist:
        return np.pi if side > 0 else 0.0
    return 0.0 if side > 0 else np.pi
