"""Roads: a centre line, the strips of ground along it, and the paint on them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from roadscenes.labels import ROAD
from roadscenes.mesh import Mesh, Tint, sheet

_PAINT_HEIGHT = 0.008  # above the road, metres
_STEP = 5.0  # metres along a road that are drawn straight


class Path:
    """A centre line. Places on it are (s, t): metres along it, and to the left of it."""

    def __init__(self, start: float, end: float, bends: float, hills: float, rng: np.random.Generator):
        """bends: how far its direction swings, radians. hills: how far it rises and falls, metres."""
        self._s = np.arange(start, end + 1.0)
        wave = [np.sin(2 * np.pi * (self._s / length + rng.random())) for length in (170, 310, 530, 240)]
        heading = bends * (0.5 * wave[0] + wave[1] + wave[2]) / 2.5
        self._heading = heading - np.interp(0, self._s, heading)
        steps = np.stack([np.cos(self._heading), np.sin(self._heading)], 1)
        line = np.cumsum(steps, axis=0)
        self._xy = line - line[np.searchsorted(self._s, 0)]
        self._z = hills * (wave[3] + 0.5 * wave[1])

    @classmethod
    def across(cls, other: "Path", s: float) -> "Path":
        """A straight road at right angles to another, which it meets at its own s = 0."""
        path = cls(-180, 180, 0, 0, np.random.default_rng(0))
        heading = float(other.heading(s)) + np.pi / 2
        path._heading = np.full_like(path._heading, heading)
        path._xy = path._s[:, None] * (np.cos(heading), np.sin(heading)) + other.at(s, 0)[:2]
        path._z = np.full_like(path._z, other.at(s, 0)[2])
        return path

    def heading(self, s: np.ndarray | float) -> np.ndarray:
        """Direction of travel, radians to the left of x."""
        return np.interp(s, self._s, self._heading)

    def slope(self, s: float) -> float:
        """Rise of the road, metres a metre."""
        return float(np.interp(s, self._s, self._rise))

    @cached_property
    def _rise(self) -> np.ndarray:
        """Metres a metre at each of _s."""
        return np.gradient(self._z)

    def at(
        self, s: np.ndarray | float, t: np.ndarray | float, z: np.ndarray | float = 0.0
    ) -> np.ndarray:
        """Points (..., 3) at height z above the path."""
        s, t, z = np.broadcast_arrays(s, t, z)
        heading = self.heading(s)
        x = np.interp(s, self._s, self._xy[:, 0]) - np.sin(heading) * t
        y = np.interp(s, self._s, self._xy[:, 1]) + np.cos(heading) * t
        return np.stack([x, y, np.interp(s, self._s, self._z) + z], -1)


@dataclass(frozen=True)
class Band:
    """A strip of ground between two distances from the centre line; z from there to there."""

    t: tuple[float, float]
    z: tuple[float, float]
    texture: str
    tint: Tint
    owner: int
    bumps: float = 0.0  # height of the ground's waves, metres, growing with distance from the road
    calm: tuple[float, ...] = ()  # places along the road around which there are none

    def holds(self, t: float) -> bool:
        return min(self.t) <= t <= max(self.t)

    def height(self, s: np.ndarray | float, t: np.ndarray | float) -> np.ndarray:
        """Of the ground above the path, metres."""
        share = (t - self.t[0]) / (self.t[1] - self.t[0])
        if not self.bumps:
            return self.z[0] + (self.z[1] - self.z[0]) * share
        share = np.sqrt(share)
        waves = np.sin(s * 0.043 + t * 0.05) + 0.6 * np.sin(s * 0.11 - t * 0.08 + 1.3) + 0.5
        for place in self.calm:
            waves = waves * np.clip((np.abs(s - place) - 10.0) / 15.0, 0, 1)
        return self.z[0] + (self.z[1] - self.z[0]) * share + self.bumps * share * waves


def strip(path: Path, band: Band, start: float, end: float) -> Mesh:
    """One band from s = start to s = end."""
    share = np.linspace(0, 1, 9) ** 2 if band.bumps else np.array([0.0, 1.0])
    s = np.linspace(start, end, max(int(np.ceil((end - start) / _STEP)), 1) + 1)
    s, t = np.meshgrid(s, band.t[0] + (band.t[1] - band.t[0]) * share, indexing="ij")
    uv = np.stack([s + 1000.0, t + 1000.0], -1)  # positive everywhere
    points = path.at(s, t, band.height(s, t))
    return sheet(points, band.texture, band.tint, band.owner, smooth=bool(band.bumps), uv=uv)


def strips(
    path: Path, bands: Sequence[Band], start: float, end: float, gaps: Iterable[tuple[float, float]] = ()
) -> list[Mesh]:
    """All bands from start to end, interrupted where another road crosses."""
    edges = [start]
    for low, high in sorted(gaps):
        if start < high and low < end:
            edges += [max(low, start), min(high, end)]
    edges.append(end)
    pieces = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 0.01]
    return [strip(path, band, a, b) for band in bands for a, b in pieces]


def _line(t: float, width: float, lift: float = 0.0) -> Band:
    height = lift + _PAINT_HEIGHT
    return Band((t - width / 2, t + width / 2), (height, height), "marking", (0.75, 0.75, 0.75), ROAD)


@dataclass(frozen=True)
class Line:
    """A painted line along a road, whole or dashed."""

    t: float
    width: float = 0.14
    dash: float = 0.0  # metres; 0: not interrupted
    gap: float = 0.0


def painted(
    path: Path,
    lines: Sequence[Line],
    start: float,
    end: float,
    gaps: Sequence[tuple[float, float]],
    lift: float = 0.0,
) -> list[Mesh]:
    """Lines from start to end, left out where another road crosses; `lift`: of the road, metres."""
    parts = []
    for line in lines:
        band = _line(line.t, line.width, lift)
        if not line.dash:
            parts += strips(path, [band], start, end, gaps)
            continue
        period = line.dash + line.gap
        for s in np.arange(np.ceil(start / period), np.floor(end / period)) * period:
            if not any(low < s + line.dash and s < high for low, high in gaps):
                parts.append(strip(path, band, s, s + line.dash))
    return parts


def stop_line(path: Path, s: float, t: tuple[float, float]) -> Mesh:
    return strip(path, _line((t[0] + t[1]) / 2, abs(t[1] - t[0])), s, s + 0.45)


def zebra(path: Path, s: float, half_width: float) -> list[Mesh]:
    """A pedestrian crossing, 3 m deep."""
    places = np.arange(-half_width + 0.6, half_width - 0.4, 1.0)
    return [strip(path, _line(t, 0.5), s, s + 3.0) for t in places]
