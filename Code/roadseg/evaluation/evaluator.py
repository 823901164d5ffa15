"""A trained network on frames: its predictions, and the counts of what is right and wrong."""

from collections.abc import Iterator, Sequence

import keras
import numpy as np

from roadseg.data.classes import IGNORE
from roadseg.data.sources.class_table import ClassTable
from roadseg.data.store import FrameStore
from roadseg.errors import DataError
from roadseg.evaluation import metrics
from roadseg.evaluation.evaluation import Evaluation


def evaluate(
    network: keras.Model,
    frames: FrameStore,
    indices: Sequence[int] | None = None,
    batch_size: int = 8,
    full_size: FrameStore | None = None,
) -> Evaluation:
    """Labels frames, and counts right and wrong pixels and boundaries over all of them.

    Args:
        network: uint8 (B, H, W, 3) -> logits (B, H, W, C). If it has `class_names`, they must be those
            of the frames, in whatever order; `evaluate_transfer` maps other names.
        frames: of the network's size and classes.
        indices: positions in the store; None: all frames.
        batch_size: frames that are labelled at a time.
        full_size: the same frames at a larger size. The logits are upsampled to it (bilinear) and
            compared with its labels.

    Returns:
        The counts, from which every metric follows.

    Raises:
        ValueError: the network is for another size or other classes, or its logits are not numbers;
            `full_size` holds other frames, or a position is not in the store.
    """
    check_compatible(network, frames)
    order = _class_order(network, frames)
    if full_size is not None:
        _check_full_size(frames, full_size)
    count = frames.num_classes
    confusion, boundaries = np.zeros((count, count), np.int64), np.zeros((count, 4), np.int64)
    for chosen, _, labels, logits in _logits(network, frames, indices, batch_size, order):
        if full_size is not None:
            _, labels = full_size.read(chosen)
            logits = keras.ops.image.resize(
                logits, labels.shape[1:], interpolation="bilinear", data_format="channels_last"
            )
        predictions = np.argmax(logits, axis=-1)
        confusion += metrics.confusion_matrix(labels, predictions, count)
        boundaries += metrics.boundary_counts(labels, predictions, count)
    return Evaluation(confusion, boundaries, frames.class_names)


def evaluate_transfer(
    network: keras.Model,
    class_names: Sequence[str],
    frames: FrameStore,
    table: ClassTable,
    indices: Sequence[int] | None = None,
    batch_size: int = 8,
) -> Evaluation:
    """Counts right and wrong pixels over the classes that the network's and the frames' data set share.

    Pixels whose true class the network does not know are not counted, and of the network's classes only
    those compete for a pixel that the frames' data set has too.

    Args:
        network: uint8 (B, H, W, 3) -> logits (B, H, W, C), for images of the frames' size.
        class_names: of the network's C classes.
        frames: of the other data set.
        table: a label map, whose column "class" has the classes of one data set, and whose names are
            classes of the other, in either direction.
        indices: positions in the store; None: all frames.
        batch_size: frames that are labelled at a time.

    Returns:
        The counts, over the common classes in the order of the table.

    Raises:
        DataError: the table fits neither way.
        ValueError: the network is for another size or has another number of classes.
    """
    check_compatible(network, frames, class_names)
    of_network, of_frames = _label_maps(class_names, frames.class_names, table)
    known = sorted({*of_network} & {*of_frames} - {IGNORE})
    place = np.full(256, IGNORE, np.uint8)  # class id of the table -> that of the common classes
    place[known] = np.arange(len(known))
    of_network, of_frames = place[of_network], place[of_frames]
    competing = np.flatnonzero(of_network[: len(class_names)] != IGNORE)
    count = len(known)
    confusion, boundaries = np.zeros((count, count), np.int64), np.zeros((count, 4), np.int64)
    for _, _, labels, logits in _logits(network, frames, indices, batch_size):
        winning = competing[np.asarray(logits)[..., competing].argmax(axis=-1)]
        truth, predictions = of_frames[labels], of_network[winning]
        confusion += metrics.confusion_matrix(truth, predictions, count)
        boundaries += metrics.boundary_counts(truth, predictions, count)
    return Evaluation(confusion, boundaries, tuple(table.class_names[each] for each in known))


def confusion_matrix_of(
    network: keras.Model,
    frames: FrameStore,
    indices: Sequence[int] | None = None,
    batch_size: int = 8,
) -> np.ndarray:
    """The confusion matrix of `evaluate` alone, int64 (C, C).

    Counting boundaries takes longer than a small network's predictions, so validation does without.
    """
    confusion = np.zeros((frames.num_classes, frames.num_classes), np.int64)
    for _, labels, predictions in predict(network, frames, indices, batch_size):
        confusion += metrics.confusion_matrix(labels, predictions, frames.num_classes)
    return confusion


def predict(
    network: keras.Model,
    frames: FrameStore,
    indices: Sequence[int] | None = None,
    batch_size: int = 8,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Labels frames, batch by batch; arguments as in `evaluate`.

    Yields:
        Images uint8 (B, H, W, 3), true class ids uint8 (B, H, W) and predicted ones uint8 (B, H, W).
    """
    order = _class_order(network, frames)
    for _, images, labels, logits in _logits(network, frames, indices, batch_size, order):
        yield images, labels, np.argmax(logits, axis=-1).astype(np.uint8)


def ranked_frames(network: keras.Model, frames: FrameStore, indices: Sequence[int]) -> list[int]:
    """The positions from the best to the worst mean IoU of each frame by itself.

    Frames without labels are left out.
    """
    scores = np.array(
        [
            metrics.frame_mean_iou(truth, predicted, frames.num_classes)
            for _, labels, predictions in predict(network, frames, indices)
            for truth, predicted in zip(labels, predictions, strict=True)
        ]
    )
    return [int(indices[place]) for place in np.argsort(-scores) if not np.isnan(scores[place])]


def check_compatible(
    network: keras.Model, frames: FrameStore, class_names: Sequence[str] | None = None
) -> None:
    """Raises ValueError unless the network takes images of the frames' size and has their classes.

    class_names: the network's, where it has other ones than the frames.
    """
    size = tuple(network.input_shape[1:])  # None where any height or width will do
    if any(ours not in (None, theirs) for ours, theirs in zip(size, frames.image_shape, strict=True)):
        raise ValueError(
            f"the network takes images {size}, but those of {frames.path} are {frames.image_shape}; "
            "build it with image_shape=frames.image_shape"
        )
    names, count = class_names or frames.class_names, network.output_shape[-1]
    if count != len(names):
        where = "class_names" if class_names else frames.path
        listed = f"{len(names)}: {', '.join(names)}"
        raise ValueError(f"the network has {count} classes, but {where} has {listed}")


def _class_order(network: keras.Model, frames: FrameStore) -> list[int] | slice:
    """Which logit stands for each class of the frames; by name, if the network has `class_names`."""
    known, wanted = getattr(network, "class_names", None) or frames.class_names, frames.class_names
    places = {name.casefold(): place for place, name in enumerate(known)}
    if {*places} != {name.casefold() for name in wanted}:
        raise ValueError(
            f"the network knows {', '.join(known)}, but {frames.path} has {', '.join(wanted)}; map them "
            "with a table (--table, evaluate_transfer)"
        )
    order = [places[name.casefold()] for name in wanted]
    return slice(None) if known == wanted else order


def _check_full_size(frames: FrameStore, full_size: FrameStore) -> None:
    """Raises ValueError unless both hold the same frames, uncropped."""
    (height, width), (full_height, full_width) = (each.image_shape[:2] for each in (frames, full_size))
    same = full_size.names == frames.names and full_size.class_names == frames.class_names
    if not same or full_height < height or full_height * width != full_width * height:
        raise ValueError(
            f"{full_size.path}: not the frames and classes of {frames.path} at a larger size than "
            f"{width} x {height}, with nothing cut off"
        )


def _label_maps(
    of_network: Sequence[str], of_frames: Sequence[str], table: ClassTable
) -> tuple[np.ndarray, np.ndarray]:
    """uint8 (256) each: class ids of the network and of the frames -> those of the table."""
    for mapped, named in ((of_network, of_frames), (of_frames, of_network)):
        if set(mapped) <= set(table.classes) and set(table.class_names) <= set(named):
            by_name = np.full(256, IGNORE, np.uint8)
            for class_id, name in enumerate(table.class_names):
                by_name[named.index(name)] = class_id
            maps = table.label_map(mapped), by_name
            return maps if mapped is of_network else maps[::-1]
    raise DataError(
        f"{table.where}: maps {', '.join(table.classes) or 'no classes'} to "
        f"{', '.join(table.class_names)}, but the network has {', '.join(of_network)} and the frames "
        f"have {', '.join(of_frames)}; the names of one must stand in the column 'class', those of the "
        "other in the column 'name'"
    )


def _logits(
    network: keras.Model,
    frames: FrameStore,
    indices: Sequence[int] | None,
    batch_size: int,
    order: list[int] | slice = slice(None),
) -> Iterator[tuple[Sequence[int], np.ndarray, np.ndarray, np.ndarray]]:
    """Batch by batch: positions, images, true class ids, logits in that order of the classes."""
    indices = range(len(frames)) if indices is None else indices
    for start in range(0, len(indices), batch_size):
        chosen = indices[start : start + batch_size]
        images, labels = frames.read(chosen)
        logits = network.predict_on_batch(images)
        if np.isnan(logits.min()):  # argmax would take NaN for the most likely
            raise ValueError(f"the logits of {network.name} are not numbers; its weights are spoilt")
        yield chosen, images, labels, logits[..., order]
