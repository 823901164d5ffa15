"""train(): one function for every network, driven by a Recipe."""

import hashlib
import importlib.metadata
import importlib.util
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np

from roadseg.data.batches import Batches
from roadseg.data.splits import Split
from roadseg.data.store import FrameStore
from roadseg.evaluation import Evaluation, check_fit, evaluate
from roadseg.evaluation.metrics import RunningScores
from roadseg.networks import architecture_digest
from roadseg.training.callbacks import Progress, ValidateAndCheckpoint
from roadseg.training.recipes import RECIPES, Recipe, get_recipe
from roadseg.training.run_folder import RunFolder

__all__ = ["RECIPES", "Recipe", "Run", "folder_name", "get_recipe", "train"]


@dataclass(frozen=True)
class Run:
    """A finished training.

    history: name of a figure -> its value after each epoch; NaN where an epoch was not validated.
    best: the network with the best validation mean IoU, for keras.saving.load_model.
    metrics: evaluation of that network on the validation frames, and minutes of training: the wall
        time of all epochs with reading, validating and saving the best network.
    """

    folder: Path
    history: dict[str, list[float]]
    best: Path
    metrics: dict[str, object]

    @property
    def result(self) -> Evaluation:
        """The same evaluation, as evaluation.evaluate returned it."""
        confusion, boundaries = (np.array(self.metrics[key]) for key in ("confusion", "boundaries"))
        return Evaluation(confusion, boundaries, tuple(self.metrics["iou"]))


def folder_name(network: keras.Model, split: Split, recipe: Recipe) -> str:
    """A name that another architecture, split or recipe does not share."""
    settings = architecture_digest(network), split, recipe
    digest = hashlib.sha256(repr(settings).encode()).hexdigest()[:8]
    return f"{network.name}-{recipe.name}-{recipe.epochs}-{digest}"


def train(
    network: keras.Model,
    frames: FrameStore,
    split: Split,
    recipe: Recipe,
    folder: str | Path,
    progress: bool = True,
) -> Run:
    """Trains the network in place, from the weights it has, and leaves the best weights in it.

    A folder that holds an unfinished run with the same settings is continued from where it was, whatever
    weights the network has now, with the result that it would have had uninterrupted on the same machine
    (but for layers that draw random numbers, such as dropout, which draw anew); a finished one is read.
    Warns when the network has weights that such a run has not left, because the run's own replace them.
    Raises TrainingError for a folder with other settings, and when the loss or a weight is no longer a
    finite number; ValueError for a network of another size or for other classes than the frames.
    """
    check_fit(network, frames)
    folder = RunFolder(folder)
    folder.claim(_settings(network, frames, recipe), split)
    folder.start(network)
    if folder.read_metrics() is None:
        _fit(network, frames, split, recipe, folder, progress)
    network.set_weights(keras.saving.load_model(folder.best).get_weights())
    history = folder.read_history()
    if folder.read_metrics() is None:
        result = evaluate(network, frames, split.validation)
        minutes = sum(row["seconds"] for row in history) / 60
        folder.write_metrics({"minutes": minutes, **result.as_dict()})
    return Run(
        folder=folder.path,
        history={name: [row[name] for row in history] for name in history[0]},
        best=folder.best,
        metrics=folder.read_metrics(),
    )


def _fit(network, frames, split, recipe, folder, progress) -> None:
    """Compiles, takes up the state of an interrupted run if there is one, and trains to the end."""
    _make_deterministic(recipe.seed)
    batches = Batches(frames, split.train, recipe.batch_size, recipe.augmentation, recipe.seed)
    network.compile(
        optimizer=recipe.make_optimizer(len(batches)),
        loss=recipe.make_loss(frames.class_pixels(split.train)),
        metrics=[RunningScores(frames.num_classes)],
    )
    network.optimizer.build(network.trainable_variables)  # so that its state is loaded as well
    if folder.last.exists():
        network.load_weights(folder.last)
    done = int(network.optimizer.iterations) // len(batches)
    if done == recipe.epochs:
        return
    batches.epoch = done
    history = folder.read_history()[:done]
    callbacks = [ValidateAndCheckpoint(frames, split, recipe, folder, history)]
    if importlib.util.find_spec("tensorflow"):  # a machine with JAX alone has no TensorBoard writer
        callbacks.append(keras.callbacks.TensorBoard(folder.tensorboard, write_graph=False))
    if progress:
        callbacks.append(Progress(recipe, len(batches), done))
    network.fit(
        batches,
        epochs=recipe.epochs,
        initial_epoch=done,
        shuffle=False,  # the batches have an order of their own
        verbose=0,
        callbacks=callbacks,
    )


def _make_deterministic(seed: int) -> None:
    """The same weights, bit by bit, from the same start on the same CPU."""
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


def _settings(network: keras.Model, frames: FrameStore, recipe: Recipe) -> dict[str, object]:
    packages = ("keras", "tensorflow", "jax", "numpy", "h5py", "pillow")
    return {
        "recipe": asdict(recipe),
        "network": {
            "name": network.name,
            "parameters": network.count_params(),
            "image_shape": list(network.input_shape[1:]),
            "architecture": architecture_digest(network),
        },
        "data": {
            "frames": len(frames),
            "class_names": list(frames.class_names),
            "digest": frames.digest,
        },
        "precision": sorted({layer.compute_dtype for layer in network.layers}),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "versions": {
            "python": platform.python_version(),
            "backend": keras.backend.backend(),
            **{
                name: importlib.metadata.version(name)
                for name in packages
                if importlib.util.find_spec({"pillow": "PIL"}.get(name, name))
            },
        },
    }
