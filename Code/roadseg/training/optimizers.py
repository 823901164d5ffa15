"""Optimizers that keep moving averages of the weights, and the use of those averages."""

import contextlib
from collections.abc import Iterator

import keras
from keras import ops


class _RampedAverage:
    """An optimizer whose average of the weights starts with less momentum.

    With all of it, the average would still hold much of the initial weights after a short training.
    """

    def _update_model_variables_moving_average(self, trainable_variables):
        if not self.use_ema:
            return
        step = ops.cast(self.iterations, "float32")  # 0 in the first step: replaces the average
        momentum = ops.minimum(self.ema_momentum, step / (9 + step))
        for variable, average in zip(
            trainable_variables, self._model_variables_moving_average, strict=True
        ):
            if average is not None:
                average.assign(momentum * average + (1 - momentum) * variable)


@keras.saving.register_keras_serializable("roadseg")
class AveragedRMSprop(_RampedAverage, keras.optimizers.RMSprop):
    """RMSprop; see _RampedAverage."""


@keras.saving.register_keras_serializable("roadseg")
class AdamWOfKernels(_RampedAverage, keras.optimizers.AdamW):
    """AdamW that does not decay biases and normalisation.

    Keras does not save what `exclude_from_weight_decay` excludes: a network that was saved and loaded
    would train on with another decay.
    """

    def _apply_weight_decay(self, variables):
        rate = self.learning_rate  # once: Keras traces the whole schedule again for each variable
        for variable in variables:
            if variable.name not in ("bias", "gamma", "beta"):
                variable.assign(variable - variable * self.weight_decay * rate)


@contextlib.contextmanager
def averaged_weights(network: keras.Model) -> Iterator[None]:
    """Puts the optimizer's moving averages into a compiled network for a while, if it keeps any."""
    if not network.optimizer.use_ema:
        yield
        return
    variables = network.trainable_variables
    current = [ops.convert_to_numpy(variable) for variable in variables]
    network.optimizer.finalize_variable_values(variables)
    # Copies: on JAX, network and optimizer would share arrays, which a prediction then gives away.
    _assign(variables, [ops.convert_to_numpy(variable) for variable in variables])
    try:
        yield
    finally:
        _assign(variables, current)


def _assign(variables, values) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
