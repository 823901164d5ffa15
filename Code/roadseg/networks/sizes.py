"""The same network for images of another size."""

import functools
from collections.abc import Callable

import keras

from roadseg.networks.precision import layer_defaults


def resizable(build: Callable[..., keras.Model]) -> Callable[..., keras.Model]:
    """Lets `at_size` build the networks of a builder again, with the options that they have."""

    @functools.wraps(build)
    def built(image_shape, num_classes: int, **options) -> keras.Model:
        network = build(image_shape, num_classes, **options)
        network.build_again = lambda shape: built(shape, num_classes, **options)
        return network

    return built


def at_size(network: keras.Model, height: int, width: int) -> keras.Model:
    """A network of the same architecture, precision and weights, for images (height, width, 3).

    It has weights of its own. Paddings and crops depend on the size, so it is built again.

    Raises ValueError for a network that was not built by roadseg.networks in this process.
    """
    if not hasattr(network, "build_again"):
        raise ValueError(
            f"{network.name}: only a network that roadseg.networks built can be built for another size"
        )
    policy = next(layer.dtype_policy.name for layer in network.layers if layer.trainable_weights)
    with layer_defaults(policy):
        other = network.build_again((height, width, 3))
    copy_weights(network, other)
    return other


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Copies them by the names of layers, whose order depends on the size of the images."""
    for layer in target.layers:
        if layer.weights:
            layer.set_weights(source.get_layer(layer.name).get_weights())


def start_from(network: keras.Model, trained: keras.Model) -> None:
    """Copies the weights of layers with the same name and shapes, but for the last convolution's.

    For fine-tuning a variant of a trained network, on any classes.
    """
    trained_layers = {layer.name: layer for layer in trained.layers}
    for layer in network.layers:
        other = trained_layers.get(layer.name)
        if other is not None and layer.name != "head_logits" and _shapes(other) == _shapes(layer):
            layer.set_weights(other.get_weights())


def _shapes(layer: keras.Layer) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in layer.weights]
