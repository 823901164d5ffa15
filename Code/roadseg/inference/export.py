"""A trained network as a file for another runtime, measured before it is believed."""

import importlib.util
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
from PIL import Image

from roadseg import networks, training
from roadseg.data import preprocess, sources, splits, store
from roadseg.data.sources.virtual_kitti import VirtualKitti1
from roadseg.data.store import FrameStore
from roadseg.evaluation import metrics
from roadseg.inference import export_formats
from roadseg.inference.export_formats import Exported, Format, open_exported
from roadseg.inference.labeller import load_trained
from roadseg.networks import pretrained

if TYPE_CHECKING:
    import pandas as pd

KERAS = "keras float32"
MINIMUM_AGREEMENT = 0.999  # of all pixels, in float32
MAXIMUM_LOSS = {"bfloat16": 0.002, "int8": 0.01}  # of mean IoU
_CALIBRATION_FRAMES = 48
_RENDERED = {"worlds": ("0001", "0002"), "frames": range(0, 233, 6), "seed": 8}
_TIMED_FRAMES = 16
# Threads of one runtime keep spinning for a while after its last frame, and caches are cold: the first
# frames of a turn are not counted.
_TURNS, _FRAMES_PER_TURN, _UNCOUNTED = 12, 20, 6

Run = Callable[[np.ndarray], np.ndarray]  # uint8 (1, H, W, 3) -> (1, H, W, C)


def export(
    trained: str | Path,
    formats: Sequence[Format],
    frames_folder: str | Path | None = None,
    *,
    validation: Iterable[str] | None = None,
    size: tuple[int, int] | None = None,
    folder: str | Path = "Exported",
    overwrite: bool = False,
) -> "tuple[list[Path], pd.DataFrame | None]":
    """Writes a network in other formats, and measures the files in their own runtimes beside Keras.

    Args:
        trained: the folder of a finished run, or the name of weights that ship ("./simple" is a folder).
        formats: of `export_formats.FORMATS`.
        frames_folder: store of preprocessed frames, with the classes of the network. None: scenes are
            rendered, if they have its classes and embreex is installed.
        validation: worlds or sequences of the store to measure on; the rest calibrates int8. None: the
            last world or drive. On its own frames a run has its own split.
        size: (H, W) of the images that the files take, in pixels; None: as in the store, or in training.
        folder: where the files go.
        overwrite: replaces what an earlier export wrote.

    Returns the files; and a table with a row for Keras and one for each file, or None where there are no
    frames to measure on. Its columns: "precision", "MB" of the file, "frames/s" in turns, "agreement"
    with Keras in the share of all pixels, "mean IoU" with the labels.

    Raises ValueError when a package is missing, a file exists, network and frames do not fit, there are
    no frames to calibrate int8, or a page lacks what it loads.
    """
    if missing := sorted({package for format in formats for package in format.missing}):
        raise ValueError(f'{", ".join(missing)} not installed: pip install "roadseg[export]"')
    for page in (format.page for format in formats if format.page):
        page.check()
    if keras.backend.backend() != "tensorflow":
        raise ValueError("networks are exported from TensorFlow: set KERAS_BACKEND=tensorflow")
    network, card, run = load_trained(trained)
    weights = run.best if run else pretrained.weights_file(str(trained))
    frames = store.open(frames_folder) if frames_folder else None
    if frames and card.class_names != frames.class_names:
        raise ValueError(
            f"the network knows {', '.join(card.class_names)}, but {frames.path} has "
            f"{', '.join(frames.class_names)}"
        )
    renders = frames is None and card.class_names == VirtualKitti1.class_names
    renders = renders and importlib.util.find_spec("embreex") is not None
    if not (frames or renders) and any(format.quantize for format in formats):
        raise ValueError("int8 needs frames that tell the ranges of its values: --frames STORE")
    network = _of_one_size(network, (*(size or (frames or card).image_shape[:2]), 3))
    height, width = network.input_shape[1:3]
    if size and (height, width) != tuple(size):
        raise ValueError(f"{card.network}: takes images of {height} x {width} alone")
    scale = card.scale * card.image_shape[1] / width
    card = replace(card, image_shape=(height, width, 3), scale=scale, results={})
    paths = [export_formats.free_path(format, card, Path(folder), overwrite) for format in formats]
    with tempfile.TemporaryDirectory() as scratch:
        if renders:
            frames = _render(Path(scratch))
        images = None
        if frames:
            split = _split(frames, validation, run)
            images = _images(frames, split.train, _CALIBRATION_FRAMES, (height, width))
        for format, path in zip(formats, paths, strict=True):
            export_formats.write(network, format, card, images, path)
        if not frames:
            return paths, None
        exported = dict(zip(map(str, formats), map(open_exported, paths), strict=True))
        return paths, _compare(network, weights, exported, frames, split.validation)


def _of_one_size(network: keras.Model, image_shape: tuple[int, int, int]) -> keras.Model:
    """In float32: the runtimes refuse files of mixed bfloat16."""
    if isinstance(network, networks.Network):
        return networks.fixed_size(network, image_shape, policy="float32")
    config = network.to_json().replace("mixed_bfloat16", "float32").replace("bfloat16", "float32")
    copy = keras.models.model_from_json(config)
    copy.set_weights(network.get_weights())
    shape = [own or asked for own, asked in zip(copy.input_shape[1:], image_shape, strict=True)]
    image = keras.Input(shape, dtype="uint8", name="image")  # runtimes ask for this name
    return keras.Model(image, copy(image))


def _render(folder: Path) -> FrameStore:
    """A few scenes of a seed that trained no weights."""
    import roadscenes  # the one place where roadseg needs it

    roadscenes.render(folder / "scenes", **_RENDERED)
    preprocess.to_hdf5(sources.open(folder / "scenes"), folder / "store", progress=False)
    return store.open(folder / "store")


def _split(
    frames: FrameStore, validation: Iterable[str] | None, run: training.Run | None
) -> splits.Split:
    """That of the run on its own frames, else what `validation` holds out or the last drive."""
    own = run is not None and run.settings["data"]["digest"] == frames.digest
    if own and validation:
        raise ValueError(
            f"{frames.path} trained this network: it is measured on the frames that its run held out; "
            "leave out --validation"
        )
    return run.split if own else splits.choose(frames, validation)


def _images(
    frames: FrameStore, positions: Sequence[int], count: int, size: tuple[int, int]
) -> np.ndarray:
    """uint8 (N, H, W, 3): at most so many of the positions, evenly spread."""
    places = np.linspace(0, len(positions) - 1, min(count, len(positions))).round().astype(int)
    return np.array([image for image, _ in _resized(frames, [positions[i] for i in places], size)])


def _resized(
    frames: FrameStore, positions: Sequence[int], size: tuple[int, int]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """One frame after the other: image uint8 (H, W, 3), labels uint8 (H, W)."""
    height, width = size
    for position in positions:
        (image,), (labels,) = frames.read([position])
        if image.shape[:2] != (height, width):
            image = Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR)
            labels = Image.fromarray(labels).resize((width, height), Image.Resampling.NEAREST)
        yield np.asarray(image), np.asarray(labels)


def _compare(
    network: keras.Model,
    weights: Path,
    exported: Mapping[str, Exported],
    frames: FrameStore,
    positions: Sequence[int],
) -> "pd.DataFrame":
    """Runs Keras and exported networks over the same frames, one frame at a time, on all cores."""
    import pandas as pd

    size, classes = network.input_shape[1:3], frames.num_classes
    runs = {KERAS: network.predict_on_batch} | {name: each.run for name, each in exported.items()}
    equal = np.zeros(len(runs), np.int64)
    confusion = np.zeros((len(runs), classes, classes), np.int64)
    for image, labels in _resized(frames, positions, size):
        ids = [np.argmax(run(image[None])[0], -1).astype(np.uint8) for run in runs.values()]
        for place, predicted in enumerate(ids):
            equal[place] += np.count_nonzero(predicted == ids[0])
            confusion[place] += metrics.confusion_matrix(labels, predicted, classes)
    images = _images(frames, positions, _TIMED_FRAMES, size)
    table = {
        "precision": ["float32", *(each.card.precision for each in exported.values())],
        "MB": [weights.stat().st_size / 1e6, *(each.megabytes for each in exported.values())],
        "frames/s": _frames_per_second(runs, images),
        "agreement": equal / (len(positions) * size[0] * size[1]),
        "mean IoU": [metrics.mean_iou(each) for each in confusion],
    }
    title = f"{os.cpu_count()} cores, {len(positions)} frames"
    return pd.DataFrame(table, pd.Index(runs, name=title))


def _frames_per_second(runs: Mapping[str, Run], images: np.ndarray) -> list[float]:
    """The median of each over turns, so that a busy machine is as busy for all."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(_TURNS):
        for name, run in runs.items():
            for count in range(_FRAMES_PER_TURN):
                start = time.perf_counter()
                run(images[[count % len(images)]])
                if count >= _UNCOUNTED:
                    seconds[name].append(time.perf_counter() - start)
    return [1 / statistics.median(times) for times in seconds.values()]


def as_text(table: "pd.DataFrame") -> str:
    """The table of `export` with as many digits as they mean something."""
    columns = {"MB": "{:.2f}", "frames/s": "{:.0f}", "agreement": "{:.4f}", "mean IoU": "{:.4f}"}
    return table.drop(columns="precision").to_string(
        formatters={name: form.format for name, form in columns.items()}
    )


def shortfalls(table: "pd.DataFrame") -> list[str]:
    """What is wrong with the exported networks in the table of `export`, in words; empty: nothing."""
    found = []
    for name, row in table.drop(index=KERAS).iterrows():
        loss = table.loc[KERAS, "mean IoU"] - row["mean IoU"]
        allowed, agreement = MAXIMUM_LOSS.get(row["precision"]), row["agreement"]
        if allowed is None and agreement < MINIMUM_AGREEMENT:
            needed = f"{MINIMUM_AGREEMENT:.1%} are needed"
            found.append(f"{name} agrees in {agreement:.2%} of the pixels; {needed}")
        elif allowed is not None and loss > allowed:
            points = f"{100 * loss:.2f} points of mean IoU; {100 * allowed:.1f} are allowed"
            found.append(f"{name} loses {points}")
    return found
