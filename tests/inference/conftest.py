"""A network that knows bright from dark, so that tests know what it should find."""

from types import SimpleNamespace

import numpy as np
import pytest

from roadseg.inference import Labeller

NAMES = "Dark", "Grey", "Bright"
PALETTE = (0, 0, 120), (0, 160, 0), (250, 220, 0)
HEIGHT, WIDTH = 20, 32  # of the images in its "training"


class BrightnessModel:
    """Logits fall with the distance of a pixel's brightness from 0, 127 and 255."""

    card = SimpleNamespace(
        class_names=NAMES, palette=PALETTE, image_shape=(HEIGHT, WIDTH, 3), scale=2.0, confidence=0.9
    )
    minimum_size = 16

    def __init__(self, resizable: bool = True):
        self.resizable = resizable
        self.seen = []  # shapes

    def logits(self, image: np.ndarray) -> np.ndarray:
        assert image.dtype == np.uint8
        self.seen.append(image.shape)
        brightness = image.astype(np.float32).mean(axis=-1, keepdims=True)
        return -np.abs(brightness - np.array([0, 127, 255], np.float32)) / 16


@pytest.fixture
def model() -> BrightnessModel:
    return BrightnessModel()


@pytest.fixture
def labeller(model) -> Labeller:
    return Labeller(model)


@pytest.fixture
def halves() -> np.ndarray:
    """Dark on the left, bright on the right, uint8 (40, 64, 3)."""
    image = np.zeros((40, 64, 3), np.uint8)
    image[:, 32:] = 255
    return image
