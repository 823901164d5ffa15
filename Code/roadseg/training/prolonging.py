"""prolong(): more epochs for a run that is finished, or was interrupted."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import keras

from roadseg.data.store import FrameStore
from roadseg.errors import TrainingError
from roadseg.training.provenance import describe
from roadseg.training.run import Run
from roadseg.training.run_folder import RunFolder
from roadseg.training.trainer import train


def prolong(
    run_folder: str | Path,
    network: keras.Model,
    frames: FrameStore,
    epochs: int,
    folder: str | Path,
    progress: bool = True,
    callbacks: Iterable[keras.callbacks.Callback] = (),
) -> Run:
    """Trains a run for more epochs, in a new folder; the run itself stays as it is.

    The new run starts from the last weights and the optimizer's state, keeps the history and the best
    network so far, and follows the longer recipe's learning rate from that epoch on. With a cosine
    schedule that rate is higher than where the run ended, and the result is not that of a training
    that was as long from the start: its first epochs followed the shorter schedule.

    An interrupted call continues when it is repeated, as `train` does.

    Args:
        run_folder: of the run with at least one finished epoch.
        network: of the run's architecture, with any weights.
        frames: those of the run.
        epochs: in all, those of the run included.
        folder: of the new run.
        progress: shows a progress bar.
        callbacks: as for `train`.

    Returns:
        The finished, longer run.

    Raises:
        ValueError: the run has as many epochs already.
        TrainingError: as `train`; also for a run without a finished epoch, or of another network or
            other frames.
    """
    old, new = RunFolder(run_folder), RunFolder(folder)
    if old.read_manifest() is None or not (done := old.manifest.epochs):
        raise TrainingError(f"{old.path}: holds no run with a finished epoch; training.train starts one")
    recipe, split = old.read_recipe(), old.read_split()
    if epochs <= done:
        raise ValueError(f"{old.path}: has {done} epochs already, {epochs} in all are asked for")
    if different := old.differences(describe(network, frames, recipe), split):
        raise TrainingError(f"{old.path}: is a run with other settings ({'; '.join(different)})")
    longer = replace(recipe, epochs=epochs)
    settings = describe(network, frames, longer)
    if settings["network"]["options"] is None:  # a network from a file does not know them
        settings["network"]["options"] = old.read_settings()["network"].get("options")
    settings |= {"prolongs": f"{done} epochs of {old.path.name}"}
    with new.lock():
        if new.read_manifest() is None:
            _copy(old, new, settings)
    return train(network, frames, split, longer, folder, progress, callbacks)


def _copy(old: RunFolder, new: RunFolder, settings: Mapping[str, object]) -> None:
    """The state of the old run, as if the new one had come so far."""
    new.recover()
    copied = old.manifest.files.keys() - {"settings.json", "metrics.json"}

    def copy(name: str, path: Path) -> None:
        old.check(name)
        shutil.copyfile(old.path / name, path)
        if not old.manifest.files[name].is_of(path):
            raise TrainingError(f"{old.path}: changes while it is copied; wait until it is finished")

    new.stage_json("settings.json", settings)
    for name in sorted(copied):
        new.stage(name, partial(copy, name))
    new.commit(old.manifest.epochs)
