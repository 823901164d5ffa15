"""Reading a whole store again to see whether it still holds what was written."""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from roadseg.data.classes import IGNORE, load_class_maps
from roadseg.data.store.frame_store import FrameStore, open
from roadseg.data.store.layout import CLASS_MAPS_FILE, FRAMES_FILE, checksum, class_maps_digest
from roadseg.errors import DataError

_REMEDY = f"delete {FRAMES_FILE} and preprocess again"


def verify(target: str | Path, progress: bool = False) -> FrameStore:
    """Reads a whole store and returns it; raises DataError that names the first thing wrong."""
    frames = open(target)
    _verify_shapes(frames)
    names = list(zip(frames.sequence, frames.index.tolist(), strict=True))
    if names != sorted(set(names)):
        raise DataError(f"{frames.path / FRAMES_FILE}: frames are not sorted or occur twice; {_REMEDY}")
    checksums = frames.checksums
    for position in tqdm(range(len(frames)), desc="verify", unit="frame", disable=not progress):
        _verify_frame(frames, position, checksums[position])
    _verify_class_maps(frames)
    return frames


def _verify_shapes(frames: FrameStore) -> None:
    path = frames.path / FRAMES_FILE
    counts = {name: len(data) for name, data in frames.images.file.items()}
    if len(set(counts.values())) != 1 or not len(frames):
        raise DataError(f"{path}: numbers of frames differ or are zero: {counts}; {_REMEDY}")
    images, labels = frames.images, frames.labels
    shapes_match = images.shape == (*labels.shape, 3)
    if not shapes_match or images.dtype != np.uint8 or labels.dtype != np.uint8:
        raise DataError(
            f"{path}: images {images.dtype} {images.shape} and labels {labels.dtype} {labels.shape} "
            "do not belong together; " + _REMEDY
        )
    if frames.palette.shape != (frames.num_classes, 3):
        raise DataError(
            f"{path}: {frames.num_classes} classes, palette {frames.palette.shape}; {_REMEDY}"
        )


def _verify_frame(frames: FrameStore, position: int, expected: int) -> None:
    sequence, index = frames.sequence[position], frames.index[position]
    name = f"{frames.path / FRAMES_FILE}: frame {position} ({sequence}, {index})"
    try:
        (image,), (labels,) = frames.read([position])
    except OSError as error:
        raise DataError(f"{name} cannot be read ({error}); {_REMEDY}")
    if checksum(image, labels) != expected:
        raise DataError(f"{name} does not match its checksum; {_REMEDY}")
    wrong = labels[(labels >= frames.num_classes) & (labels != IGNORE)]
    if wrong.size:
        raise DataError(
            f"{name} holds class id {wrong[0]}, beyond {frames.num_classes} classes; {_REMEDY}"
        )


def _verify_class_maps(frames: FrameStore) -> None:
    path = frames.path / CLASS_MAPS_FILE
    tables = load_class_maps(path)
    if class_maps_digest(path.read_bytes()) != frames.attributes["class_maps"]:
        raise DataError(f"{path}: not the one written with {FRAMES_FILE}; preprocess again")
    if tuple(tables["id_to_name"].values()) != frames.class_names:
        raise DataError(f"{path}: other classes than in {FRAMES_FILE}; preprocess again")
