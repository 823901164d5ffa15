"""The losses of roadseg.training as functions on JAX arrays, made for a GPU.

And the weights of its classes: importing roadseg.training would need more packages than this study.
"""

import jax
import jax.numpy as jnp
import numpy as np

from roadseg.data.classes import IGNORE


def median_frequency_weights(pixels: np.ndarray, power: float) -> np.ndarray:
    """float32 (C), as roadseg.training.class_weights; pixels: int (C), how often each class occurs."""
    weights = np.ones(len(pixels), np.float32)
    present = pixels > 0
    weights[present] = (np.median(pixels[present]) / pixels[present]) ** power
    return weights


def weighted_cross_entropy(labels, logits, class_weights):
    """CrossEntropy(class_weights): the weighted mean over the labelled pixels, a scalar.

    labels: uint8 (B, h, w), IGNORE allowed; logits: float32 (B, h, w, C); class_weights: float32 (C).
    """
    truth = jnp.where(labels == IGNORE, 0, labels).astype("int32")
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), truth[..., None], axis=-1)[..., 0]
    weights = jnp.where(labels == IGNORE, 0, class_weights[truth])
    return -(weights * chosen).sum() / jnp.maximum(weights.sum(), 1e-7)


def lovasz_softmax(key, labels, logits, pixels: int = 5000):
    """LovaszSoftmax(pixels), a scalar.

    key: of jax.random, for the place of the grid; labels: uint8 (B, h, w); logits: float32 (B, h, w, C).
    The pixels of all classes are sorted at once, which a GPU does faster than one class after the other.
    """
    _, height, width, num_classes = logits.shape
    stride = max(1, round((height * width / pixels) ** 0.5))
    labels, logits = (at_random_phase(key, each, stride) for each in (labels, logits))
    probabilities = jax.nn.softmax(logits).reshape(-1, num_classes).T
    true = (labels.ravel() == jnp.arange(num_classes)[:, None]).astype("float32")  # (C, pixels)
    errors = (labels.ravel() != IGNORE) * jnp.abs(true - probabilities)
    order = jnp.argsort(-jax.lax.stop_gradient(errors), axis=1)
    sorted_true = jnp.take_along_axis(true, order, axis=1)
    total = sorted_true.sum(axis=1, keepdims=True)
    hits, union = total - sorted_true.cumsum(axis=1), total + (1 - sorted_true).cumsum(axis=1)
    growth = jnp.diff(1 - hits / union, prepend=0, axis=1)
    losses = (jnp.take_along_axis(errors, order, axis=1) * growth).sum(axis=1)
    present = total[:, 0] > 0
    return (present * losses).sum() / jnp.maximum(present.sum(), 1)


def at_random_phase(key, array, stride: int):
    """One random place of each stride x stride pixels, the same in all; array: (B, H, W, ...).

    The same key chooses the same place. Incomplete blocks at the right and at the bottom are left out.
    """
    batch, height, width = len(array), array.shape[1] // stride, array.shape[2] // stride
    array = array[:, : height * stride, : width * stride]
    blocks = array.reshape(batch, height, stride, width, stride, *array.shape[3:])
    row, column = jax.random.randint(key, (2,), 0, stride)
    return blocks[:, :, row, :, column]
