"""The centre line of a road."""

from functools import cached_property

import numpy as np


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
        wave = [np.sin(2 * np.pi * (self._s / period + rng.random())) for period in (170, 310, 530, 240)]
        heading = heading_swing * (0.5 * wave[0] + wave[1] + wave[2]) / 2.5
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

    def heading(self, s: np.ndarray | float) -> np.ndarray:
        """Direction of travel, radians to the left of x."""
        return np.interp(s, self._s, self._heading)

    def slope(self, s: float) -> float:
        """Rise of the road, metres a metre."""
        return float(np.interp(s, self._s, self._slopes))

    @cached_property
    def _slopes(self) -> np.ndarray:
        return np.gradient(self._z)

    def at(
        self, s: np.ndarray | float, t: np.ndarray | float, z: np.ndarray | float = 0.0
    ) -> np.ndarray:
        """Points (..., 3), metres, at height z above the centre line."""
        s, t, z = np.broadcast_arrays(s, t, z)
        heading = self.heading(s)
        x = np.interp(s, self._s, self._xy[:, 0]) - np.sin(heading) * t
        y = np.interp(s, self._s, self._xy[:, 1]) + np.cos(heading) * t
        return np.stack([x, y, np.interp(s, self._s, self._z) + z], -1)
