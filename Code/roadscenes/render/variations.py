"""Virtual KITTI's ten variations of a drive: light, weather, turn of the camera."""

from dataclasses import dataclass, replace

import numpy as np

Colour = tuple[float, float, float]  # linear


@dataclass(frozen=True)
class Light:
    """Sun, sky and weather. Angles in degrees, ahead is 0, left is positive."""

    sun_height: float = 42.0  # above the horizon
    sun_side: float = 55.0  # of the camera's heading at the start
    sun: Colour = (3.2, 3.0, 2.7)
    sun_width: float = 0.0  # 0: a point, hard shadows; 1: a wide part of the sky, soft ones
    sky_light: Colour = (0.26, 0.31, 0.38)  # what arrives in shadows, from above
    zenith: Colour = (0.2, 0.33, 0.6)
    horizon: Colour = (0.85, 0.95, 1.05)
    clouds: float = 0.3  # 0..1
    haze: float = 0.0012  # 1 / metres
    wet: float = 0.0  # 0..1
    rain: float = 0.0  # 0..1
    exposure: float = 1.0

    @property
    def towards_sun(self) -> np.ndarray:
        height, side = np.radians((self.sun_height, self.sun_side))
        return np.array(
            [np.cos(height) * np.cos(side), np.cos(height) * np.sin(side), np.sin(height)], np.float32
        )


_OVERCAST = Light(
    sun_height=65.0, sun_width=1.0, sun=(0.75, 0.78, 0.8), sky_light=(0.5, 0.53, 0.56),
    zenith=(0.42, 0.46, 0.5), horizon=(0.62, 0.65, 0.67), clouds=1.0, haze=0.0015,
)  # fmt: skip
_MORNING = Light(
    sun_height=24.0, sun_side=-60.0, sun=(2.9, 2.3, 1.6), sky_light=(0.27, 0.31, 0.38),
    horizon=(0.8, 0.72, 0.6), clouds=0.2, haze=0.0025,
)  # fmt: skip
_SUNSET = Light(
    sun_height=11.0, sun_side=28.0, sun=(2.6, 1.45, 0.7), sky_light=(0.25, 0.25, 0.31),
    zenith=(0.12, 0.17, 0.34), horizon=(0.95, 0.6, 0.34), clouds=0.45, haze=0.002,
)  # fmt: skip


@dataclass(frozen=True)
class Variation:
    """One repetition of a drive: in some light, and perhaps with a turned camera."""

    light: Light = Light()
    camera_yaw: float = 0.0  # degrees to the left


VARIATIONS: dict[str, Variation] = {
    "clone": Variation(),
    "morning": Variation(_MORNING),
    "sunset": Variation(_SUNSET),
    "overcast": Variation(_OVERCAST),
    "fog": Variation(replace(_OVERCAST, clouds=0.0, zenith=(0.62, 0.65, 0.67), haze=0.019)),
    "rain": Variation(
        replace(_OVERCAST, zenith=(0.3, 0.33, 0.37), haze=0.004, wet=1.0, rain=1.0, exposure=0.8)
    ),
    "15-deg-left": Variation(camera_yaw=15.0),
    "15-deg-right": Variation(camera_yaw=-15.0),
    "30-deg-left": Variation(camera_yaw=30.0),
    "30-deg-right": Variation(camera_yaw=-30.0),
}


def _times(colour: Colour, factor: float) -> Colour:
    red, green, blue = colour
    return red * factor, green * factor, blue * factor


def light_in_world(variation: str, seeds: list[int]) -> Light:
    """A variation's light in one world, which has its own time of day, clouds, shadows and exposure.

    seeds: of the world. A turned camera sees the world in the light of "clone".
    """
    light = VARIATIONS[variation].light
    drawn_for = "clone" if VARIATIONS[variation].camera_yaw else variation
    rng = np.random.default_rng([*seeds, *drawn_for.encode()])
    shadow, glare = np.exp(rng.uniform((-1.2, -0.4), (0.2, 0.8)))
    return replace(
        light,
        sky_light=_times(light.sky_light, shadow),
        zenith=_times(light.zenith, glare),
        horizon=_times(light.horizon, glare),
        sun_height=light.sun_height * rng.uniform(0.75, 1.35),
        sun_side=light.sun_side * rng.uniform(0.3, 1.7) + 180.0 * rng.integers(2),
        clouds=light.clouds * rng.uniform(0.3, 1.5),
        haze=light.haze * rng.uniform(0.6, 1.6),
        exposure=light.exposure * rng.uniform(0.65, 1.45),
    )


def random_light(variation: str, rng: np.random.Generator) -> Light:
    """A variation's light in one randomised frame.

    Shadows from near-black to pale, air from clear to hazy, the sun on any side: lights differ far more
    than those of worlds.
    """
    light = VARIATIONS[variation].light
    shadow, glare, haze, exposure = np.exp(rng.uniform((-2.5, -0.6, -3.0, -0.5), (0.2, 0.9, 0.5, 0.6)))
    return replace(
        light,
        sky_light=_times(light.sky_light, shadow),
        zenith=_times(light.zenith, glare),
        horizon=_times(light.horizon, glare),
        sun_height=light.sun_height * rng.uniform(0.6, 1.35),
        sun_side=rng.uniform(-180.0, 180.0),
        clouds=light.clouds * rng.uniform(0.0, 1.5),
        haze=light.haze * haze,
        exposure=light.exposure * exposure,
    )
