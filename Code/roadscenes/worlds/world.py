"""Furnishes a world: roads, props and traffic from a layout and a seed."""

from dataclasses import replace

import numpy as np

from roadscenes.class_ids import FINER, camvid_ids, coarse
from roadscenes.models import plants
from roadscenes.models.mesh import Mesh, join
from roadscenes.models.primitives import quad
from roadscenes.render.ray_casting import Lens
from roadscenes.worlds.layout import Builder, WorldLayout
from roadscenes.worlds.layouts import peopled
from roadscenes.worlds.props import Prop, PropPlacement
from roadscenes.worlds.roads import SIDE_VIEW, RoadNetwork
from roadscenes.worlds.traffic import FRAMES_PER_SECOND, Instances, Traffic, Vehicle

VIRTUAL_KITTI, CAMVID = LABELS = "virtual_kitti", "camvid"
_BEHIND, _AHEAD = 20.0, 190.0  # metres of the world that a frame shows
_SECTION = 60.0  # metres that the camera drives before the static mesh is rebuilt
_NEAR, _NEAR_SIDE = 80.0, 25.0  # metres ahead and to the side within which trees have all their leaves
_FAR_DETAIL = 0.3
_OUT_OF_SIGHT = quad((0, 0, -900), (0.1, 0, 0), (0, 0.1, 0), "flat")  # no moving mesh is empty


class World:
    """A layout furnished by a seed: another seed gives another world of the same kind."""

    def __init__(self, layout: WorldLayout, seed: int, labels: str = VIRTUAL_KITTI):
        """labels: VIRTUAL_KITTI, or CAMVID: with people, and images of 480 x 360."""
        self._finer = labels == CAMVID
        layout = peopled(layout) if self._finer else layout
        self.name, self.seeds = layout.name, [seed, int(layout.name)]
        rng = np.random.default_rng(self.seeds)
        self._layout = layout.varied(rng)
        camera = np.array([self.camera_s(frame) for frame in range(layout.frames)])
        start, end = -_BEHIND, float(camera[-1]) + _SECTION + _AHEAD
        self.network = RoadNetwork(self._layout, start, end, rng)
        self._camera_height, self._camera_pitch = rng.uniform(1.45, 1.9), np.radians(rng.normal(0, 1.5))
        self.lens = Lens((360, 480), rng.uniform(380, 620), (239.5, 179.5)) if self._finer else Lens()
        self._models: dict[tuple, Mesh] = {}
        self.instances = Instances()
        placement = PropPlacement(self._layout, self.network, self.instances, rng)
        self.props = list(placement.props(start, end))
        visible = camera - _BEHIND, camera + _AHEAD
        traffic = Traffic(self._layout, self.network, visible, self.instances, rng)
        self.vehicles = list(traffic.vehicles())

    @property
    def class_ids(self) -> np.ndarray:
        """int16 (instances,): the class id of each instance id."""
        # Only where they are shown: with more rows, Virtual KITTI's would get other random colours.
        finer = FINER[::-1] if self._finer else ()
        return np.concatenate([self.instances.class_ids, np.array(finer, np.int16)], dtype=np.int16)

    @property
    def label_values(self) -> np.ndarray:
        """uint8 (instances, 3) or (instances,): the label's colour or class id of each instance id."""
        return camvid_ids(self.class_ids) if self._finer else self.instances.colours

    def camera_pose(self, frame: int) -> tuple[np.ndarray, float, float]:
        """Position (3,) in metres, heading and pitch in radians to the left of x and upwards."""
        s, line = self.camera_s(frame), self.network.main.line
        position = line.at(s, self._layout.camera_t, self._camera_height)
        return position, float(line.heading(s)), self._camera_pitch

    def section(self, frame: int) -> int:
        """Frames of the same section of the drive share one static mesh."""
        return int(self.camera_s(frame) // _SECTION)

    def static_mesh(self, section: int) -> Mesh:
        """Everything that does not move, around one section of the drive."""
        start, end = section * _SECTION - _BEHIND, (section + 1) * _SECTION + _AHEAD
        parts = list(self.network.ground_meshes(start, end))
        for prop in self.props:
            place = prop.s if prop.road is self.network.main else prop.road.crosses_at
            if start <= place <= end:
                near = place < end - _AHEAD + _NEAR and abs(prop.t) < _NEAR_SIDE
                parts.append(self.prop_mesh(prop, 1.0 if near else _FAR_DETAIL))
        mesh = join(parts)
        return mesh if self._finer else replace(mesh, instance_id=coarse(mesh.instance_id))

    def moving_mesh(self, frame: int) -> Mesh:
        """The vehicles on the roads at one moment."""
        camera = self.camera_s(frame)
        parts = [_OUT_OF_SIGHT]
        for vehicle in self.vehicles:
            s = vehicle.s(frame)
            on_main = vehicle.road is self.network.main
            place = s if on_main else vehicle.road.crosses_at
            if -_BEHIND < place - camera < _AHEAD and (on_main or abs(s) < SIDE_VIEW):
                parts.append(self._placed(self._model(vehicle.builder, vehicle.model), vehicle, s))
        return join(parts)

    def prop_mesh(self, prop: Prop, detail: float = 1.0) -> Mesh:
        """A prop where it stands; detail: 0..1, of trees."""
        model = self._model(prop.builder, prop.model, detail)
        return self._placed(model, prop, prop.s, prop.scale)

    def camera_s(self, frame: int) -> float:
        """How far the camera has driven along the main road, metres."""
        driven = self._layout.camera_speed * frame / FRAMES_PER_SECOND
        stop = self._layout.camera_stops_at
        return driven if stop is None else stop * np.tanh(driven / stop)

    def _placed(self, model: Mesh, thing: Prop | Vehicle, s: float, scale: float = 1.0) -> Mesh:
        line = thing.road.line
        position = line.at(s, thing.t, self.network.height(thing.road, s, thing.t))
        heading = line.heading(s)
        mesh = model.transformed(position, heading + thing.yaw, scale, line.slope(s), heading)
        if thing.instance_id is None:
            return mesh
        return replace(mesh, instance_id=np.full_like(mesh.instance_id, thing.instance_id))

    def _model(self, builder: Builder, number: int, detail: float = 1.0) -> Mesh:
        options = {"detail": detail} if builder in plants.TREES else {}
        key = builder, number, *options.values()
        if key not in self._models:
            # The builder's name is part of the seed: to rename a builder is to change its models.
            rng = np.random.default_rng([*self.seeds, *builder.__name__.encode(), number])
            self._models[key] = builder(rng, **options)
        return self._models[key]
