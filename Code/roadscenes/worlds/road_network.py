"""The roads of a world: the main road, those that cross it, and the ground along them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from roadscenes.class_ids import TERRAIN
from roadscenes.models.mesh import Mesh
from roadscenes.models.primitives import quad
from roadscenes.worlds.centre_line import CentreLine
from roadscenes.worlds.cross_section import SLABS, GroundStrip, dashed
from roadscenes.worlds.description import WorldDescription
from roadscenes.worlds.ground import marking_meshes, stop_line, strip_meshes, zebra_crossing

SIDE_VIEW = 120.0  # metres of a crossing road, to each side, that have props and traffic
_BARE_GROUND = 300.0  # metres of ground ahead that have neither
_CROSSING_HEIGHT = 0.012  # metres above the main road, so that surfaces do not coincide
_PAVEMENT = GroundStrip(t=(0.0, 1.8), z=(0.14, 0.14), texture="paving", tint=SLABS)
_CORNER = 3.0  # metres from the edge of the main road to the pavements of one that crosses


@dataclass(frozen=True, eq=False)
class Road:
    """A road, and where it crosses the main road; None: it is the main road."""

    line: CentreLine
    crosses_at: float | None = None


class RoadNetwork:
    """The roads of one world between two places of the drive."""

    def __init__(self, world: WorldDescription, start: float, end: float, rng: np.random.Generator):
        """Draws the roads and the colours of the ground.

        Args:
            world: its description.
            start, end: metres along the main road.
            rng: draws everything.
        """
        swing = world.heading_swing * rng.uniform(0.5, 1.2)
        hills = world.hill_height * rng.uniform(0.4, 1.2)
        self._world = world
        self.main = Road(CentreLine(start - 60, end + _BARE_GROUND + 100, swing, hills, rng))
        self.crossings = [Road(CentreLine.across(self.main.line, s), s) for s in world.crossings]
        half = world.crossing_half_width
        self.gaps = [(s - half, s + half) for s in world.crossings]
        self._ground = self._recoloured_ground(rng)

    def _recoloured_ground(self, rng: np.random.Generator) -> list[GroundStrip]:
        count = len(self._world.ground)
        tones, hues = rng.uniform(0.4, 1.9, (count, 1)), rng.uniform(0.8, 1.2, (count, 3))
        return [
            replace(strip, tint=np.asarray(strip.tint) * tone * hue, flat_at=self._world.crossings)
            for strip, tone, hue in zip(self._world.ground, tones, hues, strict=True)
        ]

    def on_main_road(self, road: Road, s: float, t: float) -> tuple[float, float]:
        """A place of any road in coordinates of the main road."""
        return (s, t) if road.crosses_at is None else (road.crosses_at - t, s)

    def height(self, road: Road, s: float, t: float) -> float:
        """Of the ground above the centre line of a road, metres."""
        if road.crosses_at is not None:
            half = self._world.crossing_half_width
            if abs(t) <= half:
                return _CROSSING_HEIGHT
            if abs(t) <= half + _PAVEMENT.t[1] and abs(s) > self._world.half_width + _CORNER:
                return _PAVEMENT.z[0]
        s, t = self.on_main_road(road, s, t)
        heights = [float(strip.height(s, t)) for strip in self._ground if strip.holds(t)]
        return heights[-1] if heights else 0.0

    def ground_meshes(self, start: float, end: float) -> Iterator[Mesh]:
        """Ground and markings between two places of the drive."""
        yield quad(
            (-5000, -5000, -8), (10000, 0, 0), (0, 10000, 0), "earth", (0.12, 0.12, 0.06), TERRAIN
        )
        line, far_end = self.main.line, end + _BARE_GROUND
        roadways = [strip for strip in self._ground if strip.texture == "asphalt"]
        others = [strip for strip in self._ground if strip.texture != "asphalt"]
        yield from strip_meshes(line, roadways, start, far_end)
        yield from strip_meshes(line, others, start, far_end, self.gaps)
        yield from marking_meshes(line, self._world.markings, start, end, self.gaps)
        for crossing in self.crossings:
            if start <= crossing.crosses_at <= end:
                yield from self._crossing_meshes(crossing, roadways[0])

    def _crossing_meshes(self, crossing: Road, asphalt: GroundStrip) -> Iterator[Mesh]:
        half, main_half = self._world.crossing_half_width, self._world.half_width
        line, reach = crossing.line, SIDE_VIEW + 50
        roadway = replace(asphalt, t=(-half, half), z=(_CROSSING_HEIGHT, _CROSSING_HEIGHT))
        pavements = [replace(_PAVEMENT, t=(side * half, side * (half + 1.8))) for side in (1, -1)]
        corner, edge = main_half + _CORNER, main_half + 1
        yield from strip_meshes(line, [roadway], -reach, reach)
        yield from strip_meshes(line, pavements, -reach, reach, [(-corner, corner)])
        yield from marking_meshes(
            line, [dashed(0.0)], -reach, reach, [(-edge, edge)], height=_CROSSING_HEIGHT
        )
        main_line, s = self.main.line, crossing.crosses_at
        yield stop_line(main_line, s - half - 6.4, (-main_half + 0.3, -0.2))
        yield stop_line(main_line, s + half + 1.6, (0.2, main_half - 0.3))
        yield from zebra_crossing(main_line, s - half - 5.6, main_half)
