"""train(): one function for every network, driven by a Recipe."""

import importlib.util
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import keras
import numpy as np

from roadseg.data.batches import Batches
from roadseg.data.splits import Split
from roadseg.data.store import FrameStore
from roadseg.errors import TrainingError
from roadseg.evaluation import check_compatible, evaluate
from roadseg.evaluation.metrics import RunningScores
from roadseg.networks import without_optimizer
from roadseg.training.callbacks import Progress, TensorBoardLog, ValidateAndCheckpoint
from roadseg.training.class_weights import rare_classes
from roadseg.training.distributed import Team, copy_state
from roadseg.training.feed import Feed
from roadseg.training.fitted import fitted_network, label_stride
from roadseg.training.provenance import describe
from roadseg.training.recipes import Recipe
from roadseg.training.run import Run, open_run
from roadseg.training.run_folder import RunFolder


def train(
    network: keras.Model,
    frames: FrameStore,
    split: Split,
    recipe: Recipe,
    folder: str | Path,
    progress: bool = True,
    callbacks: Iterable[keras.callbacks.Callback] = (),
) -> Run | None:
    """Trains the network in place, from the weights it has, and leaves the best weights in it.

    An unfinished run with the same settings is continued, whatever weights the network has now. On the
    same machine the result is that of an uninterrupted run, except for layers that draw random numbers,
    such as dropout. A finished run is only read. Both replace the network's weights, with a warning if
    these are not from the run. A run that has not finished an epoch is replaced when its settings are
    others.

    On JAX it trains on all devices that JAX shows, and after `connect` together with other processes,
    each of which calls it in the same way. The recipe's batch is that of all of them.

    Args:
        network: uint8 (B, H, W, 3) -> logits (B, H, W, C).
        frames: of the network's size and classes.
        split: which of the frames train and which validate.
        recipe: how to train.
        folder: of the run; it is created if necessary. Process 0 alone reads and writes it.
        progress: shows a progress bar.
        callbacks: called after those that validate and save. Their `logs` hold the validation scores;
            their `model` is what is fitted, see `fitted_network`.

    Returns:
        The finished run; None in other processes than process 0.

    Raises:
        TrainingError: the folder holds a run with other settings, a damaged one, or one that another
            process is training; it cannot be written; nothing is labelled; the loss or a weight is no
            longer a finite number; or one of several processes cannot start or is lost.
        DataError: the split is for other frames, or a frame is damaged.
        ValueError: the network is for another size or other classes than the frames, or the recipe's
            batch cannot be divided among the devices.
    """
    team, run_folder = Team(recipe), RunFolder(folder, partial(fitted_network, recipe=recipe))
    with team.together():
        check_compatible(network, frames)
        split.check(frames)
        settings = describe(network, frames, recipe)
        plan = network, frames, split, recipe, settings, run_folder, team
        if team.leads and run_folder.is_finished:
            run_folder.open_finished(network, settings, split)
            team.start(settings, split, recipe.epochs)
        elif team.leads:
            pixels = _labelled_pixels(frames, split)
            with run_folder.lock():
                run_folder.open_or_create(network, settings, split)
                if not run_folder.is_finished:  # else another process has just finished it
                    _fit(*plan, pixels, progress, callbacks)
                    run_folder.restore_best(network)
                    run_folder.finish(evaluate(network, frames, split.validation))
                run_folder.restore_best(network)
        else:
            _fit(*plan, _labelled_pixels(frames, split), False, callbacks)
        team.spread(without_optimizer(network))
    return open_run(folder) if team.leads else None


def _labelled_pixels(frames: FrameStore, split: Split) -> np.ndarray:
    """int (C), of the training frames; raises TrainingError where nothing is labelled."""
    parts = {"training": split.train, "validation": split.validation}
    pixels = {name: frames.class_pixels(indices) for name, indices in parts.items()}
    for name, counts in pixels.items():
        if not counts.any():
            raise TrainingError(
                f"{frames.path}: not one pixel of the {len(parts[name])} {name} frames is labelled; "
                "choose another split, or preprocess again with labels"
            )
    return pixels["training"]


def _fit(
    network, frames, split, recipe, settings, run_folder, team, pixels, progress, callbacks
) -> None:
    """Trains to the last epoch, from where an interrupted run stopped."""
    _make_deterministic(recipe.seed)
    batches = Batches(
        frames, split.train, recipe.batch_size, recipe.augmentation, recipe.seed, rare_classes(pixels)
    )
    fitted = fitted_network(network, recipe)
    _compile(fitted, recipe, len(batches), pixels)
    history: list[dict[str, float]] = []
    if team.leads:
        run_folder.restore_last(fitted)
        history = run_folder.read_history()
        if int(fitted.optimizer.iterations) != len(history) * len(batches):
            raise TrainingError(
                f"{run_folder.last}: not the state after {len(history)} epochs; delete the folder"
            )
    done = team.start(settings, split, len(history))
    team.spread(fitted)
    own = [ValidateAndCheckpoint(network, fitted, frames, split, recipe, run_folder, history, team)]
    if team.leads and importlib.util.find_spec("tensorflow"):  # with JAX alone there is no writer
        own.append(TensorBoardLog(run_folder))
    if progress:
        own.append(Progress(recipe, len(batches), done))
    feed = Feed(batches, done, 1 if recipe.upsampled_loss else label_stride(network), team.share)
    with team.replica(fitted) as replica:
        if replica is not fitted:
            _compile(replica, recipe, len(batches), pixels)
            copy_state(fitted, replica)
        try:
            replica.fit(
                feed,
                epochs=recipe.epochs,
                initial_epoch=done,
                shuffle=False,  # the batches have an order of their own
                verbose=0,
                callbacks=[*own, *callbacks],
            )
        except Exception as error:
            raise feed.error or error


def _compile(network: keras.Model, recipe: Recipe, steps_per_epoch: int, pixels: np.ndarray) -> None:
    network.compile(
        optimizer=recipe.make_optimizer(steps_per_epoch),
        loss=recipe.make_loss(pixels),
        metrics=[RunningScores(len(pixels))],
    )
    network.optimizer.build(network.trainable_variables)  # so that its state is restored as well


def _make_deterministic(seed: int) -> None:
    """The same weights, bit by bit, from the same start on the same CPU."""
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
