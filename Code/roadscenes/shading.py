"""From what a ray hits to its colour: textures, sun and sky, shadows, reflections, haze."""

from dataclasses import dataclass

import numpy as np

from roadscenes import textures
from roadscenes.labels import ROAD, TERRAIN
from roadscenes.light import Light
from roadscenes.mesh import length
from roadscenes.scene import Rays, Scene

_MOTTLE, _ASPHALT = textures.ROWS["mottle"], textures.ROWS["asphalt"]
_OFFSET = np.float32(0.015)  # metres that a shadow ray starts off its surface
LIGHT_DIRECTIONS = 9  # in which soft light is looked for


def sky(directions: np.ndarray, light: Light) -> np.ndarray:
    """Colour float32 (N, 3) of the sky in some directions: gradient, clouds, the sun's glow."""
    rise = np.clip(directions[:, 2], 0.0, 1.0)
    mix = np.exp(-5.0 * rise)[:, None]
    zenith, horizon = np.asarray(light.zenith, np.float32), np.asarray(light.horizon, np.float32)
    colour = zenith + (horizon - zenith) * mix
    if light.clouds:
        plane = directions[:, :2] * (9.0 / (rise + 0.12))[:, None] + 500.0
        cover = np.clip(textures.clouds(plane) * 0.5 + light.clouds - 0.6, 0, 1)
        colour += (
            (0.7 * min(light.clouds, 1.0)) * cover[:, None] * (np.float32(0.85) * horizon.max() - colour)
        )
    if light.sun_width == 0:
        towards = np.maximum(directions @ light.towards_sun, 0.0)[:, None]
        colour += np.asarray(light.sun, np.float32) * (0.14 * towards**24 + 2.0 * (towards > 0.9996))
    return colour


def _towards_light(light: Light) -> np.ndarray:
    """Where points look for the light, float32 (LIGHT_DIRECTIONS, 3): at the sun, or all over it."""
    turn = 2.4 * np.arange(LIGHT_DIRECTIONS)
    out = 0.95 * light.sun_width * np.sqrt((np.arange(LIGHT_DIRECTIONS) + 0.5) / LIGHT_DIRECTIONS)
    around = light.towards_sun + np.stack([out * np.cos(turn), out * np.sin(turn), 0 * out], 1)
    return (around / np.linalg.norm(around, axis=1, keepdims=True)).astype(np.float32)


@dataclass(frozen=True)
class Surface:
    """The points, of N rays, that lie on something: M of them, float32 where not said otherwise."""

    rows: np.ndarray  # intp (M,): which rays
    points: np.ndarray  # (M, 3)
    directions: np.ndarray  # (M, 3), of the rays
    distance: np.ndarray  # (M,)
    normals: np.ndarray  # (M, 3), towards the camera
    uv: np.ndarray  # (M, 2)
    footprint: np.ndarray  # (M,): metres of the surface that a pixel covers
    texture: np.ndarray  # uint8 (M,)
    tint: np.ndarray  # (M, 3)
    owner: np.ndarray  # int16 (M,)

    @classmethod
    def met(cls, scene: Scene, rays: Rays) -> "Surface":
        hits = scene.trace(rays)
        rows = np.flatnonzero(hits.face >= 0)
        faces, distance, u, v = (
            np.take(each, rows) for each in (hits.face, hits.distance, hits.u, hits.v)
        )
        directions, shown, origins = (
            np.take(each, rows, axis=0) for each in (rays.directions, hits.normal, rays.origins)
        )
        at_corners, weights = scene.of_faces("shading", faces), np.stack([1 - u - v, u, v], 1)
        shading = np.einsum("nck,nc->nk", at_corners, weights)
        normals, uv = shading[:, :3].copy(), shading[:, 3:].copy()
        texture = scene.of_faces("texture", faces)
        # Leaves are lit as their crown is; everything else shows the side that its triangle shows.
        leaves = np.flatnonzero(textures.LEAFY[texture])
        shown[leaves] = normals[leaves]
        away = np.einsum("nk,nk->n", shown, directions) > 0
        normals *= (np.where(away, -1, 1) / length(normals)).astype(np.float32)[:, None]
        facing = np.einsum("nk,nk->n", normals, directions)
        return cls(
            rows,
            origins + directions * distance[:, None],
            directions,
            distance,
            normals,
            uv,
            distance * np.float32(rays.spread) / np.clip(np.abs(facing), 0.2, 1.0),
            texture,
            scene.of_faces("tint", faces),
            scene.of_faces("owner", faces),
        )


class Shader:
    """Colours of rays in one scene under one light."""

    def __init__(self, scene: Scene, light: Light):
        self._scene, self._light = scene, light

    def faces_light(self, surface: Surface) -> np.ndarray:
        """bool (M,): whether shadows matter there."""
        return (surface.normals @ self._light.towards_sun > 0) | textures.LEAFY[surface.texture]

    def visibility(self, surface: Surface, which: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """float32 (K,): 1 where nothing stands between the points `which` and the light.

        direction (K,): the one of LIGHT_DIRECTIONS, by number, in which each point looks for it.
        """
        normals, points = surface.normals[which], surface.points[which]
        towards = _towards_light(self._light)[direction]
        slope = np.einsum("nk,nk->n", normals, towards)
        lit = np.flatnonzero((slope > 0) | textures.LEAFY[surface.texture[which]])
        start = points[lit] + (normals[lit] + towards[lit]) * _OFFSET
        seen = np.zeros(len(which), np.float32)
        seen[lit] = self._scene.is_free(start, towards[lit])
        return seen

    def colour(
        self, rays: Rays, surface: Surface, visible: np.ndarray, mirrors: bool = True
    ) -> np.ndarray:
        """Linear light float32 (N, 3); `visible` (M,): how much of the sun, 0..1, each point sees."""
        colour = textures.look_up(surface.texture, surface.uv, surface.footprint) * surface.tint
        self._tone_ground(colour, surface)
        colour *= self._received(surface, visible)
        if mirrors:
            self._add_coat(colour, surface)
            if self._light.wet:
                self._add_wet_road(colour, rays, surface)
        self._add_haze(colour, surface)
        if len(surface.rows) == len(rays.directions):
            return colour
        everything = np.empty(rays.directions.shape, np.float32)
        everything[surface.rows] = colour
        missed = np.ones(len(everything), bool)
        missed[surface.rows] = False
        everything[missed] = sky(rays.directions[missed], self._light)
        return everything

    def _tone_ground(self, colour: np.ndarray, surface: Surface) -> None:
        """Large stains, and how much darker wet ground is."""
        ground = np.flatnonzero((surface.owner == ROAD) | (surface.owner == TERRAIN))
        rows = np.full(len(ground), _MOTTLE)
        tone = textures.look_up(rows, surface.uv[ground], surface.footprint[ground])
        soaked = np.where(surface.owner[ground] == ROAD, np.float32(0.45), np.float32(0.25))
        colour[ground] *= tone * (1 - self._light.wet * soaked)[:, None]

    def _received(self, surface: Surface, visible: np.ndarray) -> np.ndarray:
        """Light from sun and sky that arrives, float32 (M, 3)."""
        slope = surface.normals @ self._light.towards_sun
        through = 0.25 + 0.7 * np.maximum(slope, 0) + 0.1 * np.abs(slope)
        slope = np.where(textures.LEAFY[surface.texture], through, np.maximum(slope, 0))
        above = (0.62 + 0.38 * surface.normals[:, 2])[:, None] * np.asarray(
            self._light.sky_light, np.float32
        )
        return above + (visible * slope)[:, None] * np.asarray(self._light.sun, np.float32)

    def _add_coat(self, colour: np.ndarray, surface: Surface) -> None:
        """The sky in paint, glass and metal."""
        coated = np.flatnonzero(textures.REFLECTANCE[surface.texture] > 0)
        mirrored, share = _mirror(surface, coated, textures.REFLECTANCE[surface.texture[coated]])
        seen = sky(mirrored, self._light) * np.where(
            mirrored[:, 2:] > 0, np.float32(1), np.float32(0.15)
        )
        colour[coated] += share * (seen - colour[coated])

    def _add_wet_road(self, colour: np.ndarray, rays: Rays, surface: Surface) -> None:
        """The scene in the water on the road, blurred by the stones under it."""
        wet = np.flatnonzero(surface.owner == ROAD)
        mirrored, share = _mirror(surface, wet, np.float32(0.02))
        rough = textures.look_up(
            np.full(len(wet), _ASPHALT), surface.uv[wet] * 3, surface.footprint[wet]
        )
        mirrored = mirrored + (rough - 1) * np.float32(0.25) + np.array((0, 0, 0.05), np.float32)
        mirrored /= length(mirrored)[:, None]
        again = Rays(surface.points[wet] + mirrored * _OFFSET, mirrored, rays.spread * 8)
        met = Surface.met(self._scene, again)
        seen = self.colour(again, met, np.full(len(met.rows), 0.6, np.float32), mirrors=False)
        colour[wet] += np.float32(0.6 * self._light.wet) * share * (seen - colour[wet])

    def _add_haze(self, colour: np.ndarray, surface: Surface) -> None:
        clear = np.exp(np.float32(-self._light.haze) * surface.distance)[:, None]
        horizon = np.asarray(self._light.horizon, np.float32)
        colour -= horizon
        colour *= clear
        colour += horizon


def _mirror(surface: Surface, which: np.ndarray, reflectance) -> tuple[np.ndarray, np.ndarray]:
    """Directions (K, 3) of reflected rays, and their share (K, 1) by Schlick's approximation."""
    normals, directions = surface.normals[which], surface.directions[which]
    cosine = np.einsum("nk,nk->n", normals, directions)
    share = reflectance + (1 - reflectance) * (1 - np.minimum(np.abs(cosine), 1)) ** 5
    return directions - 2 * cosine[:, None] * normals, share[:, None]
