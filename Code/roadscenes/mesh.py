"""Triangle meshes as arrays, and the shapes that everything in the miniature is put together from.

Metres; x along the road, y to the left, z up. trimesh's primitives carry no texture coordinates,
materials or shading normals, which is most of what is needed here, so the few shapes are our own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from roadscenes.textures import ROWS

WHITE = (1.0, 1.0, 1.0)
_X, _Y, _Z = np.eye(3)
Tint = Sequence[float]  # linear red, green, blue
Vector = Sequence[float]  # x, y, z in metres


@dataclass(frozen=True)
class Mesh:
    """F triangles that share no vertices."""

    vertices: np.ndarray  # float32 (F, 3, 3), metres
    # At each corner, float32 (F, 3, 5): the normal that light sees, either side; u and v, metres.
    shading: np.ndarray
    texture: np.ndarray  # uint8 (F,), row of textures.TEXTURES
    tint: np.ndarray  # float32 (F, 3), linear, multiplies the texture
    owner: np.ndarray  # int16 (F,), what the labels show: a class id, or a vehicle (instances.Instances)

    def __len__(self) -> int:
        return len(self.owner)

    def owned_by(self, owner: int) -> "Mesh":
        return replace(self, owner=np.full(len(self), owner, np.int16))

    def repainted(self, factors: np.ndarray) -> "Mesh":
        """factors: float32 (owners, 3), what the colours of each owner's triangles are multiplied by."""
        return replace(self, tint=self.tint * factors[self.owner])

    def moved(
        self,
        place: Vector,
        yaw: float = 0.0,
        scale: float = 1.0,
        slope: float = 0.0,
        uphill: float = 0.0,
    ) -> "Mesh":
        """Scaled, turned to the left by `yaw` radians, set on a slope, then shifted.

        slope: metres that the ground rises in each metre towards the direction `uphill`, radians.
        """
        cos, sin = np.cos(yaw), np.sin(yaw)
        turn = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]], np.float32)
        vertices = (self.vertices.reshape(-1, 3) @ (turn * np.float32(scale))).reshape(-1, 3, 3)
        if slope:
            rise = np.array([np.cos(uphill), np.sin(uphill)], np.float32) * np.float32(slope)
            vertices[..., 2] += vertices[..., :2] @ rise
        vertices += np.asarray(place, np.float32)
        shading = self.shading.copy()
        shading[..., :3] = (shading.reshape(-1, 5)[:, :3] @ turn).reshape(-1, 3, 3)
        return replace(self, vertices=vertices, shading=shading)


def join(meshes: Sequence[Mesh]) -> Mesh:
    """One mesh of at least one."""
    columns = {f.name: np.concatenate([getattr(mesh, f.name) for mesh in meshes]) for f in fields(Mesh)}
    return Mesh(**columns)


def _triangles(grid: np.ndarray) -> np.ndarray:
    """Values at the corners of a grid (M, N, K) -> those of its triangles (2 (M-1) (N-1), 3, K)."""
    rows, columns, values = grid.shape
    corners = np.empty((rows - 1, columns - 1, 2, 3, values), np.float32)
    corners[:, :, :, 0] = grid[:-1, :-1, None]
    corners[:, :, 0, 1] = grid[1:, :-1]
    corners[:, :, 0, 2] = corners[:, :, 1, 1] = grid[1:, 1:]
    corners[:, :, 1, 2] = grid[:-1, 1:]
    return corners.reshape(-1, 3, values)


# These are those of numpy, without what it spends on arrays of any shape: most here are very small.
def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(..., 3)"""
    return a[..., [1, 2, 0]] * b[..., [2, 0, 1]] - a[..., [2, 0, 1]] * b[..., [1, 2, 0]]


def length(vectors: np.ndarray) -> np.ndarray:
    """(..., 3) -> (...); numpy is slow along an axis of three, so column by column."""
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    return np.sqrt(x * x + y * y + z * z)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(length(vectors), 1e-9)[..., None]


def _walked(points: np.ndarray) -> np.ndarray:
    """Distances (M, N, 2) along both sides of a grid of points (M, N, 3), from its first corner."""
    walked = np.zeros((*points.shape[:2], 2))
    np.cumsum(length(points[1:] - points[:-1]), 0, out=walked[1:, :, 0])
    np.cumsum(length(points[:, 1:] - points[:, :-1]), 1, out=walked[:, 1:, 1])
    return walked


def _with_margin(faces: np.ndarray) -> np.ndarray:
    """(M, N, 3) -> (M + 2, N + 2, 3), its edges repeated."""
    rows, columns = (np.arange(-1, count + 1).clip(0, count - 1) for count in faces.shape[:2])
    return faces[rows[:, None], columns]


def _mesh(vertices, normals, uv, texture: str, tint: np.ndarray, owner: int) -> Mesh:
    count = len(vertices)
    return Mesh(
        vertices,
        np.concatenate([normals, uv], -1),
        np.full(count, ROWS[texture], np.uint8),
        np.broadcast_to(np.asarray(tint, np.float32), (count, 3)).copy(),
        np.full(count, owner, np.int16),
    )


def sheet(
    points: np.ndarray,
    texture: str,
    tint: Tint = WHITE,
    owner: int = 0,
    smooth: bool = False,
    uv: np.ndarray | None = None,
) -> Mesh:
    """A surface through a grid of points (M, N, 3), flat within each quad or smoothly shaded.

    `uv` (M, N, 2): place on the texture, metres; None: the distances along both sides of the grid.
    """
    points = np.asarray(points, float)
    faces = _unit(_cross(points[1:, 1:] - points[:-1, :-1], points[:-1, 1:] - points[1:, :-1]))
    if smooth:
        around = _with_margin(faces)
        corners = around[:-1, :-1] + around[1:, :-1] + around[:-1, 1:] + around[1:, 1:]
        normals = _triangles(_unit(corners))
    else:
        normals = np.repeat(faces.reshape(-1, 3), 6, axis=0).reshape(-1, 3, 3).astype(np.float32)
    if uv is None:
        uv = _walked(points)
    return _mesh(_triangles(points), normals, _triangles(uv), texture, tint, owner)


def panel(
    origin: Vector, along: Vector, up: Vector, texture: str, tint: Tint = WHITE, owner: int = 0
) -> Mesh:
    """A parallelogram from one corner and two edges."""
    origin, along, up = (np.asarray(each, float) for each in (origin, along, up))
    points = [[origin, origin + up], [origin + along, origin + along + up]]
    return sheet(np.array(points), texture, tint, owner)


def box(
    size: Vector, texture: str, tint: Tint = WHITE, owner: int = 0, at: Vector = (0.0, 0.0, 0.0)
) -> Mesh:
    """A box on its base: `at` is the middle of its bottom face."""
    x, y, height = size[0] / 2, size[1] / 2, size[2]
    ring = np.array([[-x, -y], [x, -y], [x, y], [-x, y], [-x, -y]])
    low, high = (np.c_[ring, np.full(5, z)] for z in (0.0, height))
    sides = sheet(np.stack([low, high], 1), texture, tint, owner)
    lids = [
        panel((-x, -y, z), (2 * x, 0, 0), (0, 2 * y, 0), texture, tint, owner) for z in (0.0, height)
    ]
    return join([sides, *lids]).moved(at)


def tube(
    points: np.ndarray,
    radii: Sequence[float] | float,
    texture: str,
    tint: Tint = WHITE,
    owner: int = 0,
    sides: int = 6,
) -> Mesh:
    """A round bar along a line of points (M, 3)."""
    points = np.asarray(points, float)
    radii = np.broadcast_to(np.asarray(radii, float), len(points))
    along = _unit(np.gradient(points, axis=0))
    first = np.empty_like(along)
    first[0] = _unit(_cross(along[0], _X if abs(along[0, 2]) > 0.8 else _Z))
    for i in range(1, len(along)):  # carried along, so that the bar is not twisted
        first[i] = _unit(first[i - 1] - (first[i - 1] @ along[i]) * along[i])
    second = _cross(along, first)
    angle = np.linspace(0, 2 * np.pi, sides + 1)[None, :, None]
    ring = first[:, None] * np.cos(angle) + second[:, None] * np.sin(angle)
    return sheet(points[:, None] + radii[:, None, None] * ring, texture, tint, owner, smooth=True)


def disc(
    centre: Vector,
    axis: Vector,
    radius: float,
    texture: str,
    tint: Tint = WHITE,
    owner: int = 0,
    corners: int = 12,
    turn: float = 0.0,
) -> Mesh:
    """A flat regular polygon across an axis; its first corner points up, turned by `turn` radians."""
    axis = _unit(np.asarray(axis, float))
    up = _unit(_cross(axis, _Y if abs(axis[2]) > 0.9 else _cross(_Z, axis)))
    across = _cross(axis, up)
    angle = np.linspace(0, 2 * np.pi, corners + 1)[:, None] + turn
    rim = np.asarray(centre, float) + radius * (np.cos(angle) * up + np.sin(angle) * across)
    hub = np.broadcast_to(np.asarray(centre, float), rim.shape)
    return sheet(np.stack([hub, rim], 1), texture, tint, owner)


def ellipsoid(
    radii: Vector,
    texture: str,
    tint: Tint = WHITE,
    owner: int = 0,
    bumps: np.ndarray | None = None,
    at: Vector = (0.0, 0.0, 0.0),
) -> Mesh:
    """A ball of the given half-axes around `at`; `bumps` (5, 8) scales its distance from the centre."""
    height, angle = np.meshgrid(
        np.linspace(-np.pi / 2, np.pi / 2, 5), np.linspace(0, 2 * np.pi, 8), indexing="ij"
    )
    ball = np.stack([np.cos(height) * np.cos(angle), np.cos(height) * np.sin(angle), np.sin(height)], -1)
    if bumps is not None:
        bumps = bumps.copy()
        bumps[:, -1] = bumps[:, 0]  # closed at the seam
        bumps[[0, -1]] = bumps[[0, -1], :1]  # and at the poles
        ball *= bumps[..., None]
    return sheet(ball * radii, texture, tint, owner, smooth=True).moved(at)


def cards(
    rng: np.random.Generator,
    centres: np.ndarray,
    sizes: np.ndarray,
    normals: np.ndarray,
    texture: str,
    tint: np.ndarray,
    owner: int,
) -> Mesh:
    """Leaf clusters: K triangles turned at random, lit as if each faced its normal (K, 3)."""
    along = _unit(rng.standard_normal(centres.shape))
    across = _unit(_cross(along, rng.standard_normal(centres.shape)))
    along, across = along * sizes[:, None], across * sizes[:, None]
    corners = (
        centres + 1.2 * along,
        centres - 0.6 * along + 0.9 * across,
        centres - 0.6 * along - 0.9 * across,
    )
    vertices = np.stack(corners, 1).astype(np.float32)
    lit = np.broadcast_to(_unit(normals)[:, None], vertices.shape).astype(np.float32)
    uv = vertices[..., :2] + vertices[..., 2:] * 0.7
    return _mesh(vertices, lit, uv, texture, tint, owner)
