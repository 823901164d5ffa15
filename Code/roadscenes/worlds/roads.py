"""The roads of a world: the main road, those that cross it, the ground along them, their markings."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from roadscenes.class_ids import PAVEMENT, ROAD, TERRAIN
from roadscenes.models.mesh import Mesh
from roadscenes.models.primitives import quad, surface
from roadscenes.worlds.layout import SLABS, GroundStrip, RoadMarking, WorldLayout, dashed

Positions = np.ndarray | float  # metres


class CentreLine:
    """A curve through hills that maps road coordinates (s, t) to metres."""

    def __init__(
        self,
        start: float,
        end: float,
        heading_swing: float,
        hill_height: float,
        rng: np.random.Generator,
    ):
        """A random line from s = start to s = end that passes the origin towards +x at s = 0.

        Args:
            start, end: metres along it.
            heading_swing: how far its direction swings, radians.
            hill_height: how far it rises and falls, metres.
            rng: draws the phases of bends and hills.
        """
        self._s = np.arange(start, end + 1.0)
        # Sines of periods that do not divide each other: no two bends and hills are alike.
        wave = [np.sin(2 * np.pi * (self._s / period + rng.random())) for period in (170, 310, 530, 240)]
        heading = heading_swing * (0.5 * wave[0] + wave[1] + wave[2]) / 2.5
        # Shifted so that it heads towards +x at s = 0, then summed up, one metre a step.
        self._heading = heading - np.interp(0, self._s, heading)
        steps = np.stack([np.cos(self._heading), np.sin(self._heading)], 1)
        line = np.cumsum(steps, axis=0)
        self._xy = line - line[np.searchsorted(self._s, 0)]
        self._z = hill_height * (wave[3] + 0.5 * wave[1])

    @classmethod
    def across(cls, other: "CentreLine", s: float) -> "CentreLine":
        """A straight, level road at right angles to another, which it meets at its own s = 0."""
        line = cls(-180, 180, 0, 0, np.random.default_rng(0))
        heading = float(other.heading(s)) + np.pi / 2
        line._heading = np.full_like(line._heading, heading)
        line._xy = line._s[:, None] * (np.cos(heading), np.sin(heading)) + other.at(s, 0)[:2]
        line._z = np.full_like(line._z, other.at(s, 0)[2])
        return line

    def heading(self, s: Positions) -> np.ndarray:
        """Direction of travel, radians to the left of x."""
        return np.interp(s, self._s, self._heading)

    def slope(self, s: float) -> float:
        """Rise of the road, metres a metre."""
        return float(np.interp(s, self._s, np.gradient(self._z)))

    def at(self, s: Positions, t: Positions, z: Positions = 0.0) -> np.ndarray:
        """Points (..., 3), metres, at height z above the centre line."""
        s, t, z = np.broadcast_arrays(s, t, z)
        heading = self.heading(s)
        x = np.interp(s, self._s, self._xy[:, 0]) - np.sin(heading) * t
        y = np.interp(s, self._s, self._xy[:, 1]) + np.cos(heading) * t
        return np.stack([x, y, np.interp(s, self._s, self._z) + z], -1)


SIDE_VIEW = 120.0  # metres of a crossing road, to each side, that have props and traffic
_BARE_GROUND = 300.0  # metres of ground ahead that have neither
_CROSSING_HEIGHT = 0.012  # metres above the main road, so that surfaces do not coincide
_PAVEMENT = GroundStrip(t=(0.0, 1.8), z=(0.14, 0.14), texture="paving", tint=SLABS, class_id=PAVEMENT)
_PAINT_HEIGHT = 0.008  # above the road, metres
_STEP = 5.0  # metres along a road that are drawn straight
_CORNER = 3.0  # metres from the edge of the main road to the pavements of one that crosses


@dataclass(frozen=True, eq=False)
class Road:
    """A road, and where it crosses the main road; None: it is the main road."""

    line: CentreLine
    crosses_at: float | None = None


class RoadNetwork:
    """The roads of one world between two places of the drive."""

    def __init__(self, world: WorldLayout, start: float, end: float, rng: np.random.Generator):
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
        count = len(world.ground)
        tones, hues = rng.uniform(0.4, 1.9, (count, 1)), rng.uniform(0.8, 1.2, (count, 3))
        self._ground = [
            replace(strip, tint=np.asarray(strip.tint) * tone * hue, flat_at=world.crossings)
            for strip, tone, hue in zip(world.ground, tones, hues, strict=True)
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
        yield from _strip_meshes(line, roadways, start, far_end)
        yield from _strip_meshes(line, others, start, far_end, self.gaps)
        yield from _marking_meshes(line, self._world.markings, start, end, self.gaps)
        for crossing in self.crossings:
            if start <= crossing.crosses_at <= end:
                yield from self._crossing_meshes(crossing, roadways[0])

    def _crossing_meshes(self, crossing: Road, asphalt: GroundStrip) -> Iterator[Mesh]:
        half, main_half = self._world.crossing_half_width, self._world.half_width
        line, reach = crossing.line, SIDE_VIEW + 50
        roadway = replace(asphalt, t=(-half, half), z=(_CROSSING_HEIGHT, _CROSSING_HEIGHT))
        pavements = [replace(_PAVEMENT, t=(side * half, side * (half + 1.8))) for side in (1, -1)]
        corner, edge = main_half + _CORNER, main_half + 1
        yield from _strip_meshes(line, [roadway], -reach, reach)
        yield from _strip_meshes(line, pavements, -reach, reach, [(-corner, corner)])
        yield from _marking_meshes(
            line, [dashed(0.0)], -reach, reach, [(-edge, edge)], height=_CROSSING_HEIGHT
        )
        main_line, s = self.main.line, crossing.crosses_at
        yield _stop_line(main_line, s - half - 6.4, (-main_half + 0.3, -0.2))
        yield _stop_line(main_line, s + half + 1.6, (0.2, main_half - 0.3))
        for t in np.arange(-main_half + 0.6, main_half - 0.4, 1.0):  # a zebra crossing, 3 m deep
            yield _strip_mesh(main_line, _paint(t, 0.5), s - half - 5.6, s - half - 5.6 + 3.0)


def _strip_mesh(line: CentreLine, strip: GroundStrip, start: float, end: float) -> Mesh:
    """A strip of ground from `start` to `end`, metres along the road."""
    # Waves need more points across; the closer to the road, the denser they are.
    share = np.linspace(0, 1, 9) ** 2 if strip.bumps else np.array([0.0, 1.0])
    s = np.linspace(start, end, max(int(np.ceil((end - start) / _STEP)), 1) + 1)
    s, t = np.meshgrid(s, strip.t[0] + (strip.t[1] - strip.t[0]) * share, indexing="ij")
    uv = np.stack([s + 1000.0, t + 1000.0], -1)  # positive everywhere
    points = line.at(s, t, strip.height(s, t))
    return surface(points, strip.texture, strip.tint, strip.class_id, smooth=bool(strip.bumps), uv=uv)


def _strip_meshes(
    line: CentreLine,
    strips: Sequence[GroundStrip],
    start: float,
    end: float,
    gaps: Iterable[tuple[float, float]] = (),
) -> list[Mesh]:
    """Strips from `start` to `end`, interrupted by `gaps` (from, to) where another road crosses."""
    edges = [start]
    for low, high in sorted(gaps):
        if start < high and low < end:
            edges += [max(low, start), min(high, end)]
    edges.append(end)
    pieces = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 0.01]
    return [_strip_mesh(line, strip, a, b) for strip in strips for a, b in pieces]


def _paint(t: float, width: float, height: float = 0.0) -> GroundStrip:
    """Paint around t, on a road of some height."""
    z = height + _PAINT_HEIGHT
    edges, white = (t - width / 2, t + width / 2), (0.75, 0.75, 0.75)
    return GroundStrip(t=edges, z=(z, z), texture="marking", tint=white, class_id=ROAD)


def _marking_meshes(
    line: CentreLine,
    markings: Sequence[RoadMarking],
    start: float,
    end: float,
    gaps: Sequence[tuple[float, float]],
    height: float = 0.0,
) -> list[Mesh]:
    """Lines painted from `start` to `end` but for `gaps`, on a road `height` metres above its line."""
    parts = []
    for marking in markings:
        paint = _paint(marking.t, marking.width, height)
        if not marking.dash:
            parts += _strip_meshes(line, [paint], start, end, gaps)
            continue
        period = marking.dash + marking.gap
        for s in np.arange(np.ceil(start / period), np.floor(end / period)) * period:
            if not any(low < s + marking.dash and s < high for low, high in gaps):
                parts.append(_strip_mesh(line, paint, s, s + marking.dash))
    return parts


def _stop_line(line: CentreLine, s: float, t: tuple[float, float]) -> Mesh:
    return _strip_mesh(line, _paint((t[0] + t[1]) / 2, abs(t[1] - t[0])), s, s + 0.45)
