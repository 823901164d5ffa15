"""Points where rays hit surfaces, with all that shading needs."""

from dataclasses import dataclass

import numpy as np

from roadscenes.models.mesh import length
from roadscenes.render.mipmaps import TRANSLUCENT
from roadscenes.render.ray_casting import Rays, Scene


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
        ray = np.flatnonzero(hits.face >= 0)
        faces, distance, u, v = (
            np.take(each, ray) for each in (hits.face, hits.distance, hits.u, hits.v)
        )
        direction, face_normal, origin = (
            np.take(each, ray, axis=0) for each in (rays.directions, hits.normal, rays.origins)
        )
        at_corners, weights = scene.of_faces("normals_uv", faces), np.stack([1 - u - v, u, v], 1)
        interpolated = np.einsum("nck,nc->nk", at_corners, weights)
        texture = scene.of_faces("texture", faces)
        normal = _towards_origin(interpolated[:, :3].copy(), face_normal, direction, texture)
        facing = np.einsum("nk,nk->n", normal, direction)
        return cls(
            ray,
            origin + direction * distance[:, None],
            direction,
            distance,
            normal,
            interpolated[:, 3:].copy(),
            distance * np.float32(rays.spread) / np.clip(np.abs(facing), 0.2, 1.0),
            texture,
            scene.of_faces("tint", faces),
            scene.of_faces("instance_id", faces),
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
