"""Trained networks that can be used alone: with class names, colours, size, scale and origin."""

import hashlib
from collections import OrderedDict
from pathlib import Path
from typing import Protocol

import keras
import numpy as np

from roadseg import networks, training
from roadseg.data.sources import Folder
from roadseg.inference.description import Description
from roadseg.networks.precision import recommended_policy

_SAVED_MODEL = ".saved_model"  # an exported network that is a folder
_KEPT_SIZES = 8  # for which a network is kept


class Model(Protocol):
    """What a `Labeller` needs of a network.

    resizable: False for one that takes images of `description.image_shape` alone.
    minimum_size: the least height and width that it takes, in pixels.
    digest: tells whether it is the same network, with the same weights.
    """

    description: Description
    resizable: bool
    minimum_size: int
    digest: str

    def logits(self, image: np.ndarray) -> np.ndarray:
        """uint8 (H, W, 3) -> float32 (H, W, C)."""


class KerasModel:
    """A network of `networks.build`, which is rebuilt with the same weights for each size of image.

    Any other network keeps its size.
    """

    def __init__(self, network: keras.Model, description: Description):
        """network: trained."""
        self.description, self._network = description, network
        self._networks = OrderedDict({tuple(network.input_shape[1:]): network})
        self.digest = _digest(network.get_weights())
        self.resizable = networks.build_options(network) is not None
        self.minimum_size = networks.NETWORKS[description.name].MINIMUM_SIZE if self.resizable else 1

    def logits(self, image: np.ndarray) -> np.ndarray:
        return self._for_size(image.shape).predict_on_batch(image[None])[0]

    def _for_size(self, shape: tuple[int, int, int]) -> keras.Model:
        if shape not in self._networks:
            height, width, _ = shape
            policy = recommended_policy().name
            self._networks[shape] = networks.at_size(self._network, height, width, policy)
            if len(self._networks) > _KEPT_SIZES:
                self._networks.popitem(last=False)
        self._networks.move_to_end(shape)
        return self._networks[shape]


def _digest(weights: list[np.ndarray]) -> str:
    hashed = hashlib.sha256()
    for each in weights:
        hashed.update(each.tobytes())
    return hashed.hexdigest()[:16]


def open_model(network: str | Path) -> Model:
    """Opens a trained network.

    Args:
        network: the folder of a finished run; a file that `roadseg export` wrote; or the name of weights
            that ship with this package, as `networks.shipped` lists them. A folder of that name is
            written as "./simple".

    Raises:
        TrainingError: the folder holds no finished run, or one without palette.
        DataError: the file is no exported network.
        ValueError: there is neither a folder nor a file nor weights of that name.
    """
    if network in networks.shipped():
        return _open_pretrained(str(network))
    path = Path(network)
    if path.suffix == _SAVED_MODEL or path.is_file():
        from roadseg.inference.export_runtimes import open_exported

        return open_exported(path)
    if path.is_dir():
        return _open_run(path)
    raise ValueError(
        f"{network}: neither the folder of a run, nor an exported file, nor weights that ship "
        f"({', '.join(networks.shipped())})"
    )


def _open_pretrained(short_name: str) -> KerasModel:
    name, weights = networks.split_name(short_name)
    card = networks.model_card(name, weights)
    description = Description(
        name=name,
        class_names=card.class_names,
        palette=card.palette,
        image_shape=card.image_shape,
        scale=card.scale,
        trained_on=card.trained_on,
    )
    return KerasModel(networks.load_pretrained(name, weights=weights), description)


def _open_run(folder: Path) -> KerasModel:
    run = training.open_run(folder)
    data = run.settings["data"]
    kind = "own" if data["source"] == Folder.kind else data["source"]
    description = Description(
        name=run.settings["network"]["name"],
        class_names=tuple(data["class_names"]),
        palette=tuple(tuple(colour) for colour in data["palette"]),
        image_shape=tuple(run.settings["network"]["image_shape"]),
        scale=data["downscale"],
        trained_on=f"trained on {len(run.split.train):,} {kind} frames",
    )
    return KerasModel(run.load_best(), description)
