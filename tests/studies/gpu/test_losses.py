"""Values and gradients are those of roadseg.training."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
import tensorflow as tf

from roadseg.data.classes import IGNORE
from roadseg.training import class_weights, losses
from studies.gpu.losses import (
    at_random_phase,
    lovasz_softmax,
    median_frequency_weights,
    weighted_cross_entropy,
)

WEIGHTS = np.array([1.0, 0.3, 2.5, 4.0], np.float32)
PAIRS = {
    "cross-entropy": (
        lambda labels, logits: weighted_cross_entropy(labels, logits, jnp.array(WEIGHTS)),
        losses.CrossEntropy(WEIGHTS.tolist()),
    ),
    "Lovász": (
        lambda labels, logits: lovasz_softmax(jax.random.key(0), labels, logits),
        losses.LovaszSoftmax(),
    ),
}


@pytest.fixture
def case() -> tuple[np.ndarray, np.ndarray]:
    """Class 3 is absent, some pixels are void."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, (2, 6, 8)).astype(np.uint8)
    labels[:, :2, :3] = IGNORE
    return labels, generator.normal(size=(2, 6, 8, 4)).astype(np.float32)


def value_and_gradient(loss, labels, logits):
    """Compiled quickly, for arrays as small as these."""
    compiled = jax.jit(
        jax.value_and_grad(loss, argnums=1),
        compiler_options={"xla_backend_optimization_level": 0},
    )
    return compiled(labels, logits)


@pytest.mark.parametrize("name", PAIRS)
def test_values_and_gradients_are_those_of_the_other_trainings(name, case):
    assert keras.backend.backend() == "tensorflow"
    on_device, reference = PAIRS[name]
    labels, logits = case
    value, gradient = value_and_gradient(on_device, labels, logits)
    variable = tf.Variable(logits)
    with tf.GradientTape() as tape:
        expected = reference(labels, variable)
    assert float(value) == pytest.approx(float(expected), rel=1e-5)
    np.testing.assert_allclose(gradient, tape.gradient(expected, variable), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", PAIRS)
def test_without_any_label_the_loss_is_zero(name, case):
    void = np.full_like(case[0], IGNORE)
    value, gradient = value_and_gradient(PAIRS[name][0], void, case[1])
    assert float(value) == 0
    assert not np.any(gradient)


def test_class_weights_are_those_of_the_other_trainings():
    pixels = np.array([1000, 0, 30, 200])
    expected = class_weights.median_frequency_weights(pixels, 0.3)
    np.testing.assert_allclose(median_frequency_weights(pixels, 0.3), expected, rtol=1e-6)


def test_lovasz_on_a_grid_is_that_of_the_pixels_at_one_place(case):
    labels, logits = case
    places = [
        float(losses.LovaszSoftmax()(labels[:, row::2, column::2], logits[:, row::2, column::2]))
        for row in (0, 1)
        for column in (0, 1)
    ]
    seen = set()
    for seed in range(12):
        value = float(lovasz_softmax(jax.random.key(seed), labels, logits, pixels=12))
        (place,) = np.flatnonzero(np.isclose(places, value, rtol=1e-5))
        seen.add(place)
    assert len(seen) > 2


def test_every_phase_of_the_stride_comes_and_is_the_same_in_all_blocks():
    labels = np.arange(4 * 6, dtype=np.uint8).reshape(1, 4, 6)
    phases = [np.asarray(at_random_phase(jax.random.key(seed), labels, 2)) for seed in range(20)]
    possible = [labels[:, row::2, column::2] for row in (0, 1) for column in (0, 1)]
    matches = [[(phase == each).all() for each in possible] for phase in phases]
    assert np.sum(matches, axis=1).tolist() == [1] * 20
    assert np.sum(matches, axis=0).all()
    odd = np.arange(5 * 7, dtype=np.uint8).reshape(1, 5, 7)
    assert at_random_phase(jax.random.key(0), odd, 2).shape == (1, 2, 3)
