"""Networks by name: raw uint8 images in, logits out.

They normalise inside, so that nobody can forget it and an exported model is complete.
"""

import hashlib
import json
from pathlib import Path
from types import ModuleType

import keras

from roadseg.data.sources.virtual_kitti import VirtualKitti1
from roadseg.files import atomic_write
from roadseg.networks import edgesegnet, simple, simple_plus
from roadseg.networks.precision import recommended_policy

NETWORKS: dict[str, ModuleType] = {
    "simple": simple,
    "simple_plus": simple_plus,
    "edgesegnet": edgesegnet,
}
PRETRAINED = Path(__file__).parent / "weights"  # weights, and how they were made and measured


def build(
    name: str,
    image_shape: tuple[int, int, int],
    num_classes: int,
    seed: int = 0,
    policy: str | None = None,
    **options,
) -> keras.Model:
    """A new network: uint8 (B, H, W, 3), 0..255 -> float32 logits (B, H, W, C).

    image_shape: (H, W, 3). seed: of the initial weights; it also seeds Keras' global generators.
    policy: "float32" or "mixed_bfloat16"; None: whichever is faster here (see roadseg.precision).
    options: of that network's own `build`. Raises ValueError for an unknown name or too small an image.
    """
    if name not in NETWORKS:
        raise ValueError(f"unknown network {name!r}: one of {', '.join(NETWORKS)}")
    network = NETWORKS[name]
    height, width, channels = image_shape
    if min(height, width) < network.MINIMUM_SIZE or channels != 3:
        raise ValueError(
            f"image shape {tuple(image_shape)}: {name} needs (H, W, 3) with H and W of at least "
            f"{network.MINIMUM_SIZE}"
        )
    if num_classes < 2:
        raise ValueError(f"num_classes={num_classes}: at least 2 are needed")
    keras.utils.set_random_seed(seed)
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy or recommended_policy().name)
    try:
        return network.build(tuple(image_shape), num_classes, **options)
    finally:
        keras.config.set_dtype_policy(previous)


def load_pretrained(
    name: str, image_shape: tuple[int, int, int] = (125, 414, 3), **options
) -> keras.Model:
    """A network that has learned from rendered scenes only, for pictures of any size.

    It tells the 14 classes of Virtual KITTI apart, in the order of VirtualKitti1.class_names. Objects
    should be about as large as in 125 x 414 pixels of KITTI's camera. options: as for `build`.
    Raises ValueError when no weights of that name ship with the project.
    """
    network = build(name, image_shape, len(VirtualKitti1.class_names), **options)
    weights = _weights(name)
    if not weights.is_file():
        there = sorted(path.name.partition(".")[0] for path in PRETRAINED.glob("*.weights.h5"))
        raise ValueError(
            f"pretrained weights {name!r}: {'only ' + ', '.join(there) if there else 'none'} ship"
        )
    network.load_weights(weights)
    return network


def save_pretrained(name: str, network: keras.Model) -> None:
    """Makes a network's weights those that `load_pretrained` gives."""
    PRETRAINED.mkdir(exist_ok=True)
    atomic_write(_weights(name), without_optimizer(network).save_weights)


def without_optimizer(network: keras.Model) -> keras.Model:
    """The same layers and weights, without loss, optimizer and their state."""
    return keras.Model(network.inputs, network.outputs, name=network.name)


def architecture_digest(network: keras.Model) -> str:
    """16 hexadecimal digits, of all layers and how they are connected.

    Weights and the names of layers do not count, nor does the precision, so that a run may go on where
    another one is faster.
    """
    places = {layer.name: place for place, layer in enumerate(network.layers)} | {
        network.name: "network"
    }
    config = json.dumps(_renamed(network.get_config(), places), default=str)
    config = config.replace("mixed_bfloat16", "float32").replace("bfloat16", "float32")
    return hashlib.sha256(config.encode()).hexdigest()[:16]


def _renamed(config, places: dict[str, object]):
    """The configuration with every layer called by its place."""
    if isinstance(config, dict):
        return {key: _renamed(value, places) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return [_renamed(value, places) for value in config]
    return places.get(config, config) if isinstance(config, str) else config


def _weights(name: str) -> Path:
    return PRETRAINED / f"{name}.weights.h5"
