"""The roads of a world: ours, those that cross it, and the ground along them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from roadscenes.labels import TERRAIN
from roadscenes.layout import Layout
from roadscenes.mesh import Mesh, panel
from roadscenes.roads import Band, Line, Path, painted, stop_line, strips, zebra

SIDE_VIEW = 120.0  # metres of a crossing road that are furnished and driven on
_FURTHER = 300.0  # metres of bare ground beyond the furnished world
_LIFT = 0.012  # metres that a crossing road lies above ours, so that no two surfaces coincide
_PAVEMENT = Band((0.0, 1.8), (0.14, 0.14), "paving", (0.3, 0.29, 0.27), TERRAIN)
_CORNER = 3.0  # metres from the edge of our road to the pavements of one that crosses
_CENTRE_LINE = Line(0.0, dash=3.0, gap=5.0)


@dataclass(frozen=True, eq=False)
class Road:
    """A road, and where on our own road it lies: None for our own."""

    path: Path
    crosses_at: float | None = None


class Plan:
    """The roads of one layout between two places of the drive."""

    def __init__(self, layout: Layout, start: float, end: float, rng: np.random.Generator):
        bends, hills = layout.bends * rng.uniform(0.5, 1.2), layout.hills * rng.uniform(0.4, 1.2)
        self._layout = layout
        self.own = Road(Path(start - 60, end + _FURTHER + 100, bends, hills, rng))
        self.crossings = [Road(Path.across(self.own.path, s), s) for s in layout.crossings]
        half = layout.half_crossing
        self.gaps = [(s - half, s + half) for s in layout.crossings]
        tones, hues = (
            rng.uniform(0.4, 1.9, (len(layout.bands), 1)),
            rng.uniform(0.8, 1.2, (len(layout.bands), 3)),
        )
        self._bands = [
            replace(band, tint=np.asarray(band.tint) * tone * hue, calm=layout.crossings)
            for band, tone, hue in zip(layout.bands, tones, hues, strict=True)
        ]

    def own_place(self, road: Road, s: float, t: float) -> tuple[float, float]:
        """A place of any road as (s, t) of our own."""
        return (s, t) if road.crosses_at is None else (road.crosses_at - t, s)

    def height(self, road: Road, s: float, t: float) -> float:
        """Of the ground above the path of a road, metres."""
        layout = self._layout
        if road.crosses_at is not None:
            if abs(t) <= layout.half_crossing:
                return _LIFT
            if abs(t) <= layout.half_crossing + _PAVEMENT.t[1] and abs(s) > layout.half_road + _CORNER:
                return _PAVEMENT.z[0]
        s, t = self.own_place(road, s, t)
        heights = [float(band.height(s, t)) for band in self._bands if band.holds(t)]
        return heights[-1] if heights else 0.0

    def ground(self, start: float, end: float) -> Iterator[Mesh]:
        """What lies on the ground between two places of the drive."""
        yield panel(
            (-5000, -5000, -8), (10000, 0, 0), (0, 10000, 0), "earth", (0.12, 0.12, 0.06), TERRAIN
        )
        path, roads = self.own.path, [band for band in self._bands if band.texture == "asphalt"]
        others = [band for band in self._bands if band.texture != "asphalt"]
        yield from strips(path, roads, start, end + _FURTHER)
        yield from strips(path, others, start, end + _FURTHER, self.gaps)
        yield from painted(path, self._layout.lines, start, end, self.gaps)
        for crossing in self.crossings:
            if start <= crossing.crosses_at <= end:
                yield from self._crossing(crossing, roads[0])

    def _crossing(self, crossing: Road, asphalt: Band) -> Iterator[Mesh]:
        half, ours, length = self._layout.half_crossing, self._layout.half_road, SIDE_VIEW + 50
        surface = replace(asphalt, t=(-half, half), z=(_LIFT, _LIFT))
        pavements = [replace(_PAVEMENT, t=(side * half, side * (half + 1.8))) for side in (1, -1)]
        yield from strips(crossing.path, [surface], -length, length)
        yield from strips(crossing.path, pavements, -length, length, [(-ours - _CORNER, ours + _CORNER)])
        yield from painted(
            crossing.path, [_CENTRE_LINE], -length, length, [(-ours - 1, ours + 1)], _LIFT
        )
        path, s = self.own.path, crossing.crosses_at
        yield stop_line(path, s - half - 6.4, (-ours + 0.3, -0.2))
        yield stop_line(path, s + half + 1.6, (0.2, ours - 0.3))
        yield from zebra(path, s - half - 5.6, ours)
