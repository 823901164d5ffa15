"""Meshes of the ground along a road, and of its markings."""

from collections.abc import Iterable, Sequence

import numpy as np

from roadscenes.class_ids import ROAD
from roadscenes.models.mesh import Mesh
from roadscenes.models.primitives import surface
from roadscenes.worlds.centre_line import CentreLine
from roadscenes.worlds.cross_section import GroundStrip, RoadMarking

_PAINT_HEIGHT = 0.008  # above the road, metres
_STEP = 5.0  # metres along a road that are drawn straight


def strip_mesh(line: CentreLine, strip: GroundStrip, start: float, end: float) -> Mesh:
    """A strip of ground.

    Args:
        line: the road's centre line.
        strip: its cross-section.
        start, end: metres along the road.
    """
    share = np.linspace(0, 1, 9) ** 2 if strip.bumps else np.array([0.0, 1.0])
    s = np.linspace(start, end, max(int(np.ceil((end - start) / _STEP)), 1) + 1)
    s, t = np.meshgrid(s, strip.t[0] + (strip.t[1] - strip.t[0]) * share, indexing="ij")
    uv = np.stack([s + 1000.0, t + 1000.0], -1)  # positive everywhere
    points = line.at(s, t, strip.height(s, t))
    return surface(points, strip.texture, strip.tint, strip.class_id, smooth=bool(strip.bumps), uv=uv)


def strip_meshes(
    line: CentreLine,
    strips: Sequence[GroundStrip],
    start: float,
    end: float,
    gaps: Iterable[tuple[float, float]] = (),
) -> list[Mesh]:
    """Several strips, interrupted where roads cross.

    Args:
        line: the road's centre line.
        strips: their cross-sections.
        start, end: metres along the road.
        gaps: (from, to) where another road crosses, metres along the road.
    """
    edges = [start]
    for low, high in sorted(gaps):
        if start < high and low < end:
            edges += [max(low, start), min(high, end)]
    edges.append(end)
    pieces = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 0.01]
    return [strip_mesh(line, strip, a, b) for strip in strips for a, b in pieces]


def _paint(t: float, width: float, height: float = 0.0) -> GroundStrip:
    """Paint around t, on a road of some height."""
    z = height + _PAINT_HEIGHT
    return GroundStrip(
        t=(t - width / 2, t + width / 2),
        z=(z, z),
        texture="marking",
        tint=(0.75, 0.75, 0.75),
        class_id=ROAD,
    )


def marking_meshes(
    line: CentreLine,
    markings: Sequence[RoadMarking],
    start: float,
    end: float,
    gaps: Sequence[tuple[float, float]],
    height: float = 0.0,
) -> list[Mesh]:
    """Lines painted along a road.

    Args:
        line: the road's centre line.
        markings: the lines.
        start, end: metres along the road.
        gaps: (from, to) where another road crosses and nothing is painted.
        height: of the road above its centre line, metres.
    """
    parts = []
    for marking in markings:
        paint = _paint(marking.t, marking.width, height)
        if not marking.dash:
            parts += strip_meshes(line, [paint], start, end, gaps)
            continue
        period = marking.dash + marking.gap
        for s in np.arange(np.ceil(start / period), np.floor(end / period)) * period:
            if not any(low < s + marking.dash and s < high for low, high in gaps):
                parts.append(strip_mesh(line, paint, s, s + marking.dash))
    return parts


def stop_line(line: CentreLine, s: float, t: tuple[float, float]) -> Mesh:
    return strip_mesh(line, _paint((t[0] + t[1]) / 2, abs(t[1] - t[0])), s, s + 0.45)


def zebra_crossing(line: CentreLine, s: float, half_width: float) -> list[Mesh]:
    """Stripes across a road, 3 m deep."""
    stripes = np.arange(-half_width + 0.6, half_width - 0.4, 1.0)
    return [strip_mesh(line, _paint(t, 0.5), s, s + 3.0) for t in stripes]
