"""One image: every pixel's ray, soft shadows, smooth edges, tone mapping and rain.

Each ray is cast once, and its hit is shaded in any number of lights (deferred shading).
"""

from collections.abc import Iterator
from functools import cache

import numpy as np

from roadscenes.class_ids import SKY, TREE, VEGETATION
from roadscenes.models.textures import TEXTURES
from roadscenes.render.ray_casting import Camera, Scene
from roadscenes.render.shading import Shader
from roadscenes.render.surface import SurfacePoints
from roadscenes.render.variations import Light

_CHUNK = 24_840  # pixels whose arrays fit into the CPU's caches
# Where an edge pixel is sampled besides its centre, in pixels.
_EDGE_SAMPLES = ((-0.33, -0.33), (0.33, 0.33))
_NOTHING, _FIRST_PLANT = -1, -2  # segments


class _Samples:
    """The hits of one ray through each of some pixels."""

    def __init__(
        self, scene: Scene, camera: Camera, pixels: np.ndarray, shift: tuple[float, float] = (0.0, 0.0)
    ):
        self.pixels, self.rays = pixels, camera.rays(pixels, shift)  # intp (N,)
        self.points = SurfacePoints.hit_by(self.rays, scene)
        self.hit_pixels = pixels[self.points.ray]  # intp (M,): the pixel of each surface point


class View:
    """A camera's view of a scene, which gives images in any light.

    instance_ids: int16 (H, W), at each pixel's centre.
    """

    def __init__(self, scene: Scene, camera: Camera):
        self._scene, self._shape, count = scene, camera.lens.shape, camera.lens.pixels
        instance_ids, segments = np.full(count, SKY, np.int16), np.full(count, _NOTHING, np.int32)
        self._centres = [_Samples(scene, camera, pixels) for pixels in _chunks(np.arange(count))]
        for samples in self._centres:
            hit = samples.hit_pixels
            instance_ids[hit] = samples.points.instance_id
            segments[hit] = _segments(samples.points)
        self.instance_ids = instance_ids.reshape(self._shape)
        self._edge_samples = [
            [_Samples(scene, camera, pixels, shift) for shift in _EDGE_SAMPLES]
            for pixels in _chunks(_edges(segments.reshape(self._shape)))
        ]

    def image(self, light: Light, rng: np.random.Generator) -> np.ndarray:
        """uint8 (H, W, 3); the generator draws the rain."""
        shader = Shader(self._scene, light)
        visible = self._visible_sun(shader, soft=light.sun_width > 0)
        image = np.empty((len(visible), 3), np.uint8)

        def shaded(samples: _Samples) -> np.ndarray:
            colour = shader.colour(samples.rays, samples.points, visible[samples.hit_pixels])
            return _tone_map(colour, light.exposure)

        for samples in self._centres:
            image[samples.pixels] = shaded(samples)
        for beside in self._edge_samples:
            pixels = beside[0].pixels
            # The mean is taken after tone mapping, so that bright sky does not win.
            colours = [image[pixels], *map(shaded, beside)]
            image[pixels] = np.mean(colours, axis=0, dtype=np.float32) + 0.5
        image = image.reshape(*self._shape, 3)
        if light.rain:
            rain = _rain(rng, light.rain, self._shape)[..., None]
            image = np.minimum(image + rain, 255).astype(np.uint8)
        return image

    def _visible_sun(self, shader: Shader, soft: bool) -> np.ndarray:
        """float32 (H W,): the share of the sun that each pixel's centre sees."""
        directions = _light_samples(self._shape)
        visible, tested = np.zeros((2, len(directions)), np.float32)
        for samples in self._centres:
            points, hit = samples.points, samples.hit_pixels
            needed = shader.faces_light(points)
            if not soft:  # a diagonal of each tile is enough, because _smooth fills the rest
                needed &= directions[hit] % 4 == 0
            needed = np.flatnonzero(needed)
            visible[hit[needed]] = shader.visibility(points, needed, directions[hit[needed]])
            tested[hit[needed]] = 1
        return _smooth(visible, tested, self._shape)


def _chunks(pixels: np.ndarray) -> Iterator[np.ndarray]:
    return (pixels[start : start + _CHUNK] for start in range(0, len(pixels), _CHUNK))


def _segments(points: SurfacePoints) -> np.ndarray:
    """int32 (M,): one number for each area that an image shows as one piece."""
    # Seven bits of the colour tell neighbours of one texture apart, such as a board and its writing.
    tint = (points.tint @ np.array([16, 32, 64], np.float32)).astype(np.int32) & 127
    instance_id = points.instance_id
    segment = (instance_id.astype(np.int32) * len(TEXTURES) + points.texture) * 128 + tint
    # Leaves would be edges everywhere, so all of a plant class is one segment.
    plant = (instance_id == TREE) | (instance_id == VEGETATION)
    return np.where(plant, _FIRST_PLANT - instance_id, segment)


def _edges(segments: np.ndarray) -> np.ndarray:
    """Numbers of the pixels that border on another segment; segments: (H, W)."""
    across, down = segments[:, 1:] != segments[:, :-1], segments[1:] != segments[:-1]
    edge = np.zeros(segments.shape, bool)
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return np.flatnonzero(edge)


@cache
def _light_samples(shape: tuple[int, int]) -> np.ndarray:
    """uint8 (H W,): the one of LIGHT_SAMPLES that each pixel uses; a tile of 3 x 3 uses all."""
    rows, columns = np.indices(shape)
    return (rows % 3 * 3 + columns % 3).astype(np.uint8).ravel()


def _smooth(values: np.ndarray, weights: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Weighted means over 3 x 3 pixels, (H W,), and 1 where there is no weight.

    Evens out the directions of soft light, and the edges of shadows (interleaved sampling: Keller,
    Heidrich 2001).
    """
    sums = np.zeros((2, shape[0] + 2, shape[1] + 2), np.float32)
    sums[:, 1:-1, 1:-1] = np.stack([values, weights]).reshape(2, *shape)
    sums = sums[:, :-2] + sums[:, 1:-1] + sums[:, 2:]
    total, weight = sums[:, :, :-2] + sums[:, :, 1:-1] + sums[:, :, 2:]
    return np.where(weight > 0, total / np.maximum(weight, 1), np.float32(1)).ravel()


@cache
def _tone_curve() -> np.ndarray:
    """uint8 (4096,): grey levels for linear light 0..4, with a soft shoulder, in sRGB."""
    light = np.linspace(0, 4, 4096)
    shown = 1 - np.exp(-1.35 * light)
    return np.clip(255 * shown ** (1 / 2.2) + 0.5, 0, 255).astype(np.uint8)


def _tone_map(colour: np.ndarray, exposure: float) -> np.ndarray:
    """Linear light -> 8 bit."""
    return _tone_curve()[np.minimum(colour * np.float32(exposure * 4095 / 4), 4095).astype(np.int16)]


def _rain(rng: np.random.Generator, strength: float, shape: tuple[int, int]) -> np.ndarray:
    """Streaks of falling rain: float32 (H, W), added to an image of 0..255."""
    drops = rng.random((shape[0] + 40, shape[1])) < 0.0009
    streaks = np.zeros(drops.shape, np.float32)
    for step in range(22):
        # Each drop falls 22 rows and drifts two columns.
        streaks[step:] += np.roll(drops[: len(drops) - step], step // 9, axis=1)
    return np.minimum(streaks[40:], 1.5) * np.float32(26 * strength)
