"""A network that was trained on one data set, evaluated on frames of another with other classes."""

from collections.abc import Sequence

import keras
import numpy as np

from roadseg.data.classes import IGNORE
from roadseg.data.sources.class_table import ClassTable
from roadseg.data.store import FrameStore
from roadseg.errors import DataError
from roadseg.evaluation import metrics
from roadseg.evaluation.evaluation import Evaluation
from roadseg.evaluation.evaluator import batch_logits, check_compatible


def evaluate_transfer(
    network: keras.Model,
    class_names: Sequence[str],
    frames: FrameStore,
    table: ClassTable,
    indices: Sequence[int] | None = None,
    batch_size: int = 8,
) -> Evaluation:
    """Counts right and wrong pixels over the classes that both data sets have.

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
    common = tuple(table.class_names[each] for each in known)
    place = np.full(256, IGNORE, np.uint8)  # class id of the table -> that of the common classes
    place[known] = np.arange(len(known))
    of_network, of_frames = place[of_network], place[of_frames]
    competing = np.flatnonzero(of_network[: len(class_names)] != IGNORE)
    confusion = np.zeros((len(common), len(common)), np.int64)
    boundaries = np.zeros((len(common), 4), np.int64)
    for _, _, labels, logits in batch_logits(network, frames, indices, batch_size):
        winning = competing[np.asarray(logits)[..., competing].argmax(axis=-1)]
        truth, predicted = of_frames[labels], of_network[winning]
        confusion += metrics.confusion_matrix(truth, predicted, len(common))
        boundaries += metrics.boundary_counts(truth, predicted, len(common))
    return Evaluation(confusion, boundaries, common)


def _label_maps(
    of_network: Sequence[str], of_frames: Sequence[str], table: ClassTable
) -> tuple[np.ndarray, np.ndarray]:
    """uint8 (256) each: class ids of the network and of the frames -> those of the table."""
    for mapped, named in ((of_network, of_frames), (of_frames, of_network)):
        if set(mapped) <= set(table.classes) and set(table.class_names) <= set(named):
            by_name = np.full(256, IGNORE, np.uint8)
            for number, name in enumerate(named):
                if name in table.class_names:
                    by_name[number] = table.class_names.index(name)
            maps = table.label_map(mapped), by_name
            return maps if mapped is of_network else maps[::-1]
    raise DataError(
        f"{table.where}: maps {', '.join(table.classes) or 'no classes'} to "
        f"{', '.join(table.class_names)}, but the network has {', '.join(of_network)} and the frames "
        f"have {', '.join(of_frames)}; the names of one must stand in the column 'class', those of the "
        "other in the column 'name'"
    )
