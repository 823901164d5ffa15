"""One frame: every pixel's ray, smooth shadows, smooth edges, tone and rain."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from roadscenes.camera import HEIGHT, PIXELS, WIDTH, Camera
from roadscenes.labels import SKY, TREE, VEGETATION
from roadscenes.light import Light
from roadscenes.scene import Rays, Scene
from roadscenes.shading import Shader, Surface
from roadscenes.textures import TEXTURES

_PIECE = 20 * WIDTH
# Where a pixel on an edge is sampled beside its centre, pixels.
_EDGE_SAMPLES = ((-0.33, -0.33), (0.33, 0.33))
_NOTHING, _FIRST_PLANT = -1, -2  # parts of the picture


def _edges(parts: np.ndarray) -> np.ndarray:
    """Pixels (numbers) that border on another part; parts: (HEIGHT, WIDTH)."""
    across, down = parts[:, 1:] != parts[:, :-1], parts[1:] != parts[:-1]
    edge = np.zeros(parts.shape, bool)
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return np.flatnonzero(edge)


@cache
def _tones() -> np.ndarray:
    """uint8 (4096,): what the picture shows for linear light 0..4, with a soft shoulder, in sRGB."""
    light = np.linspace(0, 4, 4096)
    shown = 1 - np.exp(-1.35 * light)
    return np.clip(255 * shown ** (1 / 2.2) + 0.5, 0, 255).astype(np.uint8)


def _develop(colour: np.ndarray, exposure: float) -> np.ndarray:
    """Linear light -> 8 bit."""
    return _tones()[np.minimum(colour * np.float32(exposure * 4095 / 4), 4095).astype(np.int16)]


def _streaks(rng: np.random.Generator, strength: float) -> np.ndarray:
    """Falling rain: float32 (HEIGHT, WIDTH), what is added to a picture of 0..255."""
    drops = rng.random((HEIGHT + 40, WIDTH)) < 0.0009
    length = np.zeros(drops.shape, np.float32)
    for step in range(22):
        length[step:] += np.roll(drops[: len(drops) - step], step // 9, axis=1)
    return np.minimum(length[40:], 1.5) * np.float32(26 * strength)


def _pieces(pixels: np.ndarray) -> Iterator[np.ndarray]:
    """A few rows of pixels at a time, which fit into the CPU's caches."""
    return (pixels[start : start + _PIECE] for start in range(0, len(pixels), _PIECE))


@cache
def _light_directions() -> np.ndarray:
    """uint8 (PIXELS,): in which of LIGHT_DIRECTIONS a pixel looks, in tiles of 3 x 3 pixels."""
    rows, columns = np.indices((HEIGHT, WIDTH))
    return (rows % 3 * 3 + columns % 3).astype(np.uint8).ravel()


def _smooth(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted means over 3 x 3 pixels, (PIXELS,), and 1 where there is no weight.

    Evens out the directions of soft light, and the edges of shadows (interleaved sampling: Keller,
    Heidrich 2001).
    """
    sums = np.zeros((2, HEIGHT + 2, WIDTH + 2), np.float32)
    sums[:, 1:-1, 1:-1] = np.stack([values, weights]).reshape(2, HEIGHT, WIDTH)
    sums = sums[:, :-2] + sums[:, 1:-1] + sums[:, 2:]
    total, weight = sums[:, :, :-2] + sums[:, :, 1:-1] + sums[:, :, 2:]
    return np.where(weight > 0, total / np.maximum(weight, 1), np.float32(1)).ravel()


def _parts(surface: Surface) -> np.ndarray:
    """int32 (M,): the same number for what a picture shows as one piece."""
    tint = (surface.tint @ np.array([16, 32, 64], np.float32)).astype(np.int32) & 127
    part = (surface.owner.astype(np.int32) * len(TEXTURES) + surface.texture) * 128 + tint
    plant = (surface.owner == TREE) | (surface.owner == VEGETATION)
    return np.where(plant, _FIRST_PLANT - surface.owner, part)


@dataclass(frozen=True)
class _Sight:
    """What some pixels show, each at one place."""

    pixels: np.ndarray  # intp (N,)
    rays: Rays
    surface: Surface


class View:
    """What a camera sees of a scene, for pictures of it in any light.

    owners: int16 (HEIGHT, WIDTH), at each pixel's centre.
    """

    def __init__(self, scene: Scene, camera: Camera):
        self._scene = scene
        owners, parts = np.full(PIXELS, SKY, np.int16), np.full(PIXELS, _NOTHING, np.int32)
        self._centres = [_see(scene, camera, pixels) for pixels in _pieces(np.arange(PIXELS))]
        for sight in self._centres:
            on = sight.pixels[sight.surface.rows]
            owners[on], parts[on] = sight.surface.owner, _parts(sight.surface)
        self.owners = owners.reshape(HEIGHT, WIDTH)
        self._beside = [
            [_see(scene, camera, pixels, shift) for shift in _EDGE_SAMPLES]
            for pixels in _pieces(_edges(parts.reshape(HEIGHT, WIDTH)))
        ]

    def picture(self, light: Light, rng: np.random.Generator) -> np.ndarray:
        """uint8 (HEIGHT, WIDTH, 3)."""
        shader = Shader(self._scene, light)
        visible = self._visible(shader, soft=light.sun_width > 0)
        picture = np.empty((PIXELS, 3), np.uint8)

        def developed(sight: _Sight) -> np.ndarray:
            lit = visible[sight.pixels[sight.surface.rows]]
            return _develop(shader.colour(sight.rays, sight.surface, lit), light.exposure)

        for sight in self._centres:
            picture[sight.pixels] = developed(sight)
        for sights in self._beside:
            pixels = sights[0].pixels
            samples = [picture[pixels], *map(developed, sights)]
            picture[pixels] = np.mean(samples, axis=0, dtype=np.float32) + 0.5
        picture = picture.reshape(HEIGHT, WIDTH, 3)
        if light.rain:
            picture = np.minimum(picture + _streaks(rng, light.rain)[..., None], 255).astype(np.uint8)
        return picture

    def _visible(self, shader: Shader, soft: bool) -> np.ndarray:
        """float32 (PIXELS,): how much of the sun each pixel's centre sees."""
        seen, directions = np.zeros((2, PIXELS), np.float32), _light_directions()
        for sight in self._centres:
            surface, on = sight.surface, sight.pixels[sight.surface.rows]
            asked = shader.faces_light(surface)
            if not soft:  # a diagonal of each tile is enough, because _smooth fills the rest
                asked &= directions[on] % 4 == 0
            asked = np.flatnonzero(asked)
            seen[0, on[asked]] = shader.visibility(surface, asked, directions[on[asked]])
            seen[1, on[asked]] = 1
        return _smooth(*seen)


def _see(
    scene: Scene, camera: Camera, pixels: np.ndarray, shift: tuple[float, float] = (0.0, 0.0)
) -> _Sight:
    rays = camera.rays(pixels, shift)
    return _Sight(pixels, rays, Surface.met(scene, rays))
