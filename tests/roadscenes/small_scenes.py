"""Shared by the tests of rendering: a few frames to render, and a road with things on it."""

import hashlib
from pathlib import Path

import numpy as np

from roadscenes.class_ids import ROAD
from roadscenes.models.mesh import Mesh, join
from roadscenes.models.primitives import box, quad
from roadscenes.render.camera import Camera
from roadscenes.render.image import View
from roadscenes.render.ray_casting import Scene, StaticGeometry
from roadscenes.render.variations import Light

RENDERED = {"worlds": ["0001", "0018"], "variations": ["clone", "fog", "30-deg-left"], "frames": [0, 9]}


def digests(folder: Path) -> dict[str, str]:
    """Of every file, by its path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def road_with(*things: Mesh) -> Scene:
    """An endless road at z = 0 and things on it, or one out of sight."""
    road = quad((-500, -500, 0), (1000, 0, 0), (0, 1000, 0), "asphalt", (0.3, 0.3, 0.3), ROAD)
    return Scene(StaticGeometry(road), join(things or [box((1, 1, 1), "flat", at=(-50, 0, 0))]))


def look(scene: Scene, light: Light, heading: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Image and instance ids from 1.5 m above the origin."""
    view = View(scene, Camera((0, 0, 1.5), heading, 0.0))
    return view.image(light, np.random.default_rng(0)), view.instance_ids
