"""What a network is apart from its weights and its training."""

import hashlib
import json

import keras


def architecture_digest(network: keras.Model) -> str:
    """16 hexadecimal digits that depend on all layers and their connections.

    Weights, layer names and precision do not count: a training may continue on a machine where another
    precision is faster.
    """
    positions = {layer.name: position for position, layer in enumerate(network.layers)}
    positions[network.name] = "network"
    settings = network.get_config()
    for end in {"input_layers", "output_layers"} & settings.keys():  # a Sequential has none
        settings[end] = _only(settings[end])
    config = json.dumps(_without_names(settings, positions), default=str)
    config = config.replace("mixed_bfloat16", "float32").replace("bfloat16", "float32")
    return hashlib.sha256(config.encode()).hexdigest()[:16]


def _only(tensors: list) -> list:
    """One tensor alone; a network that was saved lists it where a network that was built names it."""
    return tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors


def _without_names(config, positions: dict[str, object]):
    """The configuration with every layer's name replaced by its position."""
    if isinstance(config, dict):
        return {key: _without_names(value, positions) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return [_without_names(value, positions) for value in config]
    return positions.get(config, config) if isinstance(config, str) else config


def without_optimizer(network: keras.Model) -> keras.Model:
    """The same layers and weights, without loss, optimizer and their state."""
    return refusing_other_than_bytes(keras.Model(network.inputs, network.outputs, name=network.name))


def refusing_other_than_bytes(network: keras.Model) -> keras.Model:
    """The network itself, which from now on raises ValueError for images of another type than uint8.

    Keras casts whatever it gets to the input's type, and floats from 0 to 1 become black images. The
    layers, weights and saved files stay the same, so a network that Keras loads casts again; `load`
    gives one that refuses. On JAX only a direct call refuses, `predict` casts.
    """
    network.input_spec = [
        keras.layers.InputSpec(
            dtype="uint8" if image.dtype == "uint8" else None,
            shape=(None, *image.shape[1:]),
            name=image.name,
        )
        for image in network.inputs
    ]
    return network
