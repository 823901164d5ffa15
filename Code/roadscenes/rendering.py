"""Writes rendered frames in the layout of Virtual KITTI 1.3.1, in parallel; continues where it was."""

import json
import operator
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import joblib
import numpy as np
from PIL import Image
from tqdm import tqdm

from roadscenes.camera import Camera
from roadscenes.labels import TRUCK
from roadscenes.layouts import LAYOUTS
from roadscenes.light import VARIATIONS, of_frame, of_world
from roadscenes.photograph import View
from roadscenes.scene import Backdrop, Scene
from roadscenes.worlds import World
from roadseg.data import sources
from roadseg.data.sources.virtual_kitti import VirtualKitti1
from roadseg.errors import DataError
from roadseg.files import atomic_write

MARKER = "miniature.json"
_FORMAT = 2  # raise it when the same seed gives other pictures
_IMAGES, _LABELS = "vkitti_1.3.1_rgb", "vkitti_1.3.1_scenegt"
_TASK = 16  # frames, at most, that a worker renders at a time


def render(
    target: str | Path,
    worlds: Iterable[str] = ("0001",),
    variations: Iterable[str] = ("clone",),
    frames: int | Iterable[int] | None = None,
    seed: int = 0,
    randomise: bool = False,
    workers: int | None = None,
    progress: bool = True,
) -> None:
    """Renders scenes into `target` as a data set in the layout of Virtual KITTI 1.3.1.

    worlds: of LAYOUTS ("0001", "0002", "0006", "0018", "0020"), each of another kind.
    variations: of VARIATIONS; the same drive with other light or weather, or the camera turned.
    frames: how many from the start of each drive, or which; None: as many as Virtual KITTI has.
        At 10 frames a second: range(0, 447, 7) is every seventh, so that they differ more.
    seed: another seed furnishes the worlds differently. On one machine the same arguments give the
        same bytes.
    randomise: every frame in a light of its own and everything on it in other colours, far beyond what
        the drives of the variations show: to train networks for pictures from elsewhere (domain
        randomisation: Tobin et al. 2017).
    workers: processes; None: one for each CPU.

    Frames that are already there are kept, so an interrupted call can be made again, and a later one
    can add more. Raises ValueError for an unknown world, variation or frame, and DataError when `target`
    holds something else, worlds of another seed or otherwise randomised, or cannot be written.
    """
    target = Path(target).resolve()
    worlds, variations = _names("world", worlds, LAYOUTS), _names("variation", variations, VARIATIONS)
    chosen = _numbers(frames)
    wanted = {world: _of_drive(chosen, world) for world in worlds}
    try:
        _claim(target, seed, randomise)
        tasks = []
        for name in worlds:
            world = World(name, seed)
            _write_encoding(target, world, variations)
            tasks += _tasks(target, world, seed, randomise, wanted[name], variations)
        total = sum(map(len, wanted.values())) * len(variations)
        left = sum(len(task.frames) * len(task.variations) for task in tasks)
        jobs = min(workers or joblib.cpu_count(), max(len(tasks), 1))
        done = joblib.Parallel(jobs, return_as="generator_unordered")(
            map(joblib.delayed(_render), tasks)
        )
        with tqdm(
            total=total, initial=total - left, unit="frame", desc="rendering", disable=not progress
        ) as bar:
            for count in done:
                bar.update(count)
    except OSError as error:
        raise DataError(
            f"{error.filename or target}: cannot be written ({error.strerror}); what is rendered is "
            "kept, so call again to continue"
        )


def _names(what: str, names: Iterable[str], known: Iterable[str]) -> list[str]:
    names = [names] if isinstance(names, str) else list(dict.fromkeys(names))
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise ValueError(f"{what} {', '.join(unknown) or '(none)'}: choose from {', '.join(known)}")
    return names


def _numbers(frames: int | Iterable[int] | None) -> list[int] | None:
    """Sorted, each once; None: all."""
    if frames is None:
        return None
    if isinstance(frames, Iterable):
        return sorted({operator.index(frame) for frame in frames})
    return list(range(operator.index(frames)))


def _of_drive(numbers: list[int] | None, world: str) -> list[int]:
    count = LAYOUTS[world].frames
    if numbers is None:
        return list(range(count))
    if not numbers or numbers[0] < 0 or numbers[-1] >= count:
        asked = f"{numbers[0]}..{numbers[-1]}" if numbers else "none"
        raise ValueError(f"frames {asked}: world {world} has the frames 0..{count - 1}")
    return numbers


def _claim(target: Path, seed: int, randomise: bool) -> None:
    """Makes the folder, or checks that it holds such worlds of this seed."""
    marker, description = target / MARKER, {"format": _FORMAT, "seed": seed}
    if randomise:
        description["randomise"] = True
    if marker.is_file():
        try:
            found = json.loads(marker.read_text("utf-8"))
        except ValueError:
            raise DataError(f"{marker}: is damaged; render into another folder, or remove this one")
        if found != description:
            raise DataError(
                f"{target}: holds {found}, not {description}; render into another folder, or remove "
                "this one to render it again"
            )
        return
    if target.exists() and any(not path.name.startswith(".") for path in target.iterdir()):
        raise DataError(f"{target}: holds other files; render into a folder of its own")
    target.mkdir(parents=True, exist_ok=True)
    atomic_write(marker, lambda part: part.write_text(json.dumps(description), "utf-8"))


def _write_encoding(target: Path, world: World, variations: list[str]) -> None:
    text = "\n".join([VirtualKitti1.header, *world.instances.encoding]) + "\n"
    for variation in variations:
        path = target / _LABELS / f"{world.name}_{variation}_scenegt_rgb_encoding.txt"
        if not path.is_file():
            path.parent.mkdir(exist_ok=True)
            atomic_write(path, lambda part: part.write_text(text, "utf-8"))
        elif path.read_text("utf-8") != text:
            raise DataError(
                f"{path}: written by another version of this project, so its labels would be read "
                f"wrongly; remove {target} and render again"
            )


@dataclass(frozen=True)
class _Task:
    """Frames that share a backdrop."""

    target: Path
    world: str
    seed: int
    randomise: bool
    stretch: int
    frames: tuple[int, ...]
    variations: tuple[str, ...]


def _files(target: Path, world: str, variation: str, frame: int) -> tuple[Path, Path]:
    """Where picture and label go."""
    name = Path(world) / variation / f"{frame:05d}.png"
    return target / _IMAGES / name, target / _LABELS / name


def _tasks(
    target: Path, world: World, seed: int, randomise: bool, frames: list[int], variations: list[str]
) -> Iterator[_Task]:
    """What is not there yet, in pieces of up to _TASK frames."""
    groups: dict[tuple[int, tuple[str, ...]], list[int]] = {}
    for frame in frames:
        missing = tuple(
            variation
            for variation in variations
            if not all(path.is_file() for path in _files(target, world.name, variation, frame))
        )
        if missing:
            groups.setdefault((world.stretch(frame), missing), []).append(frame)
    for (stretch, missing), numbers in groups.items():
        size = max(_TASK // len(missing), 1)
        for start in range(0, len(numbers), size):
            piece = tuple(numbers[start : start + size])
            yield _Task(target, world.name, seed, randomise, stretch, piece, missing)


@lru_cache(maxsize=1)
def _world(name: str, seed: int) -> World:
    return World(name, seed)


@lru_cache(maxsize=1)
def _backdrop(name: str, seed: int, stretch: int) -> Backdrop:
    return Backdrop(_world(name, seed).backdrop(stretch))


def _paints(classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random factors float32 (owners, 3) for the colours of each class and each vehicle of `classes`."""
    vehicle = classes >= TRUCK
    darkest, brightest = np.where(vehicle, -2.0, -1.0), np.where(vehicle, 0.5, 0.6)
    tone = rng.uniform(darkest, brightest)[:, None] + rng.normal(0, 0.12, (len(classes), 3))
    return np.exp(tone).astype(np.float32)


def _render(task: _Task) -> int:
    """Renders and writes the frames of a task; returns how many there are."""
    world, key = _world(task.world, task.seed), [task.seed, int(task.world)]
    backdrop = _backdrop(task.world, task.seed, task.stretch)
    colours = world.instances.colours
    lights = {variation: of_world(variation, key) for variation in task.variations}
    for frame in task.frames:
        behind, traffic, (place, heading, pitch) = backdrop, world.traffic(frame), world.camera(frame)
        if task.randomise:
            rng = np.random.default_rng([*key, frame])
            factors = _paints(world.instances.classes, rng)
            behind, traffic = backdrop.repainted(factors), traffic.repainted(factors)
            # Each from the same numbers, so that it looks the same alone and beside others.
            lights = {variation: of_frame(variation, deepcopy(rng)) for variation in task.variations}
        scene = Scene(behind, traffic)
        for yaw in sorted({light.camera_yaw for light in lights.values()}):
            view = View(scene, Camera(place, heading + np.radians(yaw), pitch))
            label = colours[view.owners]
            for variation, light in lights.items():
                if light.camera_yaw == yaw:
                    rng = np.random.default_rng([*key, *variation.encode(), frame])
                    picture = view.picture(light, rng)
                    _write(picture, label, *_files(task.target, task.world, variation, frame))
    return len(task.frames) * len(task.variations)


def _write(picture: np.ndarray, label: np.ndarray, image_file: Path, label_file: Path) -> None:
    """The label first: without its picture a frame is not there yet."""
    for pixels, path in ((label, label_file), (picture, image_file)):
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(pixels)
        atomic_write(path, lambda part, image=image: image.save(part, "PNG", compress_level=1))


# A street to train on and an avenue to hold out; about two frames of each second.
_DEFAULT = {"0001": range(0, 447, 5), "0002": range(0, 233, 6)}


def render_default(target: str | Path, progress: bool = True) -> None:
    """A small set for a first training: parts of two worlds, 129 frames, in less than a minute."""
    for world, frames in _DEFAULT.items():
        render(target, [world], frames=frames, progress=progress)


def open_or_render(folder: str | Path) -> sources.Source:
    """The data set in `folder`; when there is none, the default scenes, rendered into folder/scenes.

    Rendered scenes in other folders below it do not count as a data set.
    """
    folder = Path(folder)
    entries = list(folder.iterdir()) if folder.is_dir() else []
    if all(path.name.startswith(".") or (path / MARKER).is_file() for path in entries):
        render_default(folder / "scenes")
        return sources.open(folder / "scenes")
    return sources.open(folder)
