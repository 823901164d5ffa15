"""What is exported: a trained network in float32, and the frames that prove it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from roadseg import networks, training
from roadseg.data import splits
from roadseg.data.store import FrameStore
from roadseg.inference.description import Description
from roadseg.networks import pretrained

_CALIBRATION_FRAMES = 48


@dataclass(frozen=True)
class Source:
    """A trained network, and frames of a store to calibrate and to measure with.

    Attributes:
        network: in float32; the runtimes refuse files of mixed bfloat16.
        description: of the file that it becomes.
        megabytes: of the file of its weights.
        calibration, held_out: frames that the network may know, and frames that it does not.
    """

    network: keras.Model
    description: Description
    megabytes: float
    calibration: "Samples"
    held_out: "Samples"


def open_trained(
    trained: str | Path,
    frames: FrameStore,
    validation: Iterable[str] | None = None,
    size: tuple[int, int] | None = None,
) -> Source:
    """The network of a run's folder or of weights that ship.

    Args:
        trained: the name of weights, or the folder of a finished run ("./simple" is a folder).
        frames: with the network's classes.
        validation: worlds or sequences to measure on; the rest calibrates. None: the last world or
            drive. On its own frames a run has its own split.
        size: (H, W) of the images that the file is to take; None: as in the store.

    Raises:
        ValueError: there is no such network, it has other classes than the frames, or the run has its
            own split.
    """
    size = size or frames.image_shape[:2]
    if str(trained) in networks.shipped():
        network, origin = _of_weights(str(trained), size)
    elif Path(trained).is_dir():
        network, origin = _of_run(training.open_run(trained), frames, size)
    else:
        raise ValueError(f"{trained}: neither the folder of a run nor the name of weights that ship")
    if origin.class_names != frames.class_names:
        raise ValueError(
            f"the network knows {', '.join(origin.class_names)}, but {frames.path} has "
            f"{', '.join(frames.class_names)}"
        )
    split = _split(frames, validation, origin.split)
    return Source(
        network,
        _describe(origin, frames, size),
        origin.file.stat().st_size / 1e6,
        Samples(frames, _spread(split.train, _CALIBRATION_FRAMES), size),
        Samples(frames, split.validation, size),
    )


@dataclass(frozen=True)
class _Origin:
    """Where a network comes from; split: None where the frames are not those of its training."""

    name: str
    class_names: tuple[str, ...]
    trained_on: str
    file: Path
    split: splits.Split | None


def _of_weights(short_name: str, size: tuple[int, int]) -> tuple[keras.Model, _Origin]:
    name, weights = networks.split_name(short_name)
    network = networks.load_pretrained(name, (*size, 3), weights=weights, policy="float32")
    card, file = networks.model_card(name, weights), pretrained.weights_file(name, weights)
    return network, _Origin(name, card.class_names, card.trained_on, file, None)


def _of_run(run: training.Run, frames: FrameStore, size: tuple[int, int]) -> tuple[keras.Model, _Origin]:
    data, name = run.settings["data"], run.settings["network"]["name"]
    network = run.load_best()
    if network.input_shape[1:3] != tuple(size):
        network = networks.at_size(network, *size)
    trained_on = f"trained on {len(run.split.train):,} of {data['frames']:,} frames"
    split = run.split if data["digest"] == frames.digest else None
    return _in_float32(network), _Origin(name, tuple(data["class_names"]), trained_on, run.best, split)


def _split(
    frames: FrameStore, validation: Iterable[str] | None, own: splits.Split | None
) -> splits.Split:
    if own and validation:
        raise ValueError(
            f"{frames.path} trained this network: it is measured on the frames that its run held out; "
            "leave out --validation"
        )
    if validation:
        return splits.by_sequence(frames, validation)
    return own or splits.last_drive(frames)


def _describe(origin: _Origin, frames: FrameStore, size: tuple[int, int]) -> Description:
    return Description(
        name=origin.name,
        class_names=origin.class_names,
        palette=tuple(tuple(colour) for colour in frames.palette.tolist()),
        image_shape=(*size, 3),
        scale=float(frames.attributes["scale"]) * frames.image_shape[1] / size[1],
        trained_on=origin.trained_on,
    )


def _spread(positions: Sequence[int], count: int) -> list[int]:
    """At most so many of the positions, evenly spread."""
    places = np.linspace(0, len(positions) - 1, min(count, len(positions)))
    return [positions[round(place)] for place in places]


def _in_float32(network: keras.Model) -> keras.Model:
    """The same layers and weights; a loaded network keeps the precision that it was trained in."""
    config = network.to_json().replace("mixed_bfloat16", "float32").replace("bfloat16", "float32")
    copy = keras.models.model_from_json(config)
    copy.set_weights(network.get_weights())
    # A network from a file takes a list of one image, and so would the exported function.
    return keras.Model(copy.inputs[0], copy.outputs[0], name=network.name)


@dataclass(frozen=True)
class Samples:
    """Frames of a store, resized where the network takes another size.

    Attributes:
        frames: the store.
        positions: of the frames in it.
        size: (H, W) in pixels.
    """

    frames: FrameStore
    positions: Sequence[int]
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.positions)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """One by one: image uint8 (H, W, 3), labels uint8 (H, W)."""
        for position in self.positions:
            (image,), (labels,) = self.frames.read([position])
            yield (
                _resize(image, self.size, Image.Resampling.BILINEAR),
                _resize(labels, self.size, Image.Resampling.NEAREST),
            )

    def images(self, count: int | None = None) -> np.ndarray:
        """uint8 (N, H, W, 3): the first ones, or all."""
        chosen = Samples(self.frames, self.positions[:count], self.size)
        return np.array([image for image, _ in chosen])


def _resize(pixels: np.ndarray, size: tuple[int, int], method: Image.Resampling) -> np.ndarray:
    if pixels.shape[:2] == tuple(size):
        return pixels
    height, width = size
    return np.asarray(Image.fromarray(pixels).resize((width, height), method))
