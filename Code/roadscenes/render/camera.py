"""Virtual KITTI's camera: from pixels to rays."""

from functools import cache

import numpy as np

from roadscenes.render.ray_casting import Rays

WIDTH, HEIGHT = 1242, 375
PIXELS = WIDTH * HEIGHT
FOCAL_LENGTH, CENTRE_X, CENTRE_Y = 725.0, 620.5, 187.0  # pixels


@cache
def _image_plane() -> np.ndarray:
    """float32 (PIXELS, 3): right, down and ahead of each pixel's centre, in pixels."""
    rows, columns = np.indices((HEIGHT, WIDTH), np.float32)
    ahead = np.full_like(rows, FOCAL_LENGTH)
    return np.stack([columns - CENTRE_X, rows - CENTRE_Y, ahead], -1).reshape(-1, 3)


class Camera:
    """A position and a direction."""

    def __init__(self, position: np.ndarray, heading: float, pitch: float):
        """position: (3,), metres. heading, pitch: radians to the left of x, and upwards."""
        self._position = np.asarray(position, np.float32)
        ahead = np.array(
            [np.cos(heading) * np.cos(pitch), np.sin(heading) * np.cos(pitch), np.sin(pitch)]
        )
        right = np.array([np.sin(heading), -np.cos(heading), 0.0])
        self._axes = np.stack([right, np.cross(ahead, right), ahead]).astype(np.float32)

    def rays(self, pixels: np.ndarray, shift: tuple[float, float] = (0.0, 0.0)) -> Rays:
        """Rays through pixels (N,), numbered row by row: at their centres, or `shift` right and down."""
        targets = np.take(_image_plane(), pixels, axis=0)
        directions = (targets + np.array([*shift, 0.0], np.float32)) @ self._axes
        directions /= np.sqrt(np.einsum("nk,nk->n", directions, directions))[:, None]
        origins = np.tile(self._position, (len(directions), 1))
        return Rays(origins, directions, 1 / FOCAL_LENGTH)
