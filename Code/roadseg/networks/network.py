"""Network: a built network that takes images of any size and carries its options in its file."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import keras

from roadseg.data.classes import IGNORE
from roadseg.errors import DataError
from roadseg.networks import edgesegnet, simple, simple_plus
from roadseg.networks.precision import layer_defaults, recommended_policy

NETWORKS: dict[str, ModuleType] = {
    "simple": simple,
    "simple_plus": simple_plus,
    "edgesegnet": edgesegnet,
}


@keras.saving.register_keras_serializable("roadseg")
class Network(keras.Model):
    """One of `NETWORKS`: uint8 (B, H, W, 3) with values 0..255 -> float32 logits (B, H, W, C).

    It takes images of any size from the architecture's MINIMUM_SIZE up. Its file holds what it was built
    with, so that `keras.saving.load_model` gives it back once `roadseg.networks` is imported.

    Attributes:
        architecture: the name in `NETWORKS`.
        image_shape: (H, W, 3) of the images that it is meant for; figures and costs refer to it.
        num_classes: C.
        policy: the Keras dtype policy; None: whichever is faster on the machine that builds or loads it.
        options: those of the architecture's own `build`.
        class_names: of the C logits, once it is trained; they come from its model card or run.
    """

    class_names: tuple[str, ...] | None = None

    def __init__(self, architecture, image_shape, num_classes, policy=None, options=None):
        built = _build(architecture, (None, None, 3), num_classes, policy, options or {})
        super().__init__(built.input, built.output, name=architecture)
        self.architecture = architecture
        self.image_shape = tuple(image_shape)
        self.num_classes = num_classes
        self.policy = policy
        self.options = dict(options or {})

    def call(self, inputs, training=None, mask=None):
        """Refuses floats: Keras would cast those from 0 to 1 to black images."""
        for image in keras.tree.flatten(inputs):
            if (dtype := keras.backend.standardize_dtype(image.dtype)) != "uint8":
                raise ValueError(
                    f"images of {dtype}: give uint8 with values 0..255; of floats from 0 to 1, "
                    "(255 * images).round().astype('uint8')"
                )
        return super().call(inputs, training=training, mask=mask)

    def get_config(self):
        return {
            "architecture": self.architecture,
            "image_shape": self.image_shape,
            "num_classes": self.num_classes,
            "policy": self.policy,
            "options": dict(self.options),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)


def build(
    name: str,
    image_shape: tuple[int, int, int],
    num_classes: int,
    seed: int = 0,
    policy: str | None = None,
    **options,
) -> Network:
    """Builds a network with random weights.

    Args:
        name: a key of `NETWORKS`.
        image_shape: (H, W, 3) of the images that it is meant for, in pixels; it takes all other sizes
            as well.
        num_classes: from 2 to the 255 that a label image can hold.
        seed: of the initial weights, from 0. It also seeds Keras' global generators.
        policy: "float32" or "mixed_bfloat16"; None takes whichever is faster on this machine, see
            `roadseg.networks.precision`.
        **options: those of the network's own `build`.

    Returns:
        A functional model: uint8 (B, H, W, 3) with values 0..255 -> float32 logits (B, H, W, C). It
        refuses images of other types. Channels come last, whatever the user's keras.json says.

    Raises:
        ValueError: the name is unknown, the image is too small or has no three channels, or the number
            of classes is out of range.
    """
    if name not in NETWORKS:
        raise ValueError(f"unknown network {name!r}: one of {', '.join(NETWORKS)}")
    _check_image_shape(name, image_shape)
    if not 2 <= num_classes <= IGNORE:
        raise ValueError(f"num_classes={num_classes}: from 2 to {IGNORE}")
    keras.utils.set_random_seed(seed)
    return Network(name, image_shape, num_classes, policy, options)


def _check_image_shape(name: str, image_shape: tuple[int, int, int]) -> None:
    height, width, channels = image_shape
    if channels != 3 or min(height, width) < NETWORKS[name].MINIMUM_SIZE:
        raise ValueError(
            f"image shape {tuple(image_shape)}: {name} needs (H, W, 3) with H and W of at least "
            f"{NETWORKS[name].MINIMUM_SIZE}"
        )


def fixed_size(
    network: keras.Model, image_shape: tuple[int, int, int] | None = None, policy: str | None = None
) -> keras.Model:
    """A functional model with the same weights, for images of one size.

    Diagrams, costs and exported files need the size of every tensor.

    Args:
        network: of `build`; a model that comes from elsewhere is returned as it is.
        image_shape: (H, W, 3); None: that of the network.
        policy: as for `build`; None: that of the network.

    Raises ValueError when the image is too small.
    """
    if not isinstance(network, Network):
        return network
    name, image_shape = network.architecture, image_shape or network.image_shape
    _check_image_shape(name, image_shape)
    policy = policy or network.policy
    fixed = _build(name, image_shape, network.num_classes, policy, network.options)
    fixed.set_weights(network.get_weights())
    return fixed


def _build(architecture: str, image_shape, num_classes: int, policy: str | None, options) -> keras.Model:
    with layer_defaults(policy or recommended_policy().name):
        return NETWORKS[architecture].build(image_shape, num_classes, **options)


def load(path: str | Path) -> keras.Model:
    """The network in a .keras file, without optimizer; raises DataError for any other file."""
    path = Path(path).expanduser()
    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:  # Keras raises anything for a damaged file
        first_line = str(error).partition("\n")[0]
        raise DataError(f"{path}: not a network that Keras can load ({first_line})")


def start_from(
    network: keras.Model, trained: keras.Model, classes: Mapping[int, int] | None = None
) -> None:
    """Copies the weights of layers with the same name and shapes, for fine-tuning a trained network.

    The last convolution, which gives the logits, keeps its own weights. classes: class id of the network
    -> that of the trained one; these classes get their weights there as well.
    """
    trained_layers = {layer.name: layer for layer in trained.layers}
    for layer in network.layers:
        other = trained_layers.get(layer.name)
        if other is None or not layer.weights:
            continue
        if layer.name == "head_logits":
            weights = layer.get_weights()
            for own, its in zip(weights, other.get_weights(), strict=True):  # channels come last
                for class_id, trained_id in (classes or {}).items():
                    own[..., class_id] = its[..., trained_id]
            layer.set_weights(weights)
        elif [weight.shape for weight in other.weights] == [weight.shape for weight in layer.weights]:
            layer.set_weights(other.get_weights())


def architecture_digest(network: keras.Model) -> str:
    """16 hexadecimal digits that tell architectures apart: a network's options, or a model's layers.

    Weights, precision and the size of images do not count, nor do the names of layers, which Keras
    numbers anew each time a model is built, and the momentum of normalisation, which a recipe may set.
    """
    config = network.get_config()
    if isinstance(network, Network):
        config = {key: config[key] for key in ("architecture", "num_classes", "options")}
    else:
        numbers = {layer.name: number for number, layer in enumerate(network.layers)}
        config = _renamed(config, numbers | {network.name: "network"})
    text = json.dumps(config, sort_keys=True, default=str).replace("mixed_bfloat16", "float32")
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _renamed(config, names: dict[str, object]):
    """The configuration of a model with other names for its layers."""
    if isinstance(config, dict):
        return {key: _renamed(value, names) for key, value in config.items() if key != "momentum"}
    if isinstance(config, (list, tuple)):
        return [_renamed(value, names) for value in config]
    return names.get(config, config) if isinstance(config, str) else config
