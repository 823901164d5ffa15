"""Triangle meshes as arrays: attributes, transformation, joining.

Metres; x along the road, y to the left, z up. The primitives of trimesh lack texture coordinates,
materials and shading normals, so the module `primitives` builds its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from roadscenes.models.textures import INDEX

Tint = Sequence[float]  # linear red, green, blue
Vector = Sequence[float]  # x, y, z in metres


@dataclass(frozen=True)
class Mesh:
    """F triangles that share no vertices."""

    vertices: np.ndarray  # float32 (F, 3, 3), metres
    # At each corner, float32 (F, 3, 5): the shading normal, of either side; u and v, metres.
    normals_uv: np.ndarray
    texture: np.ndarray  # uint8 (F,), index into textures.TEXTURES
    tint: np.ndarray  # float32 (F, 3), linear, multiplies the texture
    instance_id: np.ndarray  # int16 (F,), as worlds.traffic.Instances numbers them

    @classmethod
    def of(cls, vertices, normals, uv, texture: str, tint: np.ndarray, class_id: int) -> "Mesh":
        """Triangles of one texture and one class.

        Args:
            vertices: float32 (F, 3, 3), metres.
            normals: float32 (F, 3, 3), for shading.
            uv: float32 (F, 3, 2), metres.
            texture: a name in textures.TEXTURES.
            tint: linear colour, (3,) or (F, 3).
            class_id: what the labels show.
        """
        count = len(vertices)
        return cls(
            vertices,
            np.concatenate([normals, uv], -1),
            np.full(count, INDEX[texture], np.uint8),
            np.broadcast_to(np.asarray(tint, np.float32), (count, 3)).copy(),
            np.full(count, class_id, np.int16),
        )

    def __len__(self) -> int:
        return len(self.instance_id)

    def recoloured(self, factors: np.ndarray) -> "Mesh":
        """factors: float32 (instances, 3), what the colours of each instance are multiplied by."""
        return replace(self, tint=self.tint * factors[self.instance_id])

    def transformed(
        self,
        position: Vector,
        yaw: float = 0.0,
        scale: float = 1.0,
        slope: float = 0.0,
        uphill: float = 0.0,
    ) -> "Mesh":
        """Scaled, turned about z, sheared to stand on a slope, then shifted.

        Args:
            position: where the origin goes, metres.
            yaw: turn to the left, radians.
            scale: factor of the size.
            slope: rise of the ground towards `uphill`, metres a metre.
            uphill: direction in which the ground rises, radians to the left of x.

        Returns:
            A mesh with new vertices and normals, which shares the other attributes.
        """
        cos, sin = np.cos(yaw), np.sin(yaw)
        turn = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]], np.float32)
        vertices = (self.vertices.reshape(-1, 3) @ (turn * np.float32(scale))).reshape(-1, 3, 3)
        if slope:
            rise = np.array([np.cos(uphill), np.sin(uphill)], np.float32) * np.float32(slope)
            vertices[..., 2] += vertices[..., :2] @ rise
        vertices += np.asarray(position, np.float32)
        normals_uv = self.normals_uv.copy()
        normals_uv[..., :3] = (normals_uv.reshape(-1, 5)[:, :3] @ turn).reshape(-1, 3, 3)
        return replace(self, vertices=vertices, normals_uv=normals_uv)


def join(meshes: Sequence[Mesh]) -> Mesh:
    """Joins one or more meshes into one."""
    columns = {f.name: np.concatenate([getattr(mesh, f.name) for mesh in meshes]) for f in fields(Mesh)}
    return Mesh(**columns)


# Most arrays here are so small that the overhead of numpy's general functions would dominate.
def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cross products, (..., 3)."""
    return a[..., [1, 2, 0]] * b[..., [2, 0, 1]] - a[..., [2, 0, 1]] * b[..., [1, 2, 0]]


def length(vectors: np.ndarray) -> np.ndarray:
    """(..., 3) -> (...); numpy is slow along an axis of three, so column by column."""
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    return np.sqrt(x * x + y * y + z * z)


def unit(vectors: np.ndarray) -> np.ndarray:
    """(..., 3), each of length 1."""
    return vectors / np.maximum(length(vectors), 1e-9)[..., None]
