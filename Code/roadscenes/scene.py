"""Rays against meshes, by Embree: exact hits, on any platform, without a graphics card."""

from copy import copy
from dataclasses import dataclass

import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene

from roadscenes.mesh import Mesh

_NOWHERE = np.float32(1e30)


@dataclass(frozen=True)
class Rays:
    """N rays."""

    origins: np.ndarray  # float32 (N, 3)
    directions: np.ndarray  # float32 (N, 3), of length 1
    spread: float  # width of a pixel at 1 m, metres


@dataclass(frozen=True)
class Hits:
    """What N rays meet first."""

    face: np.ndarray  # int32 (N,), a triangle, as Scene.of_faces numbers them; -1 for none
    distance: np.ndarray  # float32 (N,), metres
    u: np.ndarray  # float32 (N,), weight of the triangle's second corner
    v: np.ndarray  # float32 (N,), weight of its third
    normal: np.ndarray  # float32 (N, 3), across the triangle, of any length


def _searchable(mesh: Mesh) -> EmbreeScene:
    scene = EmbreeScene()
    TriangleMesh(scene, mesh.vertices)
    return scene


class Backdrop:
    """What does not move: searched for rays once, used for many frames."""

    def __init__(self, mesh: Mesh):
        self.mesh = mesh
        self.searchable = _searchable(mesh)

    def repainted(self, factors: np.ndarray) -> "Backdrop":
        """See Mesh.repainted; what is searched stays the same."""
        other = copy(self)
        other.mesh = self.mesh.repainted(factors)
        return other


class Scene:
    """A backdrop and what moves in front of it in one frame; the moving triangles are numbered last."""

    def __init__(self, backdrop: Backdrop, moving: Mesh):
        self._meshes = backdrop.mesh, moving
        self._searchables = backdrop.searchable, _searchable(moving)

    def trace(self, rays: Rays) -> Hits:
        """What each ray meets first."""
        fixed, moving = self._searchables
        found = fixed.run(rays.origins, rays.directions, output=1)
        face, u, v, normal = (found[key] for key in ("primID", "u", "v", "Ng"))
        distance = np.where(face >= 0, found["tfar"], _NOWHERE)
        nearer = moving.run(rays.origins, rays.directions, dists=distance, output=1)
        hit = np.flatnonzero(nearer["primID"] >= 0)
        face[hit] = nearer["primID"][hit] + len(self._meshes[0])
        u[hit], v[hit], distance[hit] = nearer["u"][hit], nearer["v"][hit], nearer["tfar"][hit]
        normal[hit] = nearer["Ng"][hit]
        return Hits(face, distance, u, v, normal)

    def is_free(self, origins: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """bool (N,): whether nothing lies in the way from origins (N, 3) in directions (N, 3)."""
        fixed, moving = self._searchables
        free = fixed.run(origins, directions, query="OCCLUDED") < 0
        left = np.flatnonzero(free)
        free[left] = moving.run(origins[left], directions[left], query="OCCLUDED") < 0
        return free

    def of_faces(self, column: str, faces: np.ndarray) -> np.ndarray:
        """A column of Mesh for each of the faces (N,)."""
        fixed, moving = (getattr(mesh, column) for mesh in self._meshes)
        values = np.take(fixed, faces, axis=0, mode="clip")
        rows = np.flatnonzero(faces >= len(fixed))
        values[rows] = np.take(moving, faces[rows] - len(fixed), axis=0)
        return values
