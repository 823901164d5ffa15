"""What `fit` trains instead of a network: for crops, and without upsampled logits."""

import keras
import numpy as np

from roadseg import networks
from roadseg.data.classes import IGNORE
from roadseg.training.recipes import Recipe


def fitted_network(network: keras.Model, recipe: Recipe) -> keras.Model:
    """The network itself, or one with weights of its own for crops or another momentum.

    It may end before the upsampling. `networks.copy_weights` brings its weights back to the network.

    Raises ValueError where the recipe wants crops and the network cannot be built for another size.
    """
    crop = recipe.augmentation and recipe.augmentation.crop
    if crop and crop != network.input_shape[1:3]:
        network = networks.at_size(network, *crop)
    if recipe.norm_momentum is not None:
        network = _with_norm_momentum(network, recipe.norm_momentum)
    if recipe.upsampled_loss or label_stride(network) == 1:
        return network
    return keras.Model(network.inputs, _decoded(network), name=network.name)


def _with_norm_momentum(network: keras.Model, momentum: float) -> keras.Model:
    """A copy, so that the network that is saved stays as it was built; itself where nothing changes."""
    if not _normalisations(network):
        return network
    copy = keras.models.clone_model(network)
    networks.copy_weights(network, copy)
    for layer in _normalisations(copy):
        layer.momentum = momentum
    return copy


def _normalisations(network: keras.Model) -> list[keras.layers.BatchNormalization]:
    return [layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]


def label_stride(network: keras.Model) -> int:
    """How many pixels wide the block is that a logit stands for, before logits are upsampled."""
    height, rows = network.input_shape[1], _decoded(network).shape[1]
    return -(-height // rows)


def _decoded(network: keras.Model):
    """The logits as the decoder gives them; of a network of other layers, its output."""
    names = {layer.name for layer in network.layers}
    return network.get_layer("head_logits").output if "head_logits" in names else network.output


def at_random_place(labels: np.ndarray, stride: int, generator: np.random.Generator) -> np.ndarray:
    """One label of each block of stride x stride pixels, at the same random place in all blocks.

    uint8 (B, H, W) -> (B, ceil(H / stride), ceil(W / stride)); beyond the edge labels are IGNORE.
    """
    if stride == 1:
        return labels
    row, column = generator.integers(stride, size=2)
    missing = [(0, -length % stride) for length in labels.shape[1:]]
    padded = np.pad(labels, [(0, 0), *missing], constant_values=IGNORE)
    return padded[:, row::stride, column::stride]
