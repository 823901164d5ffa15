"""What is killed: short ones of the jobs that take hours. Each writes into a folder of its own."""

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

import roadscenes
from roadseg import training
from roadseg.data import preprocess, sources, store
from tests import raw_data
from tests.training import runs

_RECIPE = replace(runs.TINY, epochs=8, validate_every=2)


@dataclass(frozen=True)
class Job:
    """A call that continues where it was killed.

    prepare: writes what it reads into a folder.
    run: works, from that folder into another one.
    result: of the other folder, to be compared.
    """

    prepare: Callable[[Path], object]
    run: Callable[[Path, Path], object]
    result: Callable[[Path], object]


def _raw(folder: Path, frames: int) -> Path:
    return raw_data.virtual_kitti_1(folder / "raw", ("0001/clone", "0002/clone"), frames=frames)


def _preprocess(given: Path, target: Path) -> None:
    preprocess.to_hdf5(sources.open(given / "raw"), target, workers=2, progress=False)


def _prepare_training(given: Path) -> None:
    _raw(given, frames=6)
    _preprocess(given, given / "store")


def _train(given: Path, target: Path) -> None:
    with runs.eagerly():
        runs.train_tiny(store.open(given / "store"), target, _RECIPE)


def _trained(target: Path) -> str:
    """Everything but times, in short, and that nothing else is left in the folder."""
    left = sorted(path.name for path in target.iterdir())
    result = repr((runs.everything_but_times(training.open_run(target)), left))
    return hashlib.sha256(result.encode()).hexdigest()


def _preprocessed(target: Path) -> tuple:
    return store.verify(target).digest, _files(target)


def _render(_: Path, target: Path) -> None:
    roadscenes.render(target, ["0001"], ["clone"], [0, 9, 18], workers=1, progress=False)


def _files(target: Path) -> dict[str, str]:
    """A digest of each file; the HDF5 file has its own."""
    return {
        str(path.relative_to(target)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(target.rglob("*"))
        if path.is_file() and path.suffix != ".hdf5"
    }


JOBS: dict[str, Job] = {
    "training": Job(_prepare_training, _train, _trained),
    "preprocessing": Job(lambda given: _raw(given, frames=150), _preprocess, _preprocessed),
    "rendering": Job(lambda _: None, _render, _files),
}


def run(name: str, given: Path, target: Path, pipe) -> None:
    """In a process of its own; says when it begins."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 2)
    tqdm.set_lock(threading.RLock())  # its own is a semaphore of the system, which a kill leaves there
    pipe.send("begun")
    with contextlib.redirect_stdout(None):
        JOBS[name].run(given, target)
    pipe.send("done")
