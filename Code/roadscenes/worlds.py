"""A world: a layout and a seed made into roads, things beside them and traffic on them."""

import numpy as np

from roadscenes import plants
from roadscenes.driving import FRAMES_A_SECOND, Driving, drive_all
from roadscenes.instances import Instances
from roadscenes.layout import Maker, furnished
from roadscenes.layouts import LAYOUTS
from roadscenes.mesh import Mesh, join, panel
from roadscenes.plan import SIDE_VIEW, Plan
from roadscenes.standing import Standing, stand_all

_BEHIND, _AHEAD = 20.0, 190.0  # metres of the world that a frame shows
_STRETCH = 60.0  # metres that the camera drives before the backdrop is made anew
_NEAR, _NEAR_SIDE = 80.0, 25.0  # metres ahead and to the side in which trees have all their leaves
_FAR_DETAIL = 0.3
_OUT_OF_SIGHT = panel((0, 0, -900), (0.1, 0, 0), (0, 0.1, 0), "flat")  # no frame's traffic is empty


class World:
    """One of LAYOUTS; every `seed` furnishes it differently."""

    def __init__(self, name: str, seed: int):
        rng = np.random.default_rng([seed, int(name)])
        self.name, self._key = name, [seed, int(name)]
        self._layout = layout = furnished(LAYOUTS[name], rng)
        camera = np.array([self._camera_s(frame) for frame in range(layout.frames)])
        start, end = -_BEHIND, float(camera[-1]) + _STRETCH + _AHEAD
        self._plan = Plan(layout, start, end, rng)
        self._camera_height, self._camera_pitch = rng.uniform(1.45, 1.9), np.radians(rng.normal(0, 1.5))
        self._shapes: dict[tuple, Mesh] = {}
        self.instances = Instances()
        self._standing = list(stand_all(layout, self._plan, start, end, self.instances, rng))
        seen = camera - _BEHIND, camera + _AHEAD
        self._driving = list(drive_all(layout, self._plan, *seen, self.instances, rng))

    def camera(self, frame: int) -> tuple[np.ndarray, float, float]:
        """Place (3,), heading and pitch (radians, up) of the camera."""
        s, path = self._camera_s(frame), self._plan.own.path
        place = path.at(s, self._layout.camera_t, self._camera_height)
        return place, float(path.heading(s)), self._camera_pitch

    def stretch(self, frame: int) -> int:
        """Frames of the same stretch share one backdrop."""
        return int(self._camera_s(frame) // _STRETCH)

    def backdrop(self, stretch: int) -> Mesh:
        """Everything that does not move, around one stretch of the drive."""
        start, end = stretch * _STRETCH - _BEHIND, (stretch + 1) * _STRETCH + _AHEAD
        parts = list(self._plan.ground(start, end))
        for thing in self._standing:
            place = thing.s if thing.road is self._plan.own else thing.road.crosses_at
            if start <= place <= end:
                near = place < end - _AHEAD + _NEAR and abs(thing.t) < _NEAR_SIDE
                shape = self._shape(thing.maker, thing.shape, 1.0 if near else _FAR_DETAIL)
                parts.append(self._put(shape, thing, thing.s, thing.scale))
        return join(parts)

    def traffic(self, frame: int) -> Mesh:
        """The vehicles on the roads at one moment."""
        camera = self._camera_s(frame)
        parts = [_OUT_OF_SIGHT]
        for vehicle in self._driving:
            s = vehicle.s(frame)
            own = vehicle.road is self._plan.own
            place = s if own else vehicle.road.crosses_at
            if -_BEHIND < place - camera < _AHEAD and (own or abs(s) < SIDE_VIEW):
                parts.append(self._put(self._shape(vehicle.maker, vehicle.shape), vehicle, s))
        return join(parts)

    def _camera_s(self, frame: int) -> float:
        driven, stop = self._layout.speed * frame / FRAMES_A_SECOND, self._layout.stops_at
        return driven if stop is None else stop * np.tanh(driven / stop)

    def _put(self, shape: Mesh, thing: Standing | Driving, s: float, scale: float = 1.0) -> Mesh:
        path = thing.road.path
        place = path.at(s, thing.t, self._plan.height(thing.road, s, thing.t))
        mesh = shape.moved(place, path.heading(s) + thing.yaw, scale, path.slope(s), path.heading(s))
        return mesh if thing.owner is None else mesh.owned_by(thing.owner)

    def _shape(self, maker: Maker, number: int, detail: float = 1.0) -> Mesh:
        options = {"detail": detail} if maker in plants.TREES else {}
        key = maker, number, *options.values()
        if key not in self._shapes:
            rng = np.random.default_rng([*self._key, *maker.__name__.encode(), number])
            self._shapes[key] = maker(rng, **options)
        return self._shapes[key]
