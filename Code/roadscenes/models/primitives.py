"""Primitives that models are built from: surfaces, quads, boxes, tubes and discs.

In all of them `texture` is a name in textures.TEXTURES, `tint` (linear red, green, blue) multiplies it,
and `class_id` is what the labels show.
"""

from collections.abc import Sequence

import numpy as np

from roadscenes.models.mesh import Mesh, Tint, Vector, cross, join, length, unit

WHITE = (1.0, 1.0, 1.0)
_X, _Y, _Z = np.eye(3)


def surface(
    points: np.ndarray,
    texture: str,
    tint: Tint = WHITE,
    class_id: int = 0,
    smooth: bool = False,
    uv: np.ndarray | None = None,
) -> Mesh:
    """A surface through a grid of points.

    Args:
        points: (M, N, 3), metres.
        smooth: shaded smoothly; otherwise each quad is flat.
        uv: place on the texture (M, N, 2), metres; None: the distances along both sides of the grid.

    Returns:
        A mesh of 2 (M - 1) (N - 1) triangles.
    """
    points = np.asarray(points, float)
    # The normal of each quad, (M-1, N-1, 3), is at right angles to both of its diagonals.
    faces = unit(cross(points[1:, 1:] - points[:-1, :-1], points[:-1, 1:] - points[1:, :-1]))
    if smooth:
        # A corner's normal is the mean of the four quads that meet there.
        around = np.pad(faces, ((1, 1), (1, 1), (0, 0)), "edge")
        corners = around[:-1, :-1] + around[1:, :-1] + around[:-1, 1:] + around[1:, 1:]
        normals = _triangles(unit(corners))
    else:
        # Two triangles a quad with three corners each.
        normals = np.repeat(faces.reshape(-1, 3), 6, axis=0).reshape(-1, 3, 3).astype(np.float32)
    if uv is None:
        uv = _arc_lengths(points)
    return Mesh.of(_triangles(points), normals, _triangles(uv), texture, tint, class_id)


def quad(
    origin: Vector, along: Vector, up: Vector, texture: str, tint: Tint = WHITE, class_id: int = 0
) -> Mesh:
    """A parallelogram.

    Args:
        origin: one corner, metres.
        along, up: the two edges that start there.
    """
    origin, along, up = (np.asarray(each, float) for each in (origin, along, up))
    points = [[origin, origin + up], [origin + along, origin + along + up]]
    return surface(np.array(points), texture, tint, class_id)


def box(
    size: Vector, texture: str, tint: Tint = WHITE, class_id: int = 0, at: Vector = (0.0, 0.0, 0.0)
) -> Mesh:
    """A box with faces along the axes.

    Args:
        size: along x, y and z, metres.
        at: the middle of its bottom face.
    """
    x, y, height = size[0] / 2, size[1] / 2, size[2]
    lids = [
        quad((-x, -y, z), (2 * x, 0, 0), (0, 2 * y, 0), texture, tint, class_id) for z in (0.0, height)
    ]
    return join([walls(size, texture, tint, class_id), *lids]).transformed(at)


def walls(size: Vector, texture: str, tint: Tint = WHITE, class_id: int = 0) -> Mesh:
    """The four sides of a `box`."""
    x, y, height = size[0] / 2, size[1] / 2, size[2]
    ring = np.array([[-x, -y], [x, -y], [x, y], [-x, y], [-x, -y]])
    points = np.stack([np.c_[ring, np.full(5, z)] for z in (0.0, height)], 1)
    return surface(points, texture, tint, class_id)


def tube(
    points: np.ndarray,
    radii: Sequence[float] | float,
    texture: str,
    tint: Tint = WHITE,
    class_id: int = 0,
    sides: int = 6,
) -> Mesh:
    """A round bar without ends.

    Args:
        points: its axis (M, 3), metres.
        radii: one, or one at each point.
        sides: flat faces around it.
    """
    points = np.asarray(points, float)
    radii = np.broadcast_to(np.asarray(radii, float), len(points))
    along = unit(np.gradient(points, axis=0))
    first = np.empty_like(along)  # (M, 3): where each ring begins, at right angles to the axis
    first[0] = unit(cross(along[0], _X if abs(along[0, 2]) > 0.8 else _Z))
    for i in range(1, len(along)):  # carried along, so that the bar is not twisted
        first[i] = unit(first[i - 1] - (first[i - 1] @ along[i]) * along[i])
    second = cross(along, first)
    angle = np.linspace(0, 2 * np.pi, sides + 1)[None, :, None]
    ring = first[:, None] * np.cos(angle) + second[:, None] * np.sin(angle)
    rings = points[:, None] + radii[:, None, None] * ring
    return surface(rings, texture, tint, class_id, smooth=True)


def disc(
    centre: Vector,
    axis: Vector,
    radius: float,
    texture: str,
    tint: Tint = WHITE,
    class_id: int = 0,
    corners: int = 12,
    turn: float = 0.0,
) -> Mesh:
    """A flat regular polygon.

    Args:
        centre: metres.
        axis: the direction it faces, of any length.
        radius: from the centre to its corners, metres.
        corners: how many.
        turn: of its first corner from straight up, radians.
    """
    axis = unit(np.asarray(axis, float))
    up = unit(cross(axis, _Y if abs(axis[2]) > 0.9 else cross(_Z, axis)))
    across = cross(axis, up)
    angle = np.linspace(0, 2 * np.pi, corners + 1)[:, None] + turn
    rim = np.asarray(centre, float) + radius * (np.cos(angle) * up + np.sin(angle) * across)
    hub = np.broadcast_to(np.asarray(centre, float), rim.shape)
    return surface(np.stack([hub, rim], 1), texture, tint, class_id)


def _triangles(grid: np.ndarray) -> np.ndarray:
    """Values at the corners of a grid (M, N, K) -> those of its triangles (2 (M-1) (N-1), 3, K)."""
    rows, columns, values = grid.shape
    corners = np.empty((rows - 1, columns - 1, 2, 3, values), np.float32)
    # Both triangles of a quad begin at one corner and share its diagonal.
    corners[:, :, :, 0] = grid[:-1, :-1, None]
    corners[:, :, 0, 1] = grid[1:, :-1]
    corners[:, :, 0, 2] = corners[:, :, 1, 1] = grid[1:, 1:]
    corners[:, :, 1, 2] = grid[:-1, 1:]
    return corners.reshape(-1, 3, values)


def _arc_lengths(points: np.ndarray) -> np.ndarray:
    """Distances (M, N, 2) along both sides of a grid of points (M, N, 3), from its first corner."""
    walked = np.zeros((*points.shape[:2], 2))
    np.cumsum(length(points[1:] - points[:-1]), 0, out=walked[1:, :, 0])
    np.cumsum(length(points[:, 1:] - points[:, :-1]), 1, out=walked[:, 1:, 1])
    return walked
