"""What a network costs to run."""

import keras
import numpy as np

from roadseg.networks.network import fixed_size


def multiply_adds(network: keras.Model) -> int:
    """Multiply-adds of all convolutions for one image of the network's `image_shape`.

    All other layers cost far less and are left out. A transposed convolution multiplies at each position
    of its input, any other at each of its output.
    """
    return sum(map(_multiply_adds_of, fixed_size(network).layers))


def _multiply_adds_of(layer: keras.layers.Layer) -> int:
    match layer:
        case keras.Model():
            return multiply_adds(layer)
        case keras.layers.Conv2DTranspose():
            return _size(layer.kernel) * _positions(layer.input)
        case keras.layers.SeparableConv2D():
            kernels = layer.depthwise_kernel, layer.pointwise_kernel
            return sum(map(_size, kernels)) * _positions(layer.output)
        case keras.layers.Conv2D() | keras.layers.DepthwiseConv2D():
            return _size(layer.kernel) * _positions(layer.output)
        case _:
            return 0


def _size(kernel) -> int:
    return int(np.prod(kernel.shape))


def _positions(tensor) -> int:
    return tensor.shape[1] * tensor.shape[2]
