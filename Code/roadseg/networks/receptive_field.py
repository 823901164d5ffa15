"""The receptive field of a network: the part of the image that a logit depends on.

It follows from kernel sizes, strides and dilations alone (Araujo, Norris, Sim 2019, "Computing receptive
fields of convolutional neural networks", doi 10.23915/distill.00021).
"""

import keras

from roadseg.networks.network import fixed_size

Interval = tuple[int, int]  # first and last position on one axis


def receptive_field(network: keras.Model) -> tuple[Interval, Interval]:
    """Rows and columns of the image that reach the logits of its middle pixel.

    Traced back through convolutions, poolings and upsamplings, from the logits to the image. A mean over
    the whole image brings every pixel in, but says nothing about where it is: it is left out, and so is
    padding. Near the edge of the image, the field ends outside of it.

    network: a functional one; it is looked at in its `image_shape`.
    """
    network = fixed_size(network)
    return tuple(_along(axis, network) for axis in (0, 1))


def _along(axis: int, network: keras.Model) -> Interval:
    middle = network.output.shape[1 + axis] // 2
    needed = {id(network.output): (middle, middle)}  # tensor -> the positions that are used
    for layer in reversed(network.layers):  # each after all that use its output
        interval = needed.get(id(layer.output))
        if interval is None or isinstance(layer, keras.layers.GlobalAveragePooling2D):
            continue
        sources = layer.input if isinstance(layer.input, list) else [layer.input]
        for tensor in sources:
            if len(tensor.shape) == 4:
                first, last = _source(layer, axis, *interval)
                known = needed.get(id(tensor), (first, last))
                needed[id(tensor)] = min(first, known[0]), max(last, known[1])
    return needed[id(network.input)]


def _source(layer: keras.layers.Layer, axis: int, first: int, last: int) -> Interval:
    """Positions in a layer's input that reach those from `first` to `last` in its output."""
    match layer:
        case keras.layers.Conv2DTranspose():
            kernel, stride = layer.kernel_size[axis], layer.strides[axis]
            cropped = max(0, kernel - stride) // 2 if layer.padding == "same" else 0
            return -(-(first + cropped - kernel + 1) // stride), (last + cropped) // stride
        case keras.layers.Conv2D() | keras.layers.SeparableConv2D() | keras.layers.DepthwiseConv2D():
            kernel = (layer.kernel_size[axis] - 1) * layer.dilation_rate[axis] + 1
        case keras.layers.MaxPooling2D() | keras.layers.AveragePooling2D():
            kernel = layer.pool_size[axis]
        case keras.layers.UpSampling2D():
            factor = layer.size[axis]
            if layer.interpolation == "nearest":
                return first // factor, last // factor
            # The centre of pixel p lies at (p + 0.5) / factor - 0.5, between two pixels.
            return (2 * first + 1 - factor) // (2 * factor), -(-(2 * last + 1 - factor) // (2 * factor))
        case _:
            return first, last
    stride = layer.strides[axis]
    size, outputs = layer.input.shape[1 + axis], layer.output.shape[1 + axis]
    padded = max(0, (outputs - 1) * stride + kernel - size) // 2 if layer.padding == "same" else 0
    return first * stride - padded, last * stride - padded + kernel - 1
