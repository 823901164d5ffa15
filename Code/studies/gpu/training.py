"""Trainings whose frames, augmentation, steps and averages stay on one device, by JAX.

All steps of about an epoch are compiled as one loop. The loss is computed at the size at which the
decoder ends, against labels at a random phase of its stride, instead of upsampling the logits.
"""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax.flatten_util import ravel_pytree

from roadseg import networks
from roadseg.data.classes import IGNORE
from studies.gpu import optimizer
from studies.gpu.augmentation import DeviceAugmentation
from studies.gpu.losses import (
    at_random_phase,
    lovasz_softmax,
    median_frequency_weights,
    weighted_cross_entropy,
)
from studies.gpu.optimizer import State

_SETTINGS = [
    *("augmentation", "learning_rate", "warm_up", "weight_decay", "class_weight_power", "lovasz"),
    "ema_momentum",
]


# All but the size of a batch are values of the compiled program: other settings need no other program.
@partial(jax.tree_util.register_dataclass, meta_fields=["batch_size"], data_fields=_SETTINGS)
@dataclass(frozen=True)
class Recipe:
    """Settings of one training; those that roadseg.training.Recipe has mean the same here.

    Attributes:
        augmentation: its crops are as high as the frames modulo 16, and as wide: otherwise "same"
            padding shifts the fourth halving by a place between training and evaluation.
        batch_size: frames a step.
        learning_rate: the highest.
        warm_up: the share of the steps in which the rate rises.
        weight_decay: decoupled, of kernels alone.
        class_weight_power: exponent of the median-frequency class weights.
        lovasz: weight of the Lovász-Softmax loss, which is added to the cross-entropy.
        ema_momentum: of the exponential moving average of the weights, which is evaluated.
    """

    augmentation: DeviceAugmentation
    batch_size: int = 8
    learning_rate: float = 3.5e-3
    warm_up: float = 0.02
    weight_decay: float = 1e-2
    class_weight_power: float = 0.3
    lovasz: float = 1.0
    ema_momentum: float = 0.998


@dataclass(frozen=True)
class Network:
    """What is trained.

    Attributes:
        name: as in roadseg.networks.
        options: of the builder, as pairs.
        stride: of the decoder; the loss is computed at that fraction of the size. 1: on upsampled
            logits.
        rendered: starts from the weights that ship for rendered scenes, where layers agree.
    """

    name: str = "simple_plus"
    options: tuple[tuple[str, object], ...] = (("output_stride", 2), ("context", False))
    stride: int = 2
    rendered: bool = False

    def build(self, image_shape, num_classes: int, seed: int, policy: str) -> keras.Model:
        """With initial weights that depend on the seed."""
        settings = {"seed": seed, "policy": policy, **dict(self.options)}
        built = networks.build(self.name, image_shape, num_classes, **settings)
        if self.rendered:
            networks.start_from(built, networks.load_pretrained(self.name))
        return built


class Frames(NamedTuple):
    """As in a store: uint8 (N, H, W, 3) and (N, H, W), sequence str (N), index int (N)."""

    images: np.ndarray
    labels: np.ndarray
    sequence: np.ndarray
    index: np.ndarray
    class_names: tuple[str, ...]


def plan(sequence: np.ndarray, train: np.ndarray, steps: int, batch_size: int, seed: int) -> np.ndarray:
    """Which frames each step shows: epoch after epoch in a random order.

    Args:
        sequence: str (N), of all frames.
        train: positions of the frames to train on.
        steps: S.
        batch_size: B.
        seed: of the order.

    Returns:
        int32 (S, 2, B): positions of the frames shown, and of those from which objects are copied: of
        other sequences, or the same frame when there is no other sequence.
    """
    generator, size = np.random.default_rng(seed), steps * batch_size
    epochs = [generator.permutation(train) for _ in range(-(-size // len(train)))]
    shown = np.concatenate(epochs)[:size]
    others = {name: train[sequence[train] != name] for name in set(sequence[train])}
    choices = ((i, others[sequence[i]]) for i in shown)
    donors = [generator.choice(possible) if len(possible) else i for i, possible in choices]
    return np.stack([shown, donors]).reshape(2, steps, -1).swapaxes(0, 1).astype(np.int32)


class Trainer:
    """Trains one network on any part of the frames, by any recipe; compiles once for a size of batch."""

    def __init__(self, frames: Frames, network: Network, crop: tuple[int, int], loop: int, policy: str):
        """Puts all frames on the device.

        Args:
            frames: to train on and to hold out.
            network: to be trained.
            crop: (height, width) of what every recipe cuts out.
            loop: steps that are compiled as one loop.
            policy: "float32" or "mixed_bfloat16"; whole frames are evaluated in float32.
        """
        self.frames, self.network, self.loop, self.policy = frames, network, loop, policy
        self.images, self.labels = jnp.asarray(frames.images), jnp.asarray(frames.labels)
        self._crop = crop
        cropped = self._build((*crop, 3), policy)
        stride = network.stride  # above 1: the logits before they are upsampled
        logits = cropped.get_layer("head_logits").output if stride > 1 else cropped.output
        self._cropped = keras.Model(cropped.input, logits)
        self.full_size = self._build(frames.images.shape[1:], "float32")
        _, self._to_weights = _flat(self.full_size.trainable_variables)
        _, self._to_statistics = _flat(self.full_size.non_trainable_variables)
        variables = self.full_size.trainable_variables
        kernels = {v.path: jnp.full(v.shape, float(v.name == "kernel")) for v in variables}
        self._kernels = ravel_pytree(kernels)[0]
        self._run_loop = jax.jit(self._loop, donate_argnums=0)
        self._count_batch = jax.jit(self._count)

    def _build(self, shape: tuple[int, ...], policy: str, seed: int = 0) -> keras.Model:
        return self.network.build(shape, len(self.frames.class_names), seed, policy)

    def train(
        self, train: np.ndarray, recipe: Recipe, steps: int, seed: int = 0
    ) -> tuple[State, np.ndarray]:
        """Trains on the frames at these positions.

        Args:
            train: positions.
            recipe: with crops of the trainer's size.
            steps: at least 1; rounded up to whole loops.
            seed: of the initial weights, the order of the frames and their augmentation.

        Returns:
            The last state, and the loss of each step.
        """
        loops = -(-steps // self.loop)
        total = loops * self.loop
        parts = plan(self.frames.sequence, train, total, recipe.batch_size, seed)
        weights = median_frequency_weights(self.class_pixels(train), recipe.class_weight_power)
        state, losses, key = self._start(seed), [], jax.random.key(seed)
        for part in parts.reshape(loops, self.loop, 2, -1):
            state, loss = self._run_loop(
                state, part, self.images, self.labels, weights, total, key, recipe
            )
            losses.append(loss)
        return jax.block_until_ready(state), np.concatenate(losses)

    def _start(self, seed: int) -> State:
        fresh = self._build((*self._crop, 3), "float32", seed)
        variables = fresh.trainable_variables, fresh.non_trainable_variables
        return optimizer.start(*(_flat(each)[0] for each in variables))

    def class_pixels(self, positions: np.ndarray) -> np.ndarray:
        """int64 (C): labelled pixels of each class in the frames at these positions."""
        pixels = sum(np.bincount(self.frames.labels[i].ravel(), minlength=256) for i in positions)
        return pixels[: len(self.frames.class_names)]

    def _loop(self, state: State, parts, images, labels, class_weights, total, key, recipe: Recipe):
        """The steps of a plan (S, 2, B): the state after them, and the loss of each."""

        def step(state: State, pair):
            augmentation_key, loss_key = jax.random.split(jax.random.fold_in(key, state.step))
            batch = images[pair[0]], labels[pair[0]], images[pair[1]], labels[pair[1]]
            batch = recipe.augmentation(augmentation_key, *batch)
            loss = partial(
                self._loss, class_weights=class_weights, key=loss_key, lovasz_weight=recipe.lovasz
            )
            (value, statistics), gradient = jax.value_and_grad(loss, has_aux=True)(
                state.weights, state.statistics, *batch
            )
            return self._update(state, gradient, statistics, total, recipe), value

        return jax.lax.scan(step, state, parts)

    def _loss(self, weights, statistics, images, labels, *, class_weights, key, lovasz_weight):
        """A scalar, and the new statistics of batch normalisation."""
        logits, statistics = self._call(self._cropped, weights, statistics, images, training=True)
        phase_key, grid_key = jax.random.split(key)
        labels = at_random_phase(phase_key, labels, self.network.stride)
        loss = weighted_cross_entropy(labels, logits, class_weights)
        loss += lovasz_weight * lovasz_softmax(grid_key, labels, logits)
        return loss, statistics

    def _call(self, network: keras.Model, weights, statistics, images, training: bool):
        """Logits, and the new statistics of batch normalisation; flat vectors for any size of image."""
        variables = network.trainable_variables, network.non_trainable_variables
        values = self._to_weights(weights), self._to_statistics(statistics)
        ordered = ([named[v.path] for v in kind] for kind, named in zip(variables, values, strict=True))
        logits, changed = network.stateless_call(*ordered, images, training=training)
        paths = (variable.path for variable in network.non_trainable_variables)
        return logits, ravel_pytree(dict(zip(paths, changed, strict=True)))[0]

    def _update(self, state: State, gradient, statistics, total, recipe: Recipe) -> State:
        rate = optimizer.learning_rate(state.step + 1, total, recipe.warm_up, recipe.learning_rate)
        decay = recipe.weight_decay * self._kernels
        return optimizer.update(state, gradient, statistics, rate, decay, recipe.ema_momentum)

    def confusion_matrices(self, state: State, positions: np.ndarray, batch_size: int = 8):
        """Of the averaged weights on the whole frames at these positions.

        Returns:
            Two matrices int64 (C, C), rows are the truth: of the network, and of its probabilities
            averaged with those that it gives the mirror image.
        """
        totals = 0
        for start in range(0, len(positions), batch_size):
            chosen = np.resize(positions[start : start + batch_size], batch_size)  # one shape for all
            is_new = np.arange(batch_size) < len(positions) - start
            averages = state.average, state.average_statistics
            counts = self._count_batch(*averages, self.images[chosen], self.labels[chosen], is_new)
            totals += np.asarray(counts, np.int64)
        return tuple(totals)

    def _count(self, weights, statistics, images, labels, is_new):
        """int32 (2, C, C), of the frames (B) that are new."""
        call = partial(self._call, self.full_size, weights, statistics, training=False)
        (logits, _), (mirrored, _) = call(images), call(images[:, :, ::-1])
        averaged = jax.nn.softmax(logits) + jax.nn.softmax(mirrored[:, :, ::-1])
        labels = jnp.where(is_new[:, None, None], labels, IGNORE)
        predictions = (each.argmax(-1) for each in (logits, averaged))
        count = len(self.frames.class_names)
        return jnp.stack([confusion_matrix(labels, each, count) for each in predictions])

    def save_weights(self, state: State, path) -> None:
        """Writes the averaged weights of the network for whole frames, `full_size`."""
        values = self._to_weights(state.average) | self._to_statistics(state.average_statistics)
        for variable in self.full_size.variables:
            variable.assign(values[variable.path])
        self.full_size.save_weights(path)


def _flat(variables):
    """The values of Keras variables as one vector, sorted by path, and the function that undoes it.

    The order of a network's variables depends on the size of its images.
    """
    return ravel_pytree({variable.path: variable.value for variable in variables})


def confusion_matrix(labels, predictions, num_classes: int):
    """int32 (C, C), in pixels; as roadseg.evaluation.metrics.confusion_matrix, on the device."""
    pairs = jnp.where(
        labels == IGNORE, num_classes**2, labels.astype("int32") * num_classes + predictions
    )
    return jnp.bincount(pairs.ravel(), length=num_classes**2 + 1)[:-1].reshape(num_classes, num_classes)
