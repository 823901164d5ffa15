"""Mipmaps of the textures, and their look-up at the level that fits a pixel's footprint."""

from functools import cache

import numpy as np

from roadscenes.models.textures import SIZE, TEXTURES

_LEVELS = 9  # 256, 128, ..., 1 texels along a side
METRES = np.array([texture.metres for texture in TEXTURES.values()], np.float32)
REFLECTANCE = np.array([texture.reflectance for texture in TEXTURES.values()], np.float32)
TRANSLUCENT = np.array([texture.translucent for texture in TEXTURES.values()])


def _pyramid(tile: np.ndarray) -> np.ndarray:
    """A tile (SIZE, SIZE, 3) and its halvings, one after another: (texels, 3)."""
    levels = [tile]
    while len(levels[-1]) > 1:
        side = len(levels[-1]) // 2
        levels.append(levels[-1].reshape(side, 2, side, 2, 3).mean((1, 3)))
    return np.concatenate([level.reshape(-1, 3) for level in levels])


_SIDES = SIZE >> np.arange(_LEVELS)
_STARTS = np.concatenate([[0], np.cumsum(_SIDES**2)])[:-1].astype(np.int32)
TEXELS = int((_SIDES**2).sum())


@cache
def atlas() -> np.ndarray:
    """All textures with all their levels: float32 (textures * TEXELS, 3)."""
    tiles = []
    for index, texture in enumerate(TEXTURES.values()):
        tile = np.asarray(texture.paint(np.random.default_rng([2016, index])), float)
        tile = tile if tile.ndim == 3 else np.repeat(tile[..., None], 3, axis=2)
        tiles.append(_pyramid(tile))
    return np.concatenate(tiles).astype(np.float32)


def look_up(indices: np.ndarray, uv: np.ndarray, footprint: np.ndarray) -> np.ndarray:
    """Linear albedo float32 (N, 3) at places on textures.

    indices: (N,), into TEXTURES. uv: (N, 2), metres. footprint: (N,), metres of surface that a pixel
    covers; the larger, the coarser the level.
    """
    metres = METRES[indices]
    texels = np.maximum(footprint * (SIZE / metres), 1.0)
    level = np.minimum(np.log2(texels) + 0.3, _LEVELS - 1).astype(np.int32)
    side = np.left_shift(1, _LEVELS - 1 - level)
    texel = (uv * (side.astype(np.float32) / metres)[:, None]).astype(np.int32) & (side - 1)[:, None]
    index = indices.astype(np.int32) * TEXELS + _STARTS[level] + texel[:, 0] * side + texel[:, 1]
    return np.take(atlas(), index, axis=0)
