"""The weights that ship with the package, each with a model card, and networks that start from them.

docs/weights.md describes them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from roadseg.files import atomic_write, user_path
from roadseg.networks.model_card import ModelCard
from roadseg.networks.network import Network, architecture_digest, build, load, start_from

FOLDER = Path(__file__).parent / "weights"
DEFAULT = "rendered"


def shipped() -> list[str]:
    """The short names of all weights that ship: "simple", or with a dash, "simple_plus-camvid"."""
    return [path.stem.removesuffix(f"-{DEFAULT}") for path in sorted(FOLDER.glob("*.json"))]


def load_pretrained(
    name: str,
    image_shape: tuple[int, int, int] | None = None,
    num_classes: int | None = None,
    weights: str = DEFAULT,
    **options,
) -> Network:
    """A trained network.

    Objects should be about as large as in training: `model_card` tells the size of those images, the
    names and the order of the classes.

    Args:
        name: of a network, or the short name of weights, see `shipped`.
        image_shape: (H, W, 3), in pixels; None: that of the training.
        num_classes: for fine-tuning on other classes: the last layer, which gives the logits, gets
            random weights for that many, all others keep theirs. None: the classes of the training.
        weights: "rendered", of rendered scenes, with the 14 classes of Virtual KITTI; or "camvid", of
            photographs, with the 11 classes of CamVid.
        **options: `seed` of the new last layer, `policy` and the network's own options, as for `build`.
            Options that change the shapes of weights do not fit.

    Returns:
        A network as of `build`.

    Raises:
        ValueError: no weights of that name ship with the package, or the image is too small.
    """
    card = model_card(name, weights)
    image_shape, options = image_shape or card.image_shape, {**card.options, **options}
    network = build(card.network, image_shape, len(card.class_names), **options)
    network.load_weights(weights_file(name, weights))
    network.class_names = card.class_names
    if num_classes is None:
        return network
    fresh = build(card.network, image_shape, num_classes, **options)
    start_from(fresh, network)
    return fresh


def fine_tunable(
    trained: str | Path,
    image_shape: tuple[int, int, int],
    class_names: Sequence[str],
    renamed: Mapping[str, str] | None = None,
    seed: int = 0,
) -> tuple[Network, tuple[str, ...]]:
    """A trained network with a last layer for other classes, to train on with few images.

    Args:
        trained: the short name of weights that ship, or the folder of a finished run.
        image_shape: (H, W, 3) of the images to train on.
        class_names: of those images. Classes of the same name, whatever its case, keep their weights.
        renamed: own name -> the trained network's name, where they differ.
        seed: of the weights of new classes.

    Returns:
        The network, and the names of the classes that keep their weights.

    Raises:
        ValueError: there is neither such weights nor such a run, its network is not one of `NETWORKS`,
            or a renamed class does not exist.
    """
    if str(trained) in shipped():
        network, card = load_pretrained(str(trained)), model_card(str(trained))
    else:
        folder = user_path(trained)
        if not (folder / "card.json").is_file():
            raise ValueError(f"{trained}: neither a finished run nor weights ({', '.join(shipped())})")
        network, card = load(folder / "best.keras"), ModelCard.load(folder / "card.json")
    if not isinstance(network, Network):
        raise ValueError(f"{trained}: {network.name} is not a network of this package")
    known = {name.casefold(): number for number, name in enumerate(card.class_names)}
    for own, its in (renamed or {}).items():
        if own not in class_names or its.casefold() not in known:
            raise ValueError(
                f"{own}={its}: own classes are {', '.join(class_names)}; those of {trained} are "
                f"{', '.join(card.class_names)}"
            )
    names = [(renamed or {}).get(name, name).casefold() for name in class_names]
    kept = {number: known[name] for number, name in enumerate(names) if name in known}
    fresh = build(network.architecture, image_shape, len(class_names), seed, **network.options)
    start_from(fresh, network, kept)
    return fresh, tuple(class_names[number] for number in kept)


def model_card(name: str, weights: str = DEFAULT) -> ModelCard:
    """The card of weights that ship; raises ValueError when there are none of that name."""
    path = _file(name, weights, ".json")
    if not path.is_file():
        raise ValueError(f"no pretrained weights {path.stem!r}: {', '.join(shipped())} ship")
    return ModelCard.load(path)


def save_pretrained(name: str, network: Network, card: ModelCard, weights: str = DEFAULT) -> None:
    """Writes the weights that `load_pretrained` gives, and their model card.

    Args:
        name: of the network.
        network: trained.
        card: its model card.
        weights: their name.

    Raises ValueError for a network that its card does not describe.
    """
    described = build(name, network.image_shape, len(card.class_names), **card.options)
    if architecture_digest(described) != architecture_digest(network):
        raise ValueError(f"{name}: its card describes another network")
    described.set_weights(network.get_weights())  # without the optimizer
    FOLDER.mkdir(exist_ok=True)
    atomic_write(weights_file(name, weights), described.save_weights)
    card.save(_file(name, weights, ".json"))


def weights_file(name: str, weights: str = DEFAULT) -> Path:
    """The HDF5 file of the weights."""
    return _file(name, weights, ".weights.h5")


def _file(name: str, weights: str, suffix: str) -> Path:
    return FOLDER / f"{name if '-' in name else f'{name}-{weights}'}{suffix}"
