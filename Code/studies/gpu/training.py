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
from studies.gpu.losses import lovasz_softmax, median_frequency_weights, weighted_cross_entropy
from studies.gpu.optimizer import State

NETWORK = "simple_plus"
STRIDE = 2  # of the decoder
OPTIONS = {"output_stride": STRIDE, "context": False}


@dataclass(frozen=True)
class Recipe:
    """Settings of one training; those that roadseg.training.Recipe has mean the same here.

    Attributes:
        augmentation: the height of its crops is a multiple of 8 but not of 16, as that of the frames
            is: otherwise "same" padding shifts the fourth halving by a place between training and
            evaluation.
        batch_size: frames a step.
        learning_rate: the highest.
        warm_up: the share of the steps in which the rate rises.
        weight_decay: decoupled, of kernels alone.
        class_weight_power: exponent of the median-frequency class weights.
        lovasz: weight of the Lovász-Softmax loss, which is added to the cross-entropy.
        ema_momentum: of the exponential moving average of the weights, which is evaluated.
        seed: of the order of the frames and their augmentation, and of the initial weights.
    """

    augmentation: DeviceAugmentation
    batch_size: int = 16
    learning_rate: float = 5e-3
    warm_up: float = 0.02
    weight_decay: float = 1e-2
    class_weight_power: float = 0.3
    lovasz: float = 1.0
    ema_momentum: float = 0.998
    seed: int = 0


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
    """Trains on any part of the frames; compiles once."""

    def __init__(self, frames: Frames, recipe: Recipe, loop: int, policy: str):
        """Puts all frames on the device.

        Args:
            frames: to train on and to hold out.
            recipe: of every training.
            loop: steps that are compiled as one loop.
            policy: "float32" or "mixed_bfloat16"; whole frames are evaluated in float32.
        """
        self.frames, self.recipe, self.loop, self.policy = frames, recipe, loop, policy
        self.images, self.labels = jnp.asarray(frames.images), jnp.asarray(frames.labels)
        cropped = self._build((*recipe.augmentation.crop, 3), policy)
        logits = cropped.get_layer("head_logits").output  # before they are upsampled
        self._network = keras.Model(cropped.input, logits)
        self.full_size = self._build(frames.images.shape[1:], "float32")
        weights, self._to_weights = _flat(self.full_size.trainable_variables)
        statistics, self._to_statistics = _flat(self.full_size.non_trainable_variables)
        self._initial = weights, statistics
        kernels = [jnp.full(v.shape, float(v.name == "kernel")) for v in cropped.trainable_variables]
        self._decay = recipe.weight_decay * ravel_pytree(kernels)[0]
        self._run_loop = jax.jit(self._loop, donate_argnums=0)
        self._count_batch = jax.jit(self._count)

    def _build(self, shape: tuple[int, ...], policy: str) -> keras.Model:
        count, seed = len(self.frames.class_names), self.recipe.seed
        return networks.build(NETWORK, shape, count, seed=seed, policy=policy, **OPTIONS)

    def train(self, train: np.ndarray, steps: int) -> tuple[State, np.ndarray]:
        """Trains on the frames at these positions, from the initial weights.

        Returns:
            The last state, and the loss of each step: at least `steps`, rounded up to whole loops.
        """
        recipe, loops = self.recipe, -(-steps // self.loop)
        total = loops * self.loop
        parts = plan(self.frames.sequence, train, total, recipe.batch_size, recipe.seed)
        weights = median_frequency_weights(self.class_pixels(train), recipe.class_weight_power)
        state, losses, key = optimizer.start(*self._initial), [], jax.random.key(recipe.seed)
        for part in parts.reshape(loops, self.loop, 2, -1):
            state, loss = self._run_loop(state, part, self.images, self.labels, weights, total, key)
            losses.append(loss)
        return jax.block_until_ready(state), np.concatenate(losses)

    def class_pixels(self, positions: np.ndarray) -> np.ndarray:
        """int64 (C): labelled pixels of each class in the frames at these positions."""
        pixels = sum(np.bincount(self.frames.labels[i].ravel(), minlength=256) for i in positions)
        return pixels[: len(self.frames.class_names)]

    def _loop(self, state: State, parts, images, labels, class_weights, total, key):
        """The steps of a plan (S, 2, B): the state after them, and the loss of each."""

        def step(state: State, pair):
            augmentation_key, phase_key = jax.random.split(jax.random.fold_in(key, state.step))
            batch = images[pair[0]], labels[pair[0]], images[pair[1]], labels[pair[1]]
            batch = self.recipe.augmentation(augmentation_key, *batch)
            loss = partial(self._loss, class_weights=class_weights, key=phase_key)
            (value, statistics), gradient = jax.value_and_grad(loss, has_aux=True)(
                state.weights, state.statistics, *batch
            )
            return self._update(state, gradient, statistics, total), value

        return jax.lax.scan(step, state, parts)

    def _loss(self, weights, statistics, images, labels, *, class_weights, key):
        """A scalar, and the new statistics of batch normalisation."""
        variables = self._to_weights(weights), self._to_statistics(statistics)
        logits, statistics = self._network.stateless_call(*variables, images, training=True)
        labels = at_random_phase(key, labels)
        loss = weighted_cross_entropy(labels, logits, class_weights)
        loss += self.recipe.lovasz * lovasz_softmax(labels, logits)
        return loss, ravel_pytree(statistics)[0]

    def _update(self, state: State, gradient, statistics, total) -> State:
        recipe = self.recipe
        rate = optimizer.learning_rate(state.step + 1, total, recipe.warm_up, recipe.learning_rate)
        return optimizer.update(state, gradient, statistics, rate, self._decay, recipe.ema_momentum)

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
        variables = self._to_weights(weights), self._to_statistics(statistics)
        logits, _ = self.full_size.stateless_call(*variables, images, training=False)
        mirrored, _ = self.full_size.stateless_call(*variables, images[:, :, ::-1], training=False)
        averaged = jax.nn.softmax(logits) + jax.nn.softmax(mirrored[:, :, ::-1])
        labels = jnp.where(is_new[:, None, None], labels, IGNORE)
        predictions = (each.argmax(-1) for each in (logits, averaged))
        count = len(self.frames.class_names)
        return jnp.stack([confusion_matrix(labels, each, count) for each in predictions])

    def save_weights(self, state: State, path) -> None:
        """Writes the averaged weights of the network for whole frames, `full_size`."""
        values = self._to_weights(state.average), self._to_statistics(state.average_statistics)
        variables = self.full_size.trainable_variables, self.full_size.non_trainable_variables
        for targets, sources in zip(variables, values, strict=True):
            for variable, value in zip(targets, sources, strict=True):
                variable.assign(value)
        self.full_size.save_weights(path)


def _flat(variables):
    """The values of Keras variables as one vector, and the function that undoes it."""
    return ravel_pytree([variable.value for variable in variables])


def at_random_phase(key, labels):
    """Labels (B, h, w) at one random place of each STRIDE x STRIDE pixels, the same in all."""
    batch, height, width = labels.shape
    blocks = labels.reshape(batch, height // STRIDE, STRIDE, width // STRIDE, STRIDE)
    row, column = jax.random.randint(key, (2,), 0, STRIDE)
    return blocks[:, :, row, :, column]


def confusion_matrix(labels, predictions, num_classes: int):
    """int32 (C, C), in pixels; as roadseg.evaluation.metrics.confusion_matrix, on the device."""
    pairs = jnp.where(
        labels == IGNORE, num_classes**2, labels.astype("int32") * num_classes + predictions
    )
    return jnp.bincount(pairs.ravel(), length=num_classes**2 + 1)[:-1].reshape(num_classes, num_classes)
