"""Points where rays hit surfaces, and the textures there at the resolution that a pixel needs."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from roadscenes.models.mesh import length
from roadscenes.models.textures import SIZE, TEXTURES
from roadscenes.render.ray_casting import Rays, Scene

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
# Of each level in the pyramid of a texture.
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
    # The level at which a pixel covers about one texel; 0.3 rounds a little towards the blurred one.
    texels = np.maximum(footprint * (SIZE / metres), 1.0)
    level = np.minimum(np.log2(texels) + 0.3, _LEVELS - 1).astype(np.int32)
    side = np.left_shift(1, _LEVELS - 1 - level)
    # The side is a power of two, so that `& (side - 1)` repeats the tile.
    texel = (uv * (side.astype(np.float32) / metres)[:, None]).astype(np.int32) & (side - 1)[:, None]
    index = indices.astype(np.int32) * TEXELS + _STARTS[level] + texel[:, 0] * side + texel[:, 1]
    return np.take(atlas(), index, axis=0)


@dataclass(frozen=True)
class SurfacePoints:
    """The points where M of N rays hit something; float32 unless noted."""

    ray: np.ndarray  # intp (M,), index of its ray
    position: np.ndarray  # (M, 3)
    direction: np.ndarray  # (M, 3), of the ray
    distance: np.ndarray  # (M,), along the ray, metres
    normal: np.ndarray  # (M, 3), towards where the ray comes from
    uv: np.ndarray  # (M, 2), metres
    footprint: np.ndarray  # (M,), metres of the surface that a pixel covers
    texture: np.ndarray  # uint8 (M,)
    tint: np.ndarray  # (M, 3)
    instance_id: np.ndarray  # int16 (M,)

    @classmethod
    def hit_by(cls, rays: Rays, scene: Scene) -> "SurfacePoints":
        """The first hit of each ray that hits anything."""
        hits = scene.intersect(rays)
        origin, direction = (np.take(each, hits.ray, axis=0) for each in (rays.origins, rays.directions))
        at_corners = scene.of_faces("normals_uv", hits.face)
        interpolated = np.einsum("nck,nc->nk", at_corners, hits.weights)  # (M, 5): normal, u and v
        texture = scene.of_faces("texture", hits.face)
        normal = _towards_origin(interpolated[:, :3].copy(), hits.normal, direction, texture)
        facing = np.einsum("nk,nk->n", normal, direction)
        return cls(
            hits.ray,
            origin + direction * hits.distance[:, None],
            direction,
            hits.distance,
            normal,
            interpolated[:, 3:].copy(),
            # Seen at a grazing angle, a pixel covers more of the surface.
            hits.distance * np.float32(rays.spread) / np.clip(np.abs(facing), 0.2, 1.0),
            texture,
            scene.of_faces("tint", hits.face),
            scene.of_faces("instance_id", hits.face),
        )


def _towards_origin(
    normal: np.ndarray, face_normal: np.ndarray, direction: np.ndarray, texture: np.ndarray
) -> np.ndarray:
    """Shading normals (M, 3), of length 1 and on the side of the surface that the ray sees."""
    # A leaf is lit as the crown is around it, so the side that its own triangle shows does not matter.
    leaves = np.flatnonzero(TRANSLUCENT[texture])
    face_normal[leaves] = normal[leaves]
    away = np.einsum("nk,nk->n", face_normal, direction) > 0
    normal *= (np.where(away, -1, 1) / length(normal)).astype(np.float32)[:, None]
    return normal
