"""Runs a study: makes each training once, continues interrupted ones, and stores a line for each."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import keras
import numpy as np

from benchmarks import harness
from benchmarks.training_speed import training_step
from roadseg import evaluation, training
from roadseg.data.splits import Split
from roadseg.data.store import FrameStore
from roadseg.errors import DataError
from roadseg.files import atomic_write
from roadseg.networks.cost import multiply_adds
from roadseg.training.losses import rare_classes
from roadseg.training.recipes import Recipe
from studies.runner import results
from studies.runner.data_sets import CODE
from studies.runner.results import RESULTS, Result
from studies.runner.study import Study, Trial

RUNS = CODE / "Runs"
_TRAINING_STRIDE = 4  # every fourth training frame is evaluated as well
_ROUNDS = 9  # in which steps are timed


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
    rare = rare_classes(frames.class_pixels(study.split(frames).train))
    milliseconds = step_milliseconds(study, frames, folder) if study.has_step_times else None
    for trial, split in plan(study, frames, milliseconds):
        if is_stored(study, trial, folder):
            continue
        print(f"{study.name}: {trial.label}, {trial.recipe.epochs} epochs", flush=True)
        network = trial.build(frames.image_shape, frames.num_classes)
        record = _settings(trial) | {"frames": frames.digest, "split": split.description}
        record |= _train(trial.recipe, network, frames, split, runs)
        if full_size is not None:
            upsampled = evaluation.evaluate(network, frames, split.validation, full_size=full_size)
            record |= {"full_size_frames": full_size.digest, "full_size": _counts(upsampled)}
        record["rare_classes"] = [frames.class_names[i] for i in rare]
        results.append(study, record, folder)
        results.write_csv(study, milliseconds, folder)
    return results.load(study, folder)


def step_milliseconds(study: Study, frames: FrameStore, folder: Path = RESULTS) -> dict[str, float]:
    """Milliseconds of a training step, by the name of the trial.

    They are measured once, in turns, and kept in results/STUDY.timing.json with the machine.
    """
    path = folder / f"{study.name}.timing.json"
    if not path.is_file():
        shape, classes = frames.image_shape, frames.num_classes
        steps = {
            trial.name: training_step(trial.build(shape, classes), trial.recipe, shape)
            for trial in study.trials
        }
        milliseconds = harness.median_ms_in_turns(steps, _ROUNDS)
        text = json.dumps({"machine": harness.machine(), "milliseconds": milliseconds}, indent=1)
        folder.mkdir(parents=True, exist_ok=True)
        atomic_write(path, lambda part: part.write_text(text + "\n", "utf-8"))
    return results.load_step_milliseconds(study, folder)


def plan(
    study: Study, frames: FrameStore, milliseconds: dict[str, float] | None
) -> Iterator[tuple[Trial, Split]]:
    """Every trial with every seed, with the epochs that the study gives it, and its split."""
    whole = study.split(frames)
    for seed in study.seeds:
        for trial in study.trials:
            recipe, split = replace(trial.recipe, seed=seed), whole
            if study.minutes is not None:
                # Rounded; validation comes on top.
                epoch = _steps_per_epoch(recipe, split) * milliseconds[trial.name]
                recipe = replace(recipe, epochs=max(1, round(60_000 * study.minutes / epoch)))
            if trial.split is not None:  # as many steps as with all frames
                split = trial.split(frames)
                share = len(split.train) / len(whole.train)
                epochs, warm_up = round(recipe.epochs / share), recipe.warm_up_epochs / share
                recipe = replace(recipe, epochs=epochs, warm_up_epochs=warm_up)
            yield replace(trial, recipe=recipe), split


def is_stored(study: Study, trial: Trial, folder: Path = RESULTS) -> bool:
    """Whether a trial, with the epochs and the seed that the study gives it, was trained before.

    Raises DataError if a training of the same name and seed had other settings.
    """
    key = trial.name, trial.recipe.seed
    stored = {(result.name, result.seed): result for result in results.read(study, folder)}
    if key not in stored:
        return False
    settings = _settings(trial)
    same = {name: stored[key].record[name] == settings[name] for name in settings}
    same["recipe"] = stored[key].recipe == trial.recipe  # whose later settings have defaults
    if changed := [name for name in same if not same[name]]:
        raise DataError(
            f"{trial.name}, seed {trial.recipe.seed}: trained with other settings "
            f"({', '.join(changed)}); remove its line in {folder} to train it again"
        )
    return True


def _settings(trial: Trial) -> dict[str, object]:
    """What tells a training from the others of a study, as JSON values."""
    names = "name", "network", "options", "policy"
    settings = {name: getattr(trial, name) for name in names} | {"recipe": asdict(trial.recipe)}
    return json.loads(json.dumps(settings))


def _train(
    recipe: Recipe, network: keras.Model, frames: FrameStore, split: Split, runs: Path
) -> dict[str, object]:
    """Trains and evaluates; the network has the best weights afterwards."""
    run_folder = runs / f"{frames.path.name}-{training.folder_name(network, split, recipe)}"
    finished = training.train(network, frames, split, recipe, run_folder)
    trained = evaluation.evaluate(network, frames, split.train[::_TRAINING_STRIDE])
    steps = _steps_per_epoch(recipe, split)
    seconds, scores = (finished.history[name] for name in ("seconds", "validation_mean_iou"))
    unvalidated = [time for time, score in zip(seconds, scores, strict=True) if np.isnan(score)]
    return {
        "machine": harness.machine(),
        "parameters": network.count_params(),
        "multiply_adds": multiply_adds(network),
        "steps": recipe.epochs * steps,
        "minutes": finished.metrics["minutes"],
        "ms_per_step": 1000 * min(unvalidated or seconds) / steps,  # of the fastest epoch
        "history": {
            name: [None if np.isnan(value) else round(value, 4) for value in values]
            for name, values in finished.history.items()
        },
        "image_shape": list(frames.image_shape),
        "class_names": list(frames.class_names),
        "training": _counts(trained),
        "validation": _counts(finished.result),
    }


def _counts(result: evaluation.Evaluation) -> dict[str, list]:
    return {"confusion": result.confusion.tolist(), "boundaries": result.boundaries.tolist()}


def _steps_per_epoch(recipe: Recipe, split: Split) -> int:
    return math.ceil(len(split.train) / recipe.batch_size)
