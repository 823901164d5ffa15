"""Writes rendered frames in the layout of Virtual KITTI 1.3.1, in parallel; continues where it was."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import joblib
import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from roadseg.errors import DataError
from roadseg.sources.miniature.camera import Camera, take
from roadseg.sources.miniature.layouts import LAYOUTS
from roadseg.sources.miniature.light import VARIATIONS, of_world
from roadseg.sources.miniature.scene import Backdrop, Scene
from roadseg.sources.miniature.worlds import World
from roadseg.sources.virtual_kitti import VirtualKitti1

MARKER = "miniature.json"
_FORMAT = 1  # raise it when the same seed gives other pictures
_IMAGES, _LABELS = "vkitti_1.3.1_rgb", "vkitti_1.3.1_scenegt"
_TASK = 16  # frames, at most, that a worker renders at a time


def render(
    target: str | Path,
    worlds: Iterable[str] = ("0001",),
    variations: Iterable[str] = ("clone",),
    frames: int | Iterable[int] | None = None,
    seed: int = 0,
    workers: int | None = None,
    progress: bool = True,
) -> None:
    """Renders scenes into `target` as a data set in the layout of Virtual KITTI 1.3.1.

    worlds: of LAYOUTS ("0001", "0002", "0006", "0018", "0020"), each of another kind.
    variations: of VARIATIONS; the same drive with other light or weather, or the camera turned.
    frames: how many from the start of each drive, or which; None: as many as Virtual KITTI has.
        At 10 frames a second: range(0, 447, 7) is every seventh, so that they differ more.
    seed: another seed furnishes the worlds differently. The same arguments give the same bytes.
    workers: processes; None: one for each CPU.

    Frames that are already there are kept, so an interrupted call can be made again, and a later one
    can add more. Raises ValueError for an unknown world, variation or frame, and DataError when
    `target` holds something else, or worlds of another seed.
    """
    target = Path(target)
    worlds, variations = list(dict.fromkeys(worlds)), list(dict.fromkeys(variations))
    _check_names("world", worlds, LAYOUTS)
    _check_names("variation", variations, VARIATIONS)
    wanted = {world: _frame_numbers(frames, world) for world in worlds}
    _claim(target, seed)
    for world in worlds:
        _write_encoding(target, World(world, seed), variations)
    tasks = [task for world in worlds for task in _tasks(target, world, seed, wanted[world], variations)]
    total = sum(map(len, wanted.values())) * len(variations)
    left = sum(len(task.frames) * len(task.variations) for task in tasks)
    jobs = min(workers or joblib.cpu_count(), max(len(tasks), 1))
    with tqdm(
        total=total, initial=total - left, unit="frame", desc="rendering", disable=not progress
    ) as bar:
        calls = (joblib.delayed(_render)(task) for task in tasks)
        for done in joblib.Parallel(jobs, return_as="generator_unordered")(calls):
            bar.update(done)


def _check_names(what: str, names: list[str], known: Iterable[str]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise ValueError(f"{what} {', '.join(unknown) or '(none)'}: choose from {', '.join(known)}")


def _frame_numbers(frames: int | Iterable[int] | None, world: str) -> list[int]:
    count = LAYOUTS[world].frames
    if frames is None:
        return list(range(count))
    numbers = sorted(set(range(frames) if isinstance(frames, int) else frames))
    if not numbers or numbers[0] < 0 or numbers[-1] >= count:
        raise ValueError(f"frames {frames!r}: world {world} has the frames 0..{count - 1}")
    return numbers


def _claim(target: Path, seed: int) -> None:
    """Makes the folder, or checks that it holds worlds of this seed."""
    marker, description = target / MARKER, {"format": _FORMAT, "seed": seed}
    if marker.is_file():
        try:
            found = json.loads(marker.read_text("utf-8"))
        except ValueError:
            raise DataError(f"{marker}: is damaged; render into another folder, or remove this one")
        if found != description:
            raise DataError(f"{target}: holds {found}, not {description}; render into another folder")
    elif target.exists() and any(target.iterdir()):
        raise DataError(f"{target}: holds other files; render into a folder of its own")
    else:
        target.mkdir(parents=True, exist_ok=True)
        _replace(marker, lambda part: part.write_text(json.dumps(description), "utf-8"))


def _write_encoding(target: Path, world: World, variations: list[str]) -> None:
    lines = [VirtualKitti1.header, *world.instances.encoding]
    for variation in variations:
        path = target / _LABELS / f"{world.name}_{variation}_scenegt_rgb_encoding.txt"
        path.parent.mkdir(exist_ok=True)
        _replace(path, lambda part: part.write_text("\n".join(lines) + "\n", "utf-8"))


def _replace(path: Path, write) -> None:
    """`write` makes a file beside it first, so that under the final name it is whole or not there."""
    part = path.with_name(f".{path.name}.part")
    write(part)
    part.replace(path)


@dataclass(frozen=True)
class _Task:
    """Frames that share a backdrop."""

    target: Path
    world: str
    seed: int
    stretch: int
    frames: tuple[int, ...]
    variations: tuple[str, ...]

    def files(self, variation: str, frame: int) -> tuple[Path, Path]:
        """Where picture and label go."""
        name = Path(self.world) / variation / f"{frame:05d}.png"
        return self.target / _IMAGES / name, self.target / _LABELS / name


def _tasks(
    target: Path, name: str, seed: int, frames: list[int], variations: list[str]
) -> Iterator[_Task]:
    """What is not there yet, in pieces of up to _TASK frames."""
    world = World(name, seed)
    size = max(_TASK // len(variations), 1)
    by_stretch: dict[int, list[int]] = {}
    for frame in frames:
        whole = _Task(target, name, seed, 0, (frame,), tuple(variations))
        if not all(path.is_file() for variation in variations for path in whole.files(variation, frame)):
            by_stretch.setdefault(world.stretch(frame), []).append(frame)
    for stretch, missing in by_stretch.items():
        for start in range(0, len(missing), size):
            yield _Task(
                target, name, seed, stretch, tuple(missing[start : start + size]), tuple(variations)
            )


@lru_cache(maxsize=1)
def _world(name: str, seed: int) -> World:
    return World(name, seed)


@lru_cache(maxsize=1)
def _backdrop(name: str, seed: int, stretch: int) -> Backdrop:
    return Backdrop(_world(name, seed).backdrop(stretch))


def _render(task: _Task) -> int:
    """Renders and writes the frames of a task; returns how many there are."""
    world = _world(task.world, task.seed)
    backdrop = _backdrop(task.world, task.seed, task.stretch)
    colours = world.instances.colours
    for frame in task.frames:
        scene = Scene(backdrop, world.traffic(frame))
        place, heading, pitch = world.camera(frame)
        for number, variation in enumerate(VARIATIONS):
            if variation in task.variations:
                key = [task.seed, int(task.world), number]
                light = of_world(VARIATIONS[variation], np.random.default_rng(key))
                camera = Camera(place, heading + np.radians(light.camera_yaw), pitch)
                picture, owners = take(scene, camera, light, np.random.default_rng([*key, frame]))
                _write(picture, colours[owners], *task.files(variation, frame))
    return len(task.frames) * len(task.variations)


def _write(picture: np.ndarray, label: np.ndarray, image_file: Path, label_file: Path) -> None:
    for pixels, path in (
        (label, label_file),
        (picture, image_file),
    ):  # a frame exists when its picture does
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(
            path, lambda part, pixels=pixels: Image.fromarray(pixels).save(part, "PNG", compress_level=1)
        )
