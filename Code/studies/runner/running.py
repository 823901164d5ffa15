"""Runs a study: makes each training once, continues interrupted ones, and stores a line for each."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import keras
import numpy as np

from benchmarks import harness
from roadseg import evaluation, networks, training
from roadseg.data.splits import Split
from roadseg.data.store import FrameStore
from roadseg.errors import DataError
from roadseg.networks.cost import multiply_adds
from roadseg.training.class_weights import rare_classes
from roadseg.training.recipes import Recipe
from studies.runner import results, summaries, timing
from studies.runner.data_sets import CODE
from studies.runner.results import RESULTS, SCHEMA, Result
from studies.runner.study import Study, Trial

RUNS = CODE / "Runs"
_TRAINING_STRIDE = 4  # every fourth training frame is evaluated as well


def run(
    study: Study, camvid: Path | None = None, folder: Path = RESULTS, runs: Path = RUNS
) -> list[Result]:
    """Trains what is missing in the results of a study, and returns all of them.

    Args:
        study: which trainings, on which frames.
        camvid: folder of CamVid, for studies that train on it.
        folder: of the results.
        runs: folder in which every training has its own folder.

    Raises:
        DataError: the frames cannot be read, or a stored result has the name and seed of a trial, but
            other settings.
    """
    frames = study.frames(camvid)
    full_size = study.full_size(camvid) if study.full_size else None
    rare = _rare_classes(frames, study.split(frames))
    milliseconds = timing.step_milliseconds(study, frames, folder) if study.has_step_times else None
    for trial, split in _plan(study, frames, milliseconds):
        network = trial.build(frames.image_shape, frames.num_classes)
        settings = _settings(trial, network, frames, split, full_size)
        if _is_stored(study, settings, folder):
            continue
        print(f"{study.name}: {trial.label}, {trial.recipe.epochs} epochs", flush=True)
        record = {"schema": SCHEMA, **settings, **_train(trial, network, frames, split, runs)}
        if full_size is not None:
            upsampled = evaluation.evaluate(network, frames, split.validation, full_size=full_size)
            record["full_size"] = _counts(upsampled)
        results.append(study, record | {"rare_classes": rare}, folder)
        summaries.write_csv(study.name, results.read(study, folder), milliseconds, folder)
    return results.load(study, folder)


def _plan(
    study: Study, frames: FrameStore, milliseconds: dict[str, float] | None
) -> Iterator[tuple[Trial, Split]]:
    """Every trial with every seed, with the epochs that the study gives it, and its split."""
    whole = study.split(frames)
    for seed in study.seeds:
        for trial in study.trials:
            recipe, split = replace(trial.recipe, seed=seed), whole
            if study.minutes is not None:
                steps = _steps_per_epoch(recipe, split)
                epochs = timing.epochs_within(study.minutes, steps, milliseconds[trial.name])
                recipe = replace(recipe, epochs=epochs)
            if trial.split is not None:
                split = trial.split(frames)
                recipe = with_as_many_steps(recipe, len(split.train) / len(whole.train))
            yield replace(trial, recipe=recipe), split


def with_as_many_steps(recipe: Recipe, share: float) -> Recipe:
    """The recipe for a share of the training frames, with as many steps as for all of them."""
    epochs, warm_up = round(recipe.epochs / share), recipe.warm_up_epochs / share
    return replace(recipe, epochs=epochs, warm_up_epochs=warm_up)


def _settings(
    trial: Trial,
    network: keras.Model,
    frames: FrameStore,
    split: Split,
    full_size: FrameStore | None,
) -> dict[str, object]:
    """Everything that decides the result of a training, as JSON values."""
    settings = {
        "name": trial.name,
        "network": network.name,
        "options": trial.options,
        "architecture": networks.architecture_digest(network),
        "policy": trial.policy,
        "recipe": asdict(trial.recipe),
        "frames": frames.digest,
        "split": split.description,
    }
    if full_size is not None:
        settings["full_size_frames"] = full_size.digest
    return json.loads(json.dumps(settings))


def _is_stored(study: Study, settings: dict[str, object], folder: Path) -> bool:
    """Raises DataError if a training of the same name and seed had other settings."""
    key = settings["name"], settings["recipe"]["seed"]
    stored = {(result.name, result.seed): result.record for result in results.read(study, folder)}
    if key not in stored:
        return False
    if changed := [name for name, value in settings.items() if stored[key].get(name) != value]:
        raise DataError(
            f"{key[0]}, seed {key[1]}: trained with other settings "
            f"({', '.join(changed)}); remove its line in {folder} to train it again"
        )
    return True


def _train(
    trial: Trial, network: keras.Model, frames: FrameStore, split: Split, runs: Path
) -> dict[str, object]:
    """Trains and evaluates; the network has the best weights afterwards."""
    recipe = trial.recipe
    run_folder = runs / f"{frames.path.name}-{training.folder_name(network, split, recipe)}"
    finished = training.train(network, frames, split, recipe, run_folder)
    trained = evaluation.evaluate(network, frames, split.train[::_TRAINING_STRIDE])
    steps = _steps_per_epoch(recipe, split)
    return {
        "machine": harness.machine(),
        "parameters": network.count_params(),
        "multiply_adds": multiply_adds(network),
        "steps": recipe.epochs * steps,
        "minutes": finished.metrics["minutes"],
        "ms_per_step": 1000 * _fastest_epoch(finished.history) / steps,
        "history": {
            name: [None if np.isnan(value) else round(value, 4) for value in values]
            for name, values in finished.history.items()
        },
        "image_shape": list(frames.image_shape),
        "class_names": list(frames.class_names),
        "training": _counts(trained),
        "validation": _counts(finished.result),
    }


def _fastest_epoch(history: dict[str, list[float]]) -> float:
    """Seconds of the fastest epoch without a validation, or of the fastest of all."""
    epochs = zip(history["seconds"], history["validation_mean_iou"], strict=True)
    return min([seconds for seconds, score in epochs if np.isnan(score)] or history["seconds"])


def _counts(result: evaluation.Evaluation) -> dict[str, list]:
    return {"confusion": result.confusion.tolist(), "boundaries": result.boundaries.tolist()}


def _rare_classes(frames: FrameStore, split: Split) -> list[str]:
    """The classes that occur in the training frames, but in few pixels."""
    rare = rare_classes(frames.class_pixels(split.train))
    return [frames.class_names[i] for i in rare]


def _steps_per_epoch(recipe: Recipe, split: Split) -> int:
    return math.ceil(len(split.train) / recipe.batch_size)
