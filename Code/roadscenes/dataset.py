"""Renders data sets laid out as Virtual KITTI 1.3.1 or CamVid, and continues where it stopped."""

import json
from collections.abc import Collection, Iterable
from pathlib import Path

import joblib

from roadscenes.render.variations import VARIATIONS
from roadscenes.tasks import SceneFolder, plan_tasks, render_frames
from roadscenes.worlds.layouts import WORLDS
from roadscenes.worlds.world import LABELS, VIRTUAL_KITTI, World
from roadseg.data import sources
from roadseg.data.sources.base import RENDERED_MARKER
from roadseg.data.sources.virtual_kitti import VirtualKitti1
from roadseg.errors import DataError
from roadseg.files import atomic_write, user_path
from roadseg.parallel import LostWorkersError, cores, spread
from roadseg.progress import progress_bar

_FORMAT = 2  # raise it when the same seed gives other images
# A street to train on and an avenue to hold out; about two frames of each second.
_DEFAULT_FRAMES = {"0001": range(0, 447, 5), "0002": range(0, 233, 6)}


def render(
    target: str | Path,
    worlds: Iterable[str] = ("0001",),
    variations: Iterable[str] = ("clone",),
    frames: int | Iterable[int] | None = None,
    seed: int = 0,
    randomise: bool = False,
    labels: str = VIRTUAL_KITTI,
    workers: int | None = None,
    progress: bool = True,
) -> None:
    """Renders scenes as a data set in the file layout of Virtual KITTI 1.3.1 or CamVid.

    Frames that are already there are kept, so an interrupted call can be made again, and a later one
    can add more. On one machine the same arguments give the same bytes.

    Args:
        target: a folder for these scenes only, made if missing.
        worlds: names in WORLDS, each another kind of road.
        variations: names in VARIATIONS: other light or weather, or a turned camera, on the same drive.
        frames: the number of frames from the start of each drive, or the numbers of the frames; None:
            the whole drive, as long as in Virtual KITTI. A drive has 10 frames a second, so the frames
            of range(0, 447, 7) differ more than the first 64.
        seed: another seed furnishes the worlds differently.
        randomise: whether each frame gets random light and colours, far beyond those of the variations,
            to train networks for images from elsewhere (domain randomisation: Tobin et al. 2017).
        labels: "virtual_kitti", or "camvid": people and more fences, CamVid's 11 classes, images of
            480 x 360 and the layout of `sources.camvid`.
        workers: parallel processes; None: one for each CPU. On a cluster
            (`joblib.parallel_config("dask")`) all of its workers, which must share `target`.
        progress: whether to show a progress bar.

    Raises:
        ValueError: for unknown worlds, variations, frames or labels.
        DataError: if `target` cannot be written, or holds other files, worlds of another seed or with
            other labels, or plain frames where random ones are asked for (or the reverse), or if the
            workers were lost.
    """
    target = user_path(target).resolve()
    frames = frames if isinstance(frames, int | None) else [*frames]
    worlds, variations = _known("world", worlds, WORLDS), _known("variation", variations, VARIATIONS)
    (labels,) = _known("labels", labels, LABELS)
    wanted = {world: _frame_numbers(frames, world) for world in worlds}
    folder = SceneFolder(target, seed, randomise, labels)
    try:
        _claim(folder)
        tasks = []
        for name in worlds:
            world = folder.world(name)
            if labels == VIRTUAL_KITTI:
                _write_encodings(folder, world, variations)
            tasks += plan_tasks(folder, world, wanted[name], variations)
        total = sum(map(len, wanted.values())) * len(variations)
        missing = sum(len(task.frames) * len(task.variations) for task in tasks)
        jobs = min(cores(workers), max(len(tasks), 1))
        with progress_bar(
            total, total - missing, unit="frame", description="rendering", shown=progress
        ) as bar:
            for count in spread(render_frames, tasks, jobs, ordered=False):
                bar.update(count)
    except OSError as error:
        raise DataError(
            f"{error.filename or target}: cannot be written ({error.strerror}); what is rendered is "
            "kept, so call again to continue"
        )
    except LostWorkersError as error:
        raise DataError(f"{target}: {error}; what is rendered is kept, so call again to continue")


def render_default(target: str | Path, progress: bool = True) -> None:
    """Renders a small set for a first training: 129 frames of two worlds, in less than a minute."""
    for world, frames in _DEFAULT_FRAMES.items():
        render(target, [world], frames=frames, progress=progress)


def render_seeds(
    folder: str | Path, seeds: Iterable[int], randomised: Collection[int] = ()
) -> sources.Source:
    """Renders every 60th frame of all worlds as some seeds furnish them, in parallel, as one data set.

    Each seed has three variations, whose frames lie between one another; the next seed has others.

    Args:
        folder: holds a folder "worlds-SEED" for each seed.
        seeds: of the worlds.
        randomised: those of the seeds whose frames get random light and colours.
    """
    targets = {seed: Path(folder) / f"worlds-{seed}" for seed in seeds}
    jobs = (joblib.delayed(_render_seed)(targets[seed], seed, seed in randomised) for seed in targets)
    joblib.Parallel(-1)(jobs)
    return sources.Joined({target.name: sources.open(target) for target in targets.values()})


def _render_seed(target: Path, seed: int, randomise: bool) -> None:
    names = list(VARIATIONS)
    for place in range(3):
        variation = names[(3 * seed + place) % len(names)]
        for world, layout in WORLDS.items():
            frames = range(20 * place, layout.frames, 60)
            render(target, [world], [variation], frames, seed, randomise, workers=1, progress=False)


def open_or_render(folder: str | Path) -> sources.Source:
    """Opens the data set in `folder`, or renders the default scenes into folder/scenes if it has none.

    Rendered scenes in other folders below `folder` do not count as a data set.
    """
    folder = user_path(folder)
    entries = list(folder.iterdir()) if folder.is_dir() else []
    if all(path.name.startswith(".") or (path / RENDERED_MARKER).is_file() for path in entries):
        render_default(folder / "scenes")
        return sources.open(folder / "scenes")
    return sources.open(folder)


def _known(what: str, names: Iterable[str], known: Iterable[str]) -> list[str]:
    names = [names] if isinstance(names, str) else list(dict.fromkeys(names))
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise ValueError(f"{what} {', '.join(unknown) or '(none)'}: choose from {', '.join(known)}")
    return names


def _frame_numbers(frames: int | Iterable[int] | None, world: str) -> list[int]:
    """Those asked for of one drive, sorted."""
    count = WORLDS[world].frames
    frames = count if frames is None else frames
    numbers = sorted(set(range(frames) if isinstance(frames, int) else frames))
    if not numbers or numbers[0] < 0 or numbers[-1] >= count:
        asked = f"{numbers[0]}..{numbers[-1]}" if numbers else "none"
        raise ValueError(f"frames {asked}: world {world} has the frames 0..{count - 1}")
    return numbers


def _claim(folder: SceneFolder) -> None:
    """Makes the folder, or checks that it holds scenes of this seed."""
    target, marker = folder.path, folder.path / RENDERED_MARKER
    description = {"format": _FORMAT, "seed": folder.seed}
    description |= {"randomise": True} if folder.randomise else {}
    description |= {"labels": folder.labels} if folder.labels != VIRTUAL_KITTI else {}
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
        raise DataError(f"{target}: holds other files; render into an empty folder")
    target.mkdir(parents=True, exist_ok=True)
    atomic_write(marker, lambda part: part.write_text(json.dumps(description), "utf-8"))


def _write_encodings(folder: SceneFolder, world: World, variations: list[str]) -> None:
    text = "\n".join([VirtualKitti1.header, *world.instances.encoding]) + "\n"
    for variation in variations:
        path = folder.encoding_file(world.name, variation)
        if not path.is_file():
            path.parent.mkdir(exist_ok=True)
            atomic_write(path, lambda part: part.write_text(text, "utf-8"))
        elif path.read_text("utf-8") != text:
            raise DataError(
                f"{path}: written by another version of this project, so its labels would be read "
                f"wrongly; remove {folder.path} and render again"
            )
