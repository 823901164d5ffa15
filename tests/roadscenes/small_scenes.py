"""Shared by the tests of rendering: a few frames to render, and a road with things on it."""

from pathlib import Path

import numpy as np

from roadscenes.class_ids import ROAD
from roadscenes.models.mesh import Mesh, join
from roadscenes.models.primitives import box, quad
from roadscenes.render.image import View
from roadscenes.render.ray_casting import Camera, Lens, Scene, StaticGeometry
from roadscenes.render.variations import Light

VARIATIONS = "clone", "fog", "30-deg-left"


def contents(folder: Path) -> dict[str, bytes]:
    """Of every file with a final name, by its path."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def road_with(*things: Mesh) -> Scene:
    """An endless road at z = 0 and things on it, or one out of sight."""
    road = quad((-500, -500, 0), (1000, 0, 0), (0, 1000, 0), "asphalt", (0.3, 0.3, 0.3), ROAD)
    return Scene(StaticGeometry(road), join(things or [box((1, 1, 1), "flat", at=(-50, 0, 0))]))


def look(scene: Scene, light: Light, heading: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Image and instance ids from 1.5 m above the origin."""
    view = View(scene, Camera((0, 0, 1.5), heading, 0.0, Lens()))
    return view.image(light, np.random.default_rng(0)), view.instance_ids
