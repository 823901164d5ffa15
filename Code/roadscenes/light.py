"""Light and weather: the ten variations of a drive."""

from dataclasses import dataclass, replace

import numpy as np

Colour = tuple[float, float, float]  # linear


@dataclass(frozen=True)
class Light:
    """What lights a frame, and how the camera is turned. Angles in degrees, x ahead, left positive."""

    sun_height: float = 42.0
    sun_side: float = 55.0
    sun: Colour = (3.2, 3.0, 2.7)
    sun_width: float = 0.0  # 0: a point, hard shadows; 1: a wide part of the sky, soft ones
    sky_light: Colour = (0.26, 0.31, 0.38)  # what shadows get from above
    zenith: Colour = (0.2, 0.33, 0.6)
    horizon: Colour = (0.85, 0.95, 1.05)
    clouds: float = 0.3  # 0..1
    haze: float = 0.0012  # 1 / metres
    wet: float = 0.0  # 0..1
    rain: float = 0.0  # 0..1
    exposure: float = 1.0
    camera_yaw: float = 0.0

    @property
    def towards_sun(self) -> np.ndarray:
        height, side = np.radians((self.sun_height, self.sun_side))
        return np.array(
            [np.cos(height) * np.cos(side), np.cos(height) * np.sin(side), np.sin(height)], np.float32
        )


_GREY_SKY = {
    "sun_height": 65.0,
    "sun_width": 1.0,
    "sun": (0.75, 0.78, 0.8),
    "sky_light": (0.5, 0.53, 0.56),
    "zenith": (0.42, 0.46, 0.5),
    "horizon": (0.62, 0.65, 0.67),
    "clouds": 1.0,
}
VARIATIONS: dict[str, Light] = {
    "clone": Light(),
    "morning": Light(
        sun_height=24.0, sun_side=-60.0, sun=(2.9, 2.3, 1.6), sky_light=(0.27, 0.31, 0.38),
        horizon=(0.8, 0.72, 0.6), haze=0.0025, clouds=0.2,
    ),
    "sunset": Light(
        sun_height=11.0, sun_side=28.0, sun=(2.6, 1.45, 0.7), sky_light=(0.25, 0.25, 0.31),
        zenith=(0.12, 0.17, 0.34), horizon=(0.95, 0.6, 0.34), haze=0.002, clouds=0.45,
    ),
    "overcast": Light(**_GREY_SKY, haze=0.0015),
    "fog": Light(**(_GREY_SKY | {"clouds": 0.0, "zenith": (0.62, 0.65, 0.67)}), haze=0.019),
    "rain": Light(
        **(_GREY_SKY | {"zenith": (0.3, 0.33, 0.37)}), haze=0.004, wet=1.0, rain=1.0, exposure=0.8
    ),
    "15-deg-left": Light(camera_yaw=15.0),
    "15-deg-right": Light(camera_yaw=-15.0),
    "30-deg-left": Light(camera_yaw=30.0),
    "30-deg-right": Light(camera_yaw=-30.0),
}  # fmt: skip


def _times(colour: Colour, factor: float) -> Colour:
    red, green, blue = colour
    return red * factor, green * factor, blue * factor


def of_world(variation: str, key: list[int]) -> Light:
    """The variation as it is in one world: another time of day, other clouds, deeper or paler shadows, a
    darker or glaring sky, another exposure.

    A turned camera sees the world of "clone", in the same light.
    """
    light = VARIATIONS[variation]
    weather = "clone" if light.camera_yaw else variation
    rng = np.random.default_rng([*key, *weather.encode()])
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


def of_frame(variation: str, rng: np.random.Generator) -> Light:
    """The variation as one frame shows it when all is drawn at random: near-black to pale shadows, clear
    to hazy air, the sun anywhere around."""
    light = VARIATIONS[variation]
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
