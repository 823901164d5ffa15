"""Tasks of parallel workers: groups the frames that are missing, and renders them."""

import os
import platform
import threading
import time
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from roadscenes.class_ids import TRUCK
from roadscenes.render.image import View
from roadscenes.render.ray_casting import Camera, Scene, StaticGeometry
from roadscenes.render.variations import VARIATIONS, Light, light_in_world, random_light
from roadscenes.worlds.layouts import WORLDS
from roadscenes.worlds.world import CAMVID, World
from roadseg.data.sources.base import RENDERED_MARKER
from roadseg.errors import DataError
from roadseg.files import atomic_write

_IMAGES, _LABELS = "vkitti_1.3.1_rgb", "vkitti_1.3.1_scenegt"
_LARGEST_TASK = 16  # frames


@dataclass(frozen=True)
class SceneFolder:
    """A folder of scenes, and what all its frames share; the last three as in `dataset.render`."""

    path: Path
    seed: int
    randomise: bool
    labels: str

    def world(self, name: str) -> World:
        return World(WORLDS[name], self.seed, self.labels)

    def label_and_image(self, world: str, variation: str, frame: int) -> tuple[Path, Path]:
        if self.labels == CAMVID:
            name = f"{variation}_{frame:05d}.png"  # the sequence is "WORLD/VARIATION" here too
            return self.path / f"{world}annot" / name, self.path / world / name
        name = Path(world) / variation / f"{frame:05d}.png"
        return self.path / _LABELS / name, self.path / _IMAGES / name

    def encoding_file(self, world: str, variation: str) -> Path:
        return self.path / _LABELS / f"{world}_{variation}_scenegt_rgb_encoding.txt"

    def missing(self, world: str, variations: Iterable[str], frame: int) -> tuple[str, ...]:
        """The variations in which a frame is not rendered yet."""
        return tuple(
            variation
            for variation in variations
            if not all(map(Path.is_file, self.label_and_image(world, variation, frame)))
        )


@dataclass(frozen=True)
class RenderTask:
    """Frames of one section of a drive, each in the same variations."""

    folder: SceneFolder
    world: str
    section: int
    frames: tuple[int, ...]
    variations: tuple[str, ...]
    caller: int = field(default_factory=os.getpid)  # the process that waits for it


def plan_tasks(
    folder: SceneFolder, world: World, frames: list[int], variations: list[str]
) -> Iterator[RenderTask]:
    """Groups the frames that are not rendered yet into tasks.

    Args:
        folder: where they go.
        world: as the folder furnishes it.
        frames, variations: the frames wanted, each in all of these variations.
    """
    groups: dict[tuple[int, tuple[str, ...]], list[int]] = {}
    for frame in frames:
        if missing := folder.missing(world.name, variations, frame):
            groups.setdefault((world.section(frame), missing), []).append(frame)
    for (section, missing), numbers in groups.items():
        size = max(_LARGEST_TASK // len(missing), 1)
        for start in range(0, len(numbers), size):
            piece = tuple(numbers[start : start + size])
            yield RenderTask(folder, world.name, section, piece, missing)


def render_frames(task: RenderTask) -> int:
    """Renders and writes the frames of a task; returns the number of images.

    What a lost worker has finished of the same task is left alone. Raises DataError on a machine that
    does not see the folder: its frames would get lost there.
    """
    folder = task.folder
    if not (folder.path / RENDERED_MARKER).is_file():
        raise DataError(
            f"{folder.path}: the worker on {platform.node()} does not see this folder; render into one "
            "that all machines share under the same name"
        )
    _end_with(task.caller)
    world, static = _world(folder, task.world), _static(folder, task.world, task.section)
    drive_lights = {name: light_in_world(name, world.seeds) for name in task.variations}
    for frame in task.frames:
        if not folder.missing(task.world, task.variations, frame):
            continue
        scene, lights = (static, world.moving_mesh(frame)), drive_lights
        if folder.randomise:
            rng = np.random.default_rng([*world.seeds, frame])
            factors = _random_colours(world.class_ids, rng)
            scene = [part.recoloured(factors) for part in scene]
            # Each from the same numbers, so that it looks the same alone and beside others.
            lights = {name: random_light(name, deepcopy(rng)) for name in task.variations}
        _render_variations(task, world, Scene(*scene), frame, lights)
    return len(task.frames) * len(task.variations)


@cache
def _end_with(caller: int) -> None:
    """Ends this process when the one that called it does, even by SIGKILL; else it would render on."""

    def watch() -> None:
        while os.getppid() == caller:  # an orphan gets another parent
            time.sleep(1.0)
        os._exit(1)

    if os.getppid() == caller:  # not so in the caller itself, and on other machines
        threading.Thread(target=watch, daemon=True).start()


def _render_variations(
    task: RenderTask, world: World, scene: Scene, frame: int, lights: dict[str, Light]
) -> None:
    """One frame; variations with the same turn of the camera share what its rays hit."""
    position, heading, pitch = world.camera_pose(frame)
    yaws = {name: VARIATIONS[name].camera_yaw for name in lights}
    for yaw in sorted(set(yaws.values())):
        view = View(scene, Camera(position, heading + np.radians(yaw), pitch, world.lens))
        label = world.label_values[view.instance_ids]
        for name in (name for name in lights if yaws[name] == yaw):
            rng = np.random.default_rng([*world.seeds, *name.encode(), frame])
            files = task.folder.label_and_image(task.world, name, frame)
            # The label first: without its image a frame is not there yet.
            for pixels, path in zip((label, view.image(lights[name], rng)), files, strict=True):
                path.parent.mkdir(parents=True, exist_ok=True)
                png = Image.fromarray(pixels)
                atomic_write(path, lambda part, png=png: png.save(part, "PNG", compress_level=1))


@lru_cache(maxsize=1)
def _world(folder: SceneFolder, name: str) -> World:
    return folder.world(name)


@lru_cache(maxsize=1)
def _static(folder: SceneFolder, name: str, section: int) -> StaticGeometry:
    return StaticGeometry(_world(folder, name).static_mesh(section))


def _random_colours(class_ids: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random factors float32 (instances, 3) for the colours of each class and each vehicle."""
    vehicle = class_ids >= TRUCK
    darkest, brightest = np.where(vehicle, -2.0, -1.0), np.where(vehicle, 0.5, 0.6)
    tone = rng.uniform(darkest, brightest)[:, None] + rng.normal(0, 0.12, (len(class_ids), 3))
    return np.exp(tone).astype(np.float32)
