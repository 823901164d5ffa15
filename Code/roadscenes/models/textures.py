"""Tileable surface textures, painted from noise."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SIZE = 256  # texels along each side of a tile


@dataclass(frozen=True)
class Texture:
    """The look of a surface: a tile that repeats."""

    # -> linear albedo (SIZE, SIZE, 3) or (SIZE, SIZE)
    paint: Callable[[np.random.Generator], np.ndarray]
    metres: float  # along each side of a tile
    reflectance: float = 0.0  # of a mirror-like coat, seen straight on
    translucent: bool = False  # thin as a leaf: light also comes through


def _noise(rng: np.random.Generator, roughness: float) -> np.ndarray:
    """Periodic noise (SIZE, SIZE) of mean 0 and deviation 1; spectrum ~ 1 / frequency ** roughness."""
    frequency = np.fft.fftfreq(SIZE) * SIZE
    radius = np.hypot(frequency[:, None], frequency[None])
    radius[0, 0] = np.inf
    field = np.fft.ifft2(np.fft.fft2(rng.standard_normal((SIZE, SIZE))) / radius**roughness).real
    return field / field.std()


def _blend(value: np.ndarray, low: tuple, high: tuple) -> np.ndarray:
    """0..1 -> linear colours between two."""
    value = np.clip(value, 0, 1)[..., None]
    return np.asarray(low) * (1 - value) + np.asarray(high) * value


def _flat(rng: np.random.Generator) -> np.ndarray:
    return np.ones((SIZE, SIZE))


def _rough(grain: float, stains: float) -> Callable[[np.random.Generator], np.ndarray]:
    def paint(rng: np.random.Generator) -> np.ndarray:
        return np.clip(1 + grain * _noise(rng, 0.3) + stains * _noise(rng, 1.5), 0.2, 2)

    return paint


def _asphalt(rng: np.random.Generator) -> np.ndarray:
    cracks = np.abs(_noise(rng, 1.6)) < 0.012
    return np.clip(1 + 0.2 * _noise(rng, 0.2) + 0.06 * _noise(rng, 1.4) - 0.4 * cracks, 0.2, 2)


def _gravel(rng: np.random.Generator) -> np.ndarray:
    stones = _noise(rng, 0.8)
    return _blend(0.55 + 0.33 * stones, (0.35, 0.32, 0.28), (1.25, 1.22, 1.15))


def _paving(rng: np.random.Generator) -> np.ndarray:
    rows, columns = np.indices((SIZE, SIZE))
    joints = (rows % 64 < 3) | ((columns + 32 * (rows // 64 % 2)) % 64 < 3)
    slabs = np.kron(rng.normal(1, 0.08, (4, 4)), np.ones((64, 64)))
    return np.where(joints, 0.45, slabs) * np.clip(1 + 0.1 * _noise(rng, 0.3), 0.5, 1.5)


def _grass(rng: np.random.Generator) -> np.ndarray:
    blades = 0.5 + 0.3 * _noise(rng, 0.4) + 0.15 * _noise(rng, 1.5)
    return _blend(blades, (0.4, 0.5, 0.3), (1.6, 1.5, 1.5))


def _leaves(rng: np.random.Generator) -> np.ndarray:
    return _blend(0.42 + 0.4 * _noise(rng, 0.45), (0.1, 0.14, 0.12), (2.1, 1.95, 1.7))


def _bark(rng: np.random.Generator) -> np.ndarray:
    ridges = np.repeat(_noise(rng, 0.7)[::8], 8, axis=0) + _noise(rng, 0.7)  # long along the trunk
    return np.clip(1 + 0.3 * ridges, 0.25, 2)


def _brick(rng: np.random.Generator) -> np.ndarray:
    rows, columns = np.indices((SIZE, SIZE))
    course = columns // 16
    joints = (columns % 16 < 2) | ((rows + 16 * (course % 2)) % 32 < 2)
    stones = np.kron(rng.normal(1, 0.18, (8, 16)), np.ones((32, 16)))
    return np.where(joints, 1.5, np.clip(stones, 0.4, 1.6))


def _tiles(rng: np.random.Generator) -> np.ndarray:
    columns = np.arange(SIZE)[None, :] % 16 / 16
    return np.clip((0.65 + 0.5 * columns) * (1 + 0.15 * _noise(rng, 0.5)), 0.2, 2)


def _windows(wall: Callable, left: float, right: float, low: float, high: float) -> Callable:
    """One window in a tile of wall; u runs along the wall, v up. Edges in 0..1."""

    def paint(rng: np.random.Generator) -> np.ndarray:
        albedo = np.broadcast_to(np.asarray(wall(rng))[..., None], (SIZE, SIZE, 3)).copy()
        u, v = np.indices((SIZE, SIZE)) / SIZE
        frame = (u > left - 0.03) & (u < right + 0.03) & (v > low - 0.04) & (v < high + 0.03)
        glass = (u > left) & (u < right) & (v > low) & (v < high)
        glass &= np.abs(u - (left + right) / 2) > 0.012
        albedo[frame] = 0.9
        shine = 0.05 + 0.12 * np.clip((v - low) / (high - low) + 0.4 * _noise(rng, 2.0) * 0.3, 0, 1)
        albedo[glass] = (shine[..., None] * np.array([0.8, 1.0, 1.2]))[glass]
        return albedo

    return paint


_PLASTER = _rough(0.04, 0.08)
TEXTURES: dict[str, Texture] = {
    "flat": Texture(_flat, 1.0),
    "asphalt": Texture(_asphalt, 5.0),
    "gravel": Texture(_gravel, 3.0),
    "paving": Texture(_paving, 2.4),
    "grass": Texture(_grass, 3.5),
    "earth": Texture(_rough(0.3, 0.25), 4.0),
    "leaves": Texture(_leaves, 1.6, translucent=True),
    "hedge": Texture(_leaves, 1.1, translucent=True),
    "bark": Texture(_bark, 1.2),
    "plaster": Texture(_PLASTER, 6.0),
    "concrete": Texture(_rough(0.08, 0.16), 4.0),
    "brick": Texture(_brick, 2.0),
    "tiles": Texture(_tiles, 3.0),
    "house": Texture(_windows(_PLASTER, 0.3, 0.7, 0.32, 0.8), 3.0),
    "brick house": Texture(_windows(_brick, 0.3, 0.68, 0.32, 0.82), 3.0),
    "offices": Texture(_windows(_rough(0.05, 0.05), 0.06, 0.94, 0.3, 0.9), 3.4),
    "paint": Texture(_flat, 1.0, reflectance=0.05),
    "glass": Texture(_flat, 1.0, reflectance=0.12),
    "metal": Texture(_rough(0.05, 0.08), 1.5, reflectance=0.08),
    "rubber": Texture(_rough(0.1, 0.0), 0.5),
    "marking": Texture(_rough(0.08, 0.12), 2.0),
    "mottle": Texture(_rough(0.03, 0.12), 47.0),  # breaks the repetition of the ground's tiles
}
INDEX = {name: index for index, name in enumerate(TEXTURES)}
