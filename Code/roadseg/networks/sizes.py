"""What a network keeps of how it was built, and copies of its weights by the names of layers."""

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType

import keras


def resizable(build: Callable[..., keras.Model]) -> Callable[..., keras.Model]:
    """Lets `networks.at_size` build the networks of a builder again, with the options that they have."""

    @functools.wraps(build)
    def built(image_shape, num_classes: int, **options) -> keras.Model:
        network = build(image_shape, num_classes, **options)
        network.build_again = lambda shape: built(shape, num_classes, **options)
        network.build_options = MappingProxyType(options)
        return network

    return built


def build_options(network: keras.Model) -> Mapping[str, object] | None:
    """What a network was built with; None where `networks.at_size` does not take it."""
    return getattr(network, "build_options", None)


def policy_of(network: keras.Model) -> str:
    """The name of the Keras dtype policy of its layers."""
    return next((layer.dtype_policy.name for layer in network.layers if layer.weights), "float32")


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Copies them by the names of layers, whose order depends on the size of the images."""
    for layer in target.layers:
        if layer.weights:
            layer.set_weights(source.get_layer(layer.name).get_weights())


def copy_frozen(source: keras.Model, target: keras.Model) -> None:
    """Freezes the layers that are frozen in the source, by their names."""
    frozen = {layer.name for layer in source.layers if not layer.trainable}
    for layer in target.layers:
        layer.trainable = layer.name not in frozen


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
