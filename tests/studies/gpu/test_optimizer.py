"""AdamW on flat vectors, against that of Keras; learning rate and averages."""

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from studies.gpu import optimizer


def test_steps_are_those_of_adamw_in_keras():
    generator = np.random.default_rng(0)
    initial = generator.normal(size=5).astype(np.float32)
    reference, variable = keras.optimizers.AdamW(0.01, weight_decay=0.1), keras.Variable(initial)
    state, none = optimizer.start(jnp.array(initial), jnp.zeros(1)), jnp.zeros(1)
    for _ in range(4):
        gradient = generator.normal(size=5).astype(np.float32)
        reference.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        state = optimizer.update(state, gradient, none, rate=0.01, decay=jnp.full(5, 0.1), momentum=0.9)
    np.testing.assert_allclose(state.weights, variable.numpy(), rtol=1e-4)
    assert int(state.step) == 4


def test_weights_without_decay_and_gradient_stay():
    state = optimizer.start(jnp.ones(2), jnp.zeros(1))
    decay = jnp.array([0.0, 0.5])
    state = optimizer.update(state, jnp.zeros(2), jnp.zeros(1), rate=0.1, decay=decay, momentum=0.9)
    np.testing.assert_allclose(state.weights, [1, 0.95])


def test_averages_follow_quickly_at_first_and_include_the_statistics():
    state = optimizer.start(jnp.zeros(1), jnp.zeros(1))
    for _ in range(2):
        ones = jnp.ones(1)
        state = optimizer.update(state, -ones, ones, rate=0.0, decay=0.0, momentum=0.998)
    assert state.average_statistics.item() == pytest.approx(1 - (2 / 11) * (3 / 12))
    assert state.average.item() == 0


def test_the_learning_rate_rises_and_falls_to_zero():
    rates = [float(optimizer.learning_rate(count, 100, 0.1, 2.0)) for count in range(1, 101)]
    assert rates[0] == pytest.approx(0.2)
    assert np.argmax(rates) == 9
    assert rates[9] == pytest.approx(2)
    assert rates[54] == pytest.approx(1)
    assert rates[-1] == pytest.approx(0, abs=1e-6)
