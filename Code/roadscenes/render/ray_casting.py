"""From pixels to rays to what they hit: the camera, and Embree's ray casting.

Hits are exact, on any platform, without a graphics card.
"""

from copy import copy
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from roadscenes.models.mesh import Mesh
from roadseg.errors import DataError

_NOWHERE = np.float32(1e30)


@dataclass(frozen=True)
class Rays:
    """N rays."""

    origins: np.ndarray  # float32 (N, 3)
    directions: np.ndarray  # float32 (N, 3), of length 1
    spread: float  # width of a pixel at 1 m, metres


@dataclass(frozen=True)
class Hits:
    """The first hits of the M of N rays that hit anything."""

    ray: np.ndarray  # intp (M,), index of its ray
    face: np.ndarray  # int32 (M,), a triangle, as Scene.of_faces numbers them
    distance: np.ndarray  # float32 (M,), metres
    weights: np.ndarray  # float32 (M, 3), of the triangle's corners
    normal: np.ndarray  # float32 (M, 3), of the triangle, of any length


def _acceleration_structure(mesh: Mesh):
    """Embree's scene of a mesh; Embree comes with an extra, so it is imported only to render."""
    try:
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene
    except ImportError:
        raise DataError('rendering needs Embree, which is not installed: pip install "roadseg[scenes]"')
    scene = EmbreeScene()
    TriangleMesh(scene, mesh.vertices)
    return scene


class StaticGeometry:
    """Geometry that does not move: its acceleration structure is built once for many frames."""

    def __init__(self, mesh: Mesh):
        self.mesh = mesh
        self.acceleration_structure = _acceleration_structure(mesh)

    def recoloured(self, factors: np.ndarray) -> "StaticGeometry":
        """See Mesh.recoloured; the acceleration structure is shared."""
        other = copy(self)
        other.mesh = self.mesh.recoloured(factors)
        return other


class Scene:
    """Static geometry and the moving mesh of one frame; moving triangles are numbered last."""

    def __init__(self, static: StaticGeometry, moving: Mesh):
        self._meshes = static.mesh, moving
        self._structures = static.acceleration_structure, _acceleration_structure(moving)

    def intersect(self, rays: Rays) -> Hits:
        """Finds the first hit of each ray."""
        static, moving = self._structures
        found = static.run(rays.origins, rays.directions, output=1)
        face, u, v, normal = (found[key] for key in ("primID", "u", "v", "Ng"))
        distance = np.where(face >= 0, found["tfar"], _NOWHERE)
        # A moving triangle counts only where it is nearer than what the static scene has found.
        nearer = moving.run(rays.origins, rays.directions, dists=distance, output=1)
        hit = np.flatnonzero(nearer["primID"] >= 0)
        face[hit] = nearer["primID"][hit] + len(self._meshes[0])
        u[hit], v[hit], distance[hit] = nearer["u"][hit], nearer["v"][hit], nearer["tfar"][hit]
        normal[hit] = nearer["Ng"][hit]
        ray = np.flatnonzero(face >= 0)
        u, v = u[ray], v[ray]
        return Hits(ray, face[ray], distance[ray], np.stack([1 - u - v, u, v], 1), normal[ray])

    def is_free(self, origins: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """bool (N,): whether nothing blocks the way from origins (N, 3) in directions (N, 3)."""
        static, moving = self._structures
        free = static.run(origins, directions, query="OCCLUDED") < 0
        left = np.flatnonzero(free)
        free[left] = moving.run(origins[left], directions[left], query="OCCLUDED") < 0
        return free

    def of_faces(self, column: str, faces: np.ndarray) -> np.ndarray:
        """A column of Mesh for each of the faces (N,)."""
        static, moving = (getattr(mesh, column) for mesh in self._meshes)
        values = np.take(static, faces, axis=0, mode="clip")
        rows = np.flatnonzero(faces >= len(static))
        values[rows] = np.take(moving, faces[rows] - len(static), axis=0)
        return values


@dataclass(frozen=True)
class Lens:
    """What a camera shows; by default as in Virtual KITTI. All in pixels."""

    shape: tuple[int, int] = (375, 1242)  # height and width of the image
    focal_length: float = 725.0
    centre: tuple[float, float] = (620.5, 187.0)  # x and y

    @property
    def pixels(self) -> int:
        return self.shape[0] * self.shape[1]


@lru_cache(maxsize=1)
def _image_plane(lens: Lens) -> np.ndarray:
    """float32 (pixels, 3): right, down and ahead of each pixel's centre, in pixels."""
    rows, columns = np.indices(lens.shape, np.float32)
    ahead = np.full_like(rows, lens.focal_length)
    return np.stack([columns - lens.centre[0], rows - lens.centre[1], ahead], -1).reshape(-1, 3)


class Camera:
    """A position and a direction."""

    def __init__(self, position: np.ndarray, heading: float, pitch: float, lens: Lens):
        """position: (3,), metres. heading, pitch: radians to the left of x, and upwards."""
        self.lens = lens
        self._position = np.asarray(position, np.float32)
        ahead = np.array(
            [np.cos(heading) * np.cos(pitch), np.sin(heading) * np.cos(pitch), np.sin(pitch)]
        )
        right = np.array([np.sin(heading), -np.cos(heading), 0.0])
        # Rows: what one pixel to the right, down and ahead is in the world.
        self._axes = np.stack([right, np.cross(ahead, right), ahead]).astype(np.float32)

    def rays(self, pixels: np.ndarray, shift: tuple[float, float] = (0.0, 0.0)) -> Rays:
        """Rays through pixels (N,), numbered row by row: at their centres, or `shift` right and down."""
        targets = np.take(_image_plane(self.lens), pixels, axis=0)
        directions = (targets + np.array([*shift, 0.0], np.float32)) @ self._axes
        directions /= np.sqrt(np.einsum("nk,nk->n", directions, directions))[:, None]
        origins = np.tile(self._position, (len(directions), 1))
        return Rays(origins, directions, 1 / self.lens.focal_length)
