"""The weights that ship with the package, and their model cards. docs/weights.md describes them."""

import json
from collections.abc import Mapping
from pathlib import Path

import keras

from roadseg.data.sources.virtual_kitti import VirtualKitti1
from roadseg.files import atomic_write
from roadseg.networks.architecture import without_optimizer
from roadseg.networks.registry import build

FOLDER = Path(__file__).parent / "weights"


def load_pretrained(
    name: str,
    image_shape: tuple[int, int, int] = (125, 414, 3),
    num_classes: int | None = None,
    **options,
) -> keras.Model:
    """A network that was trained on rendered scenes only, for images of any size.

    Its 14 classes are those of Virtual KITTI, in the order of `VirtualKitti1.class_names`. Objects
    should be about as large as in 125 x 414 pixels of KITTI's camera.

    Args:
        name: "simple" or "simple_plus".
        image_shape: (H, W, 3), in pixels.
        num_classes: for fine-tuning on other classes: the last layer, which gives the logits, gets
            random weights for that many, all others keep theirs. None: the 14 classes.
        **options: `seed` of the new last layer, `policy` and the network's own options, as for `build`.
            Options that change the shapes of weights do not fit.

    Returns:
        A functional model: uint8 (B, H, W, 3) -> float32 logits (B, H, W, C).

    Raises:
        ValueError: no weights of that name ship with the package, or the image is too small.
    """
    network = build(name, image_shape, len(VirtualKitti1.class_names), **options)
    weights = _weights(name)
    if not weights.is_file():
        names = sorted(path.name.partition(".")[0] for path in FOLDER.glob("*.weights.h5"))
        raise ValueError(
            f"no pretrained weights {name!r}: {'only ' + ', '.join(names) if names else 'none'} ship"
        )
    network.load_weights(weights)
    if num_classes is None:
        return network
    return _with_new_head(network, build(name, image_shape, num_classes, **options))


def _with_new_head(trained: keras.Model, fresh: keras.Model) -> keras.Model:
    """The fresh network with the trained one's weights in all layers but the last convolution."""
    for layer, new in zip(trained.layers, fresh.layers, strict=True):
        if new.name != "head_logits":
            new.set_weights(layer.get_weights())
    return fresh


def model_card(name: str) -> dict[str, object]:
    """How the weights of that name were trained, and their results on other data.

    Keys: `frames`, how many the training had; `minutes`, how long it took; `results`, for each data set
    what `Evaluation.as_dict` gives.
    """
    return json.loads(_card(name).read_text("utf-8"))


def save_pretrained(name: str, network: keras.Model, card: Mapping[str, object]) -> None:
    """Writes the weights that `load_pretrained` gives, and their model card."""
    FOLDER.mkdir(exist_ok=True)
    atomic_write(_weights(name), without_optimizer(network).save_weights)
    text = json.dumps(card, indent=1) + "\n"
    atomic_write(_card(name), lambda part: part.write_text(text, "utf-8"))


def _weights(name: str) -> Path:
    return FOLDER / f"{name}.weights.h5"


def _card(name: str) -> Path:
    return FOLDER / f"{name}.json"
