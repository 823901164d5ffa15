"""The networks that have a name, and how to build one."""

from types import ModuleType

import keras

from roadseg.networks import edgesegnet, simple, simple_plus
from roadseg.networks.precision import recommended_policy

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
        seed: of the initial weights. It also seeds Keras' global generators.
        policy: "float32" or "mixed_bfloat16"; None takes whichever is faster on this machine, see
            `roadseg.networks.precision`.
        **options: those of the network's own `build`.

    Returns:
        A functional model: uint8 (B, H, W, 3) with values 0..255 -> float32 logits (B, H, W, C).

    Raises:
        ValueError: the name is unknown, the image is too small or has no three channels, or there are
            fewer than two classes.
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
