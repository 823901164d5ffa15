"""The networks that have a name, and how to build one."""

import operator
from collections.abc import Mapping, Sequence
from types import ModuleType

import keras

from roadseg.data.classes import IGNORE
from roadseg.networks import edgesegnet, simple, simple_plus
from roadseg.networks.architecture import architecture_digest, refusing_other_than_bytes
from roadseg.networks.precision import layer_defaults, recommended_policy
from roadseg.networks.sizes import build_options, copy_frozen, copy_weights, policy_of, resizable

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
    shape = _checked(name, image_shape)
    if not 2 <= num_classes <= IGNORE:
        raise ValueError(f"num_classes={num_classes}: at least 2 are needed, and at most {IGNORE}")
    keras.utils.set_random_seed(seed)
    with layer_defaults(policy or recommended_policy().name):
        network = resizable(NETWORKS[name].build)(shape, int(num_classes), **options)
    return refusing_other_than_bytes(network)


def _checked(name: str, image_shape: Sequence[int]) -> tuple[int, int, int]:
    height, width, channels = map(operator.index, image_shape)
    minimum = NETWORKS[name].MINIMUM_SIZE if name in NETWORKS else 1
    if min(height, width) < minimum or channels != 3:
        raise ValueError(
            f"image shape {tuple(image_shape)}: {name} needs (H, W, 3) with H and W of at least "
            f"{minimum}"
        )
    return height, width, channels


def at_size(network: keras.Model, height: int, width: int, policy: str | None = None) -> keras.Model:
    """A network of the same architecture and weights, for images (height, width, 3).

    It has weights of its own, and the same layers are frozen. Paddings and crops depend on the size, so
    it is built again.

    Args:
        network: of `build`, or of a run that trained one.
        height: in pixels.
        width: in pixels.
        policy: as for `build`; None keeps that of the network.

    Raises:
        ValueError: the network comes from elsewhere, or needs larger images.
    """
    if build_options(network) is None:
        raise ValueError(
            f"{network.name}: cannot be built for another size; networks.build did not build it, or its "
            "run does not know the options"
        )
    shape = _checked(network.name, (height, width, 3))
    with layer_defaults(policy or policy_of(network)):
        other = refusing_other_than_bytes(network.build_again(shape))
    copy_weights(network, other)
    copy_frozen(network, other)
    return other


def rebuild(network: keras.Model, options: Mapping[str, object]) -> keras.Model:
    """The same network as `build` makes it, with its weights, so that `at_size` takes it.

    network: from a file. options: of its own `build`.

    Raises ValueError for options that give another architecture, and for a name beyond `NETWORKS`.
    """
    if network.name not in NETWORKS:
        raise ValueError(f"unknown network {network.name!r}: one of {', '.join(NETWORKS)}")
    build_one = resizable(NETWORKS[network.name].build)
    try:
        with layer_defaults(policy_of(network)):
            built = build_one(network.input_shape[1:], network.output_shape[-1], **options)
    except Exception as error:  # a builder raises anything for options that are not its own
        raise ValueError(f"{network.name}: {type(error).__name__}: {error}")
    copy_frozen(network, built)
    if _layers(built) != _layers(network):
        raise ValueError(f"{network.name}: the options {dict(options)} give another architecture")
    copy_weights(network, built)
    return refusing_other_than_bytes(built)


def _layers(network: keras.Model) -> tuple[str, set[str]]:
    return architecture_digest(network), {layer.name for layer in network.layers if layer.weights}
