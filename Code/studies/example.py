"""Short trainings, whose predictions the notebooks on studies show.

They write into Data, Data_compressed and Runs below the working directory.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import keras

import roadscenes
from roadseg import training
from roadseg.data import preprocess, sources, splits, store
from roadseg.data.splits import Split
from roadseg.data.store import FrameStore
from studies.runner import Trial


def open_frames(data: str | None, scale: float) -> tuple[FrameStore, Split]:
    """Preprocesses frames `scale` times smaller, and holds out the last world or drive.

    data: folder of a raw data set; None: the one in Data, or scenes rendered there.
    """
    source = sources.open(data) if data else roadscenes.open_or_render("Data")
    target = Path("Data_compressed") / preprocess.folder_name(source, None, scale)
    preprocess.to_hdf5(source, target, scale=scale)
    frames = store.open(target)
    return frames, splits.last_drive(frames)


def train(
    trials: Iterable[Trial], frames: FrameStore, split: Split, epochs: int
) -> tuple[dict[str, keras.Model], dict[str, training.Run]]:
    """Trains the network of each trial, or loads it if it is trained already.

    Returns the networks with their best weights, and their trainings, by the trials' names.
    """
    networks, runs = {}, {}
    for trial in trials:
        recipe = replace(trial.recipe, epochs=epochs)
        network = trial.build(frames.image_shape, frames.num_classes)
        name = f"{frames.path.name}-{training.folder_name(network, split, recipe)}"
        runs[trial.name] = training.train(network, frames, split, recipe, Path("Runs") / name)
        networks[trial.name] = network
    return networks, runs
