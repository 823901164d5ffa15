"""The weights that ship with the package, and their model cards. docs/weights.md describes them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import keras

from roadseg.files import atomic_write
from roadseg.networks.architecture import architecture_digest, without_optimizer
from roadseg.networks.registry import build

if TYPE_CHECKING:  # the machine with a GPU lacks what it imports
    from roadseg.data.store import FrameStore

FOLDER = Path(__file__).parent / "weights"
DEFAULT = "rendered"


@dataclass(frozen=True)
class ModelCard:
    """What weights are for, how they were trained, and their results on other data.

    Attributes:
        options: of `build`, that the network was built with.
        class_names, palette: of the network's channels; colours are (R, G, B).
        image_shape: (H, W, 3) of the frames in training.
        scale: how much smaller those are than the data set's own images.
        data: the kind of the frames in training, for instance "rendered".
        frames: how many trained.
        minutes: how long they did.
        licence: of the weights, in words.
        results: for each data set what `Evaluation.as_dict` gives.
    """

    options: Mapping[str, object]
    class_names: tuple[str, ...]
    palette: tuple[tuple[int, int, int], ...]
    image_shape: tuple[int, int, int]
    scale: float
    data: str
    frames: int
    minutes: float
    licence: str
    results: Mapping[str, Mapping[str, object]]

    @classmethod
    def for_frames(cls, frames: "FrameStore", /, **others) -> "ModelCard":
        """With classes, palette, size and scale of the frames in training; others: the rest."""
        return cls(
            class_names=frames.class_names,
            palette=tuple(map(tuple, frames.palette.tolist())),
            image_shape=frames.image_shape,
            scale=float(frames.attributes["scale"]),
            **others,
        )

    @property
    def trained_on(self) -> str:
        return f"trained on {self.frames:,} {self.data} frames"


def shipped() -> list[str]:
    """The short names of all weights that ship: "simple", or with a dash, "simple_plus-camvid"."""
    return [_short(*path.stem.split("-")) for path in sorted(FOLDER.glob("*-*.json"))]


def _short(name: str, weights: str) -> str:
    return name if weights == DEFAULT else f"{name}-{weights}"


def split_name(short: str) -> tuple[str, str]:
    """The name of the network and that of its weights, out of their short name."""
    name, _, weights = short.partition("-")
    return name, weights or DEFAULT


def load_pretrained(
    name: str,
    image_shape: tuple[int, int, int] | None = None,
    num_classes: int | None = None,
    weights: str = DEFAULT,
    **options,
) -> keras.Model:
    """A trained network, for images of any size.

    Objects should be about as large as in training: `model_card` tells the size of those images, the
    names and the order of the classes.

    Args:
        name: of a network; `shipped` lists which have weights.
        image_shape: (H, W, 3), in pixels; None: that of the training.
        num_classes: for fine-tuning on other classes: the last layer, which gives the logits, gets
            random weights for that many, all others keep theirs. None: the classes of the training.
        weights: "rendered", of rendered scenes, with the 14 classes of Virtual KITTI; or "camvid", of
            photographs, with the 11 classes of CamVid.
        **options: `seed` of the new last layer, `policy` and the network's own options, as for `build`.
            Options that change the shapes of weights do not fit.

    Returns:
        A functional model: uint8 (B, H, W, 3) -> float32 logits (B, H, W, C).

    Raises:
        ValueError: no weights of that name ship with the package, another file of weights lies beside
            their card, or the image is too small.
    """
    card = model_card(name, weights)
    image_shape, options = image_shape or card.image_shape, {**card.options, **options}
    network = build(name, image_shape, len(card.class_names), **options)
    network.load_weights(weights_file(name, weights))
    if num_classes is None:
        return network
    return _with_new_head(network, build(name, image_shape, num_classes, **options))


def _with_new_head(trained: keras.Model, fresh: keras.Model) -> keras.Model:
    """The fresh network with the trained one's weights in all layers but the last convolution."""
    for layer, new in zip(trained.layers, fresh.layers, strict=True):
        if new.name != "head_logits":
            new.set_weights(layer.get_weights())
    return fresh


def model_card(name: str, weights: str = DEFAULT) -> ModelCard:
    """Raises ValueError when no weights of that name ship, or another file of weights lies there."""
    path, file = _card_file(name, weights), weights_file(name, weights)
    if not (path.is_file() and file.is_file()):
        raise ValueError(
            f"no pretrained weights {_short(name, weights)!r}: {', '.join(shipped()) or 'none'} ship"
        )
    saved = json.loads(path.read_text("utf-8"))
    if saved.pop("sha256") != _sha256(file):
        raise ValueError(f"{file}: not the weights of {path.name}; install the package again")
    saved |= {key: tuple(saved[key]) for key in ("class_names", "image_shape")}
    return ModelCard(**saved | {"palette": tuple(map(tuple, saved["palette"]))})


def save_pretrained(name: str, network: keras.Model, card: ModelCard, weights: str = DEFAULT) -> None:
    """Writes the weights that `load_pretrained` gives, and their model card.

    Args:
        name: of the network.
        network: trained; the state of its optimizer is left out.
        card: its model card, which also gets the weights' digest.
        weights: their name.

    Raises ValueError for a network that its card does not describe.
    """
    described = build(name, network.input_shape[1:], len(card.class_names), **card.options)
    if architecture_digest(described) != architecture_digest(network):
        raise ValueError(f"{name}: its card describes another network")
    FOLDER.mkdir(exist_ok=True)
    file = weights_file(name, weights)
    atomic_write(file, without_optimizer(network).save_weights)
    written = {"sha256": _sha256(file), **asdict(card)}
    text = json.dumps(written, indent=1) + "\n"
    atomic_write(_card_file(name, weights), lambda part: part.write_text(text, "utf-8"))


def weights_file(name: str, weights: str = DEFAULT) -> Path:
    """The HDF5 file of the weights."""
    return FOLDER / f"{name}-{weights}.weights.h5"


def _card_file(name: str, weights: str) -> Path:
    return FOLDER / f"{name}-{weights}.json"


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
