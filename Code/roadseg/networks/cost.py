"""What a network costs to run."""

import keras
import numpy as np


def multiply_adds(network: keras.Model) -> int:
    """Multiplications by all convolution kernels for one picture; the rest is far less, and left out.

    A transposed convolution multiplies at each place of its input, any other at each of its output.
    """
    total = 0
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv2DTranspose):
            total += _per_place(layer.kernel) * _places(layer.input)
        elif isinstance(layer, keras.Model):
            total += multiply_adds(layer)
        elif isinstance(layer, keras.layers.SeparableConv2D):
            kernels = layer.depthwise_kernel, layer.pointwise_kernel
            total += sum(map(_per_place, kernels)) * _places(layer.output)
        elif isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)):
            total += _per_place(layer.kernel) * _places(layer.output)
    return total


def _per_place(kernel) -> int:
    return int(np.prod(kernel.shape))


def _places(tensor) -> int:
    return tensor.shape[1] * tensor.shape[2]
