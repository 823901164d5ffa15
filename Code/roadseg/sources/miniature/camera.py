"""The camera of Virtual KITTI, and one frame seen through it."""

from collections.abc import Iterator
from functools import cache

import numpy as np

from roadseg.sources.miniature.labels import SKY, TREE
from roadseg.sources.miniature.light import Light
from roadseg.sources.miniature.scene import Scene
from roadseg.sources.miniature.shading import Rays, Shader, Surface
from roadseg.sources.miniature.textures import TEXTURES

WIDTH, HEIGHT = 1242, 375
PIXELS = WIDTH * HEIGHT
FOCAL_LENGTH, CENTRE_X, CENTRE_Y = 725.0, 620.5, 187.0  # pixels
_PIECE = 20 * WIDTH
# Where a pixel on an edge is sampled beside its centre, pixels.
_EDGE_SAMPLES = ((-0.33, -0.33), (0.33, 0.33))


@cache
def _screen() -> np.ndarray:
    """float32 (PIXELS, 3): right, down and ahead of each pixel's centre, in pixels."""
    rows, columns = np.indices((HEIGHT, WIDTH), np.float32)
    return np.stack([columns - CENTRE_X, rows - CENTRE_Y, np.full_like(rows, FOCAL_LENGTH)], -1).reshape(
        -1, 3
    )


@cache
def _dither() -> np.ndarray:
    """uint8 (HEIGHT * WIDTH,): 0..8, each once in every tile of 3 x 3 pixels."""
    rows, columns = np.indices((HEIGHT, WIDTH))
    return (rows % 3 * 3 + columns % 3).astype(np.uint8).ravel()


class Camera:
    """A place and a direction."""

    def __init__(self, place: np.ndarray, heading: float, pitch: float):
        """Metres; radians to the left of x, and upwards."""
        self._place = np.asarray(place, np.float32)
        ahead = np.array(
            [np.cos(heading) * np.cos(pitch), np.sin(heading) * np.cos(pitch), np.sin(pitch)]
        )
        right = np.array([np.sin(heading), -np.cos(heading), 0.0])
        self._axes = np.stack([right, np.cross(ahead, right), ahead]).astype(np.float32)

    def rays(self, pixels: np.ndarray, shift: tuple[float, float] = (0.0, 0.0)) -> Rays:
        """Through the centres, or `shift` pixels beside, of pixels numbered row by row."""
        directions = (_screen()[pixels] + np.array([*shift, 0.0], np.float32)) @ self._axes
        directions /= np.sqrt(np.einsum("nk,nk->n", directions, directions))[:, None]
        origins = np.tile(self._place, (len(directions), 1))
        return Rays(origins, directions, _dither()[pixels], 1 / FOCAL_LENGTH)


def _edges(parts: np.ndarray) -> np.ndarray:
    """Pixels (numbers) that border on another part; parts: (HEIGHT, WIDTH)."""
    edge = np.zeros(parts.shape, bool)
    for axis in (0, 1):
        ahead = [slice(None)] * 2
        behind = list(ahead)
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        differs = parts[tuple(ahead)] != parts[tuple(behind)]
        edge[tuple(ahead)] |= differs
        edge[tuple(behind)] |= differs
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


def _look(scene: Scene, rays: Rays) -> tuple[Rays, Surface]:
    return rays, Surface.met(scene, rays, scene.trace(rays.origins, rays.directions))


def _pieces(pixels: np.ndarray) -> Iterator[np.ndarray]:
    """A few rows of pixels at a time, which fit into the CPU's caches."""
    return (pixels[start : start + _PIECE] for start in range(0, len(pixels), _PIECE))


def _smooth(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted means over 3 x 3 pixels, (HEIGHT * WIDTH,).

    Evens out the nine directions of soft light, and the edges of shadows (interleaved sampling:
    Keller, Heidrich 2001).
    """
    sums = np.zeros((2, HEIGHT + 2, WIDTH + 2), np.float32)
    sums[:, 1:-1, 1:-1] = np.stack([values, weights]).reshape(2, HEIGHT, WIDTH)
    sums = sums[:, :-2] + sums[:, 1:-1] + sums[:, 2:]
    total, count = sums[:, :, :-2] + sums[:, :, 1:-1] + sums[:, :, 2:]
    return (total / np.maximum(count, 1)).ravel()


def take(
    scene: Scene, camera: Camera, light: Light, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """One frame: picture uint8 (HEIGHT, WIDTH, 3), and int16 (HEIGHT, WIDTH): owner at each centre."""
    shader = Shader(scene, light)
    owners, parts = np.full(PIXELS, SKY, np.int16), np.full(PIXELS, -1, np.int32)
    seen = np.zeros((2, PIXELS), np.float32)
    met = []
    for pixels in _pieces(np.arange(PIXELS)):
        rays, surface = _look(scene, camera.rays(pixels))
        on = pixels[surface.rows]
        owners[on] = surface.owner
        parts[on] = np.where(
            surface.owner == TREE, TREE, surface.owner * np.int32(len(TEXTURES)) + surface.texture
        )
        # Half of the pixels are enough for a point of light, because _smooth fills the others.
        asked = np.flatnonzero(_dither()[on] % 2 == 0) if light.sun_width == 0 else np.arange(len(on))
        seen[0, on[asked]], seen[1, on[asked]] = shader.visibility(surface, rays.dither, asked), 1
        met.append((pixels, rays, surface))
    visible = _smooth(*seen)
    picture = np.empty((PIXELS, 3), np.uint8)
    for pixels, rays, surface in met:
        picture[pixels] = _develop(
            shader.colour(rays, surface, visible[pixels[surface.rows]]), light.exposure
        )
    for pixels in _pieces(_edges(parts.reshape(HEIGHT, WIDTH))):
        total = picture[pixels].astype(np.uint16)
        for shift in _EDGE_SAMPLES:
            rays, surface = _look(scene, camera.rays(pixels, shift))
            total += _develop(
                shader.colour(rays, surface, visible[pixels[surface.rows]]), light.exposure
            )
        samples = len(_EDGE_SAMPLES) + 1
        picture[pixels] = (total + samples // 2) // samples
    picture = picture.reshape(HEIGHT, WIDTH, 3)
    if light.rain:
        picture = np.minimum(picture + _streaks(rng, light.rain)[..., None], 255).astype(np.uint8)
    return picture, owners.reshape(HEIGHT, WIDTH)
