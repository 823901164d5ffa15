"""The sky: gradient, clouds and the sun's glow."""

import numpy as np

from roadscenes.models.textures import INDEX, SIZE
from roadscenes.render.mipmaps import METRES, TEXELS, atlas
from roadscenes.render.variations import Light

_MOTTLE = INDEX["mottle"]


def sky_colour(directions: np.ndarray, light: Light) -> np.ndarray:
    """Colour float32 (N, 3) of the sky in some directions: gradient, clouds, the sun's glow."""
    rise = np.clip(directions[:, 2], 0.0, 1.0)
    mix = np.exp(-5.0 * rise)[:, None]
    zenith, horizon = np.asarray(light.zenith, np.float32), np.asarray(light.horizon, np.float32)
    colour = zenith + (horizon - zenith) * mix
    if light.clouds:
        plane = directions[:, :2] * (9.0 / (rise + 0.12))[:, None] + 500.0
        cover = np.clip(_clouds(plane) * 0.5 + light.clouds - 0.6, 0, 1)
        colour += (
            (0.7 * min(light.clouds, 1.0)) * cover[:, None] * (np.float32(0.85) * horizon.max() - colour)
        )
    if light.sun_width == 0:
        towards = np.maximum(directions @ light.towards_sun, 0.0)[:, None]
        colour += np.asarray(light.sun, np.float32) * (0.14 * towards**24 + 2.0 * (towards > 0.9996))
    return colour


def _clouds(uv: np.ndarray) -> np.ndarray:
    """Thickness of clouds at uv (N, 2), in standard deviations: smooth, float32 (N,)."""
    position = uv * np.float32(SIZE / METRES[_MOTTLE])
    low = np.floor(position)
    share, cell = position - low, low.astype(np.int32)
    start, total = _MOTTLE * TEXELS, np.float32(0)
    for i in (0, 1):
        for j in (0, 1):
            weight = np.abs(1 - i - share[:, 0]) * np.abs(1 - j - share[:, 1])
            rows, columns = (cell[:, 0] + i) & (SIZE - 1), (cell[:, 1] + j) & (SIZE - 1)
            total = total + weight * atlas()[start + rows * SIZE + columns, 0]
    return (total - 1) * 8
