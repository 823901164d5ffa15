"""The networks that have a name, and how to build one."""

import operator
from types import ModuleType

import keras

from roadseg.data.classes import IGNORE
from roadseg.networks import edgesegnet, simple, simple_plus
from roadseg.networks.architecture import refusing_other_than_bytes
from roadseg.networks.precision import layer_defaults, recommended_policy

NETWORKS: dict[str, ModuleType] = {
    "simple": simple,
    "simple_plus": simple_plus,
    "edgesegnet": edgesegnet,
}


def build(
    name: str,
    image_shape: tuple[int, int, int],
    num_classes: int,
    seed: int = 0,
    policy: str | None = None,
    **options,
) -> keras.Model:
    """Builds a network with random weights.

    Args:
        name: a key of `NETWORKS`.
        image_shape: (H, W, 3), in pixels.
        num_classes: at least 2.
        seed: of the initial weights, from 0. It also seeds Keras' global generators.
        policy: "float32" or "mixed_bfloat16"; None takes whichever is faster on this machine, see
            `roadseg.networks.precision`.
        **options: those of the network's own `build`.

    Returns:
        A functional model: uint8 (B, H, W, 3) with values 0..255 -> float32 logits (B, H, W, C). It
        refuses images of other types. Channels come last, whatever the user's keras.json says.

    Raises:
        ValueError: the name is unknown, the image is too small or has no three channels, or there are
            fewer than two classes, or more than the 255 that a label image can hold.
    """
    if name not in NETWORKS:
        raise ValueError(f"unknown network {name!r}: one of {', '.join(NETWORKS)}")
    network = NETWORKS[name]
    height, width, channels = map(operator.index, image_shape)
    if min(height, width) < network.MINIMUM_SIZE or channels != 3:
        raise ValueError(
            f"image shape {tuple(image_shape)}: {name} needs (H, W, 3) with H and W of at least "
            f"{network.MINIMUM_SIZE}"
        )
    if not 2 <= num_classes <= IGNORE:
        raise ValueError(f"num_classes={num_classes}: at least 2 are needed, and at most {IGNORE}")
    keras.utils.set_random_seed(seed)
    with layer_defaults(policy or recommended_policy().name):
        return refusing_other_than_bytes(network.build((height, width, 3), int(num_classes), **options))
