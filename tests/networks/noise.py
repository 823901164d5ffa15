"""Random images."""

import numpy as np


def noise(shape: tuple[int, int, int], count: int = 2, seed: int = 0) -> np.ndarray:
    """uint8 (count, H, W, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), np.uint8)
