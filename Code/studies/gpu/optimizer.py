"""AdamW with warm-up and cosine, and averaged weights, on flat vectors.

AdamW: Loshchilov, Hutter 2019, arXiv 1711.05101.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp


class State(NamedTuple):
    """Of a training: float32 vectors, and the number of steps.

    Attributes:
        weights: trained.
        statistics: of batch normalisation.
        first_moment: of the gradient.
        second_moment: of the gradient.
        average: of the weights.
        average_statistics: of batch normalisation, averaged as the weights are.
        step: int32, steps so far.
    """

    weights: jax.Array
    statistics: jax.Array
    first_moment: jax.Array
    second_moment: jax.Array
    average: jax.Array
    average_statistics: jax.Array
    step: jax.Array


def start(weights, statistics) -> State:
    """Before the first step; copies, because a compiled step may reuse the memory of its state."""
    moments = jnp.zeros_like(weights), jnp.zeros_like(weights)
    values = weights, statistics, *moments, weights, statistics, jnp.zeros((), "int32")
    return State(*(jnp.array(each) for each in values))


def learning_rate(count, total, warm_up: float, highest: float):
    """Of step `count` = 1 .. `total`: rises during the share `warm_up`, then falls along a cosine."""
    rising = warm_up * total
    cosine = 0.5 + 0.5 * jnp.cos(jnp.pi * jnp.clip((count - rising) / (total - rising), 0, 1))
    return highest * jnp.minimum(count / rising, cosine)


def update(state: State, gradient, statistics, rate, decay, momentum: float) -> State:
    """One step.

    Args:
        state: before it.
        gradient: of the loss with respect to the weights, as long as these.
        statistics: of batch normalisation, after this batch.
        rate: learning rate.
        decay: weight decay of each weight.
        momentum: of the averages. They start with less, so that they forget the initial weights.

    Returns:
        The state after it.
    """
    count = state.step + 1
    first = 0.9 * state.first_moment + 0.1 * gradient
    second = 0.999 * state.second_moment + 0.001 * gradient**2
    change = first / (1 - 0.9**count) / (jnp.sqrt(second / (1 - 0.999**count)) + 1e-7)
    weights = state.weights - rate * (change + decay * state.weights)
    momentum = jnp.minimum(momentum, (1 + count) / (10 + count))
    averages = (
        momentum * old + (1 - momentum) * new
        for old, new in ((state.average, weights), (state.average_statistics, statistics))
    )
    return State(weights, statistics, first, second, *averages, count)
