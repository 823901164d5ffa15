"""From surface points to colours: textures, sun and sky, shadows, reflections, haze."""

import numpy as np

from roadscenes.class_ids import PAVEMENT, ROAD, TERRAIN
from roadscenes.models.mesh import length
from roadscenes.models.textures import INDEX, SIZE
from roadscenes.render.ray_casting import Rays, Scene
from roadscenes.render.surface import (
    METRES,
    REFLECTANCE,
    TEXELS,
    TRANSLUCENT,
    SurfacePoints,
    atlas,
    look_up,
)  # fmt: skip
from roadscenes.render.variations import Light

_MOTTLE, _ASPHALT = INDEX["mottle"], INDEX["asphalt"]
_OFFSET = np.float32(0.015)  # metres that a ray starts off the surface that it leaves
LIGHT_SAMPLES = 9  # directions that sample a wide light


def _towards_light(light: Light) -> np.ndarray:
    """float32 (LIGHT_SAMPLES, 3): directions to the sun, or spread over it where it is wide."""
    # A spiral by the golden angle, 2.4 radians, covers the disc of the light evenly.
    turn = 2.4 * np.arange(LIGHT_SAMPLES)
    out = 0.95 * light.sun_width * np.sqrt((np.arange(LIGHT_SAMPLES) + 0.5) / LIGHT_SAMPLES)
    around = light.towards_sun + np.stack([out * np.cos(turn), out * np.sin(turn), 0 * out], 1)
    return (around / np.linalg.norm(around, axis=1, keepdims=True)).astype(np.float32)


class Shader:
    """Colours of rays in one scene under one light."""

    def __init__(self, scene: Scene, light: Light):
        self._scene, self._light = scene, light

    def faces_light(self, points: SurfacePoints) -> np.ndarray:
        """bool (M,): whether shadows matter there."""
        return (points.normal @ self._light.towards_sun > 0) | TRANSLUCENT[points.texture]

    def visibility(self, points: SurfacePoints, which: np.ndarray, sample: np.ndarray) -> np.ndarray:
        """float32 (K,): 1 where nothing stands between the points `which` (K,) and the light.

        sample (K,): 0 .. LIGHT_SAMPLES - 1, the direction in which each point looks for it.
        """
        normal, position = points.normal[which], points.position[which]
        towards = _towards_light(self._light)[sample]
        slope = np.einsum("nk,nk->n", normal, towards)
        lit = np.flatnonzero((slope > 0) | TRANSLUCENT[points.texture[which]])
        start = position[lit] + (normal[lit] + towards[lit]) * _OFFSET
        visible = np.zeros(len(which), np.float32)
        visible[lit] = self._scene.is_free(start, towards[lit])
        return visible

    def colour(
        self, rays: Rays, points: SurfacePoints, visible: np.ndarray, reflections: bool = True
    ) -> np.ndarray:
        """Colours of all rays, including those that hit nothing.

        Args:
            rays: N of them.
            points: the M that they hit.
            visible: float32 (M,), the share of the sun that each point sees, 0..1.
            reflections: whether coats and wet roads reflect.

        Returns:
            Linear light, float32 (N, 3).
        """
        colour = look_up(points.texture, points.uv, points.footprint) * points.tint
        self._tone_ground(colour, points)
        colour *= self._irradiance(points, visible)
        if reflections:
            self._add_coat(colour, points)
            if self._light.wet:
                self._add_wet_road(colour, rays, points)
        self._add_haze(colour, points)
        if len(points.ray) == len(rays.directions):
            return colour
        everything = np.empty(rays.directions.shape, np.float32)
        everything[points.ray] = colour
        missed = np.ones(len(everything), bool)
        missed[points.ray] = False
        everything[missed] = sky_colour(rays.directions[missed], self._light)
        return everything

    def _tone_ground(self, colour: np.ndarray, points: SurfacePoints) -> None:
        """Large stains, and how much darker wet ground is."""
        ground = np.flatnonzero(np.isin(points.instance_id, (ROAD, TERRAIN, PAVEMENT)))
        mottle = np.full(len(ground), _MOTTLE)
        tone = look_up(mottle, points.uv[ground], points.footprint[ground])
        soaked = np.where(points.instance_id[ground] == ROAD, np.float32(0.45), np.float32(0.25))
        colour[ground] *= tone * (1 - self._light.wet * soaked)[:, None]

    def _irradiance(self, points: SurfacePoints, visible: np.ndarray) -> np.ndarray:
        """Light that arrives from sun and sky, float32 (M, 3)."""
        slope = points.normal @ self._light.towards_sun
        # A leaf scatters light to both sides, so it is never dark.
        through = 0.25 + 0.7 * np.maximum(slope, 0) + 0.1 * np.abs(slope)
        slope = np.where(TRANSLUCENT[points.texture], through, np.maximum(slope, 0))
        sky_light = np.asarray(self._light.sky_light, np.float32)
        # What faces up sees the whole sky; what faces down sees the light that the ground sends back.
        above = (0.62 + 0.38 * points.normal[:, 2])[:, None] * sky_light
        return above + (visible * slope)[:, None] * np.asarray(self._light.sun, np.float32)

    def _add_coat(self, colour: np.ndarray, points: SurfacePoints) -> None:
        """The sky in paint, glass and metal."""
        reflectance = REFLECTANCE[points.texture]
        coated = np.flatnonzero(reflectance > 0)
        reflected, share = _reflect(points, coated, reflectance[coated])
        # Below the horizon a coat mirrors the dark ground.
        above = np.where(reflected[:, 2:] > 0, np.float32(1), np.float32(0.15))
        seen = sky_colour(reflected, self._light) * above
        colour[coated] += share * (seen - colour[coated])

    def _add_wet_road(self, colour: np.ndarray, rays: Rays, points: SurfacePoints) -> None:
        """The scene in the water on the road, blurred by the stones under it."""
        wet = np.flatnonzero(points.instance_id == ROAD)
        reflected, share = _reflect(points, wet, np.float32(0.02))
        rough = look_up(np.full(len(wet), _ASPHALT), points.uv[wet] * 3, points.footprint[wet])
        reflected = reflected + (rough - 1) * np.float32(0.25) + np.array((0, 0, 0.05), np.float32)
        reflected /= length(reflected)[:, None]
        # Blurred by the water: the reflected ray is as wide as eight pixels.
        again = Rays(points.position[wet] + reflected * _OFFSET, reflected, rays.spread * 8)
        hit = SurfacePoints.hit_by(again, self._scene)
        half_lit = np.full(len(hit.ray), 0.6, np.float32)
        seen = self.colour(again, hit, half_lit, reflections=False)
        colour[wet] += np.float32(0.6 * self._light.wet) * share * (seen - colour[wet])

    def _add_haze(self, colour: np.ndarray, points: SurfacePoints) -> None:
        # Beer-Lambert: what is left of the light after so many metres; haze has the horizon's colour.
        clear = np.exp(np.float32(-self._light.haze) * points.distance)[:, None]
        horizon = np.asarray(self._light.horizon, np.float32)
        colour -= horizon
        colour *= clear
        colour += horizon


def _reflect(points: SurfacePoints, which: np.ndarray, reflectance) -> tuple[np.ndarray, np.ndarray]:
    """Directions (K, 3) of reflected rays, and their share (K, 1) by Schlick's approximation."""
    normal, direction = points.normal[which], points.direction[which]
    cosine = np.einsum("nk,nk->n", normal, direction)
    share = reflectance + (1 - reflectance) * (1 - np.minimum(np.abs(cosine), 1)) ** 5
    return direction - 2 * cosine[:, None] * normal, share[:, None]


def sky_colour(directions: np.ndarray, light: Light) -> np.ndarray:
    """Colour float32 (N, 3) of the sky in some directions: gradient, clouds, the sun's glow."""
    rise = np.clip(directions[:, 2], 0.0, 1.0)
    mix = np.exp(-5.0 * rise)[:, None]  # (N, 1), 1 at the horizon
    zenith, horizon = np.asarray(light.zenith, np.float32), np.asarray(light.horizon, np.float32)
    colour = zenith + (horizon - zenith) * mix
    if light.clouds:
        # Clouds lie on a plane above, so they shrink towards the horizon; 0.12 keeps them finite there.
        plane = directions[:, :2] * (9.0 / (rise + 0.12))[:, None] + 500.0
        cover = np.clip(_clouds(plane) * 0.5 + light.clouds - 0.6, 0, 1)
        colour += (
            (0.7 * min(light.clouds, 1.0)) * cover[:, None] * (np.float32(0.85) * horizon.max() - colour)
        )
    if light.sun_width == 0:
        towards = np.maximum(directions @ light.towards_sun, 0.0)[:, None]
        colour += np.asarray(light.sun, np.float32) * (0.14 * towards**24 + 2.0 * (towards > 0.9996))
    return colour


def _clouds(uv: np.ndarray) -> np.ndarray:
    """Thickness of clouds at uv (N, 2), in standard deviations: smooth, float32 (N,)."""
    position = uv * np.float32(SIZE / METRES[_MOTTLE])
    low = np.floor(position)
    share, cell = position - low, low.astype(np.int32)
    # Bilinear between four texels of the "mottle" tile, whose noise serves as clouds.
    start, total = _MOTTLE * TEXELS, np.float32(0)
    for i in (0, 1):
        for j in (0, 1):
            weight = np.abs(1 - i - share[:, 0]) * np.abs(1 - j - share[:, 1])
            rows, columns = (cell[:, 0] + i) & (SIZE - 1), (cell[:, 1] + j) & (SIZE - 1)
            total = total + weight * atlas()[start + rows * SIZE + columns, 0]
    return (total - 1) * 8
