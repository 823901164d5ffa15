"""Reading a whole store again to see whether it still holds what was written."""

from pathlib import Path

from roadseg.data.classes import IGNORE, MAX_CLASS_MAPS, parse_class_maps
from roadseg.data.store.frame_store import FrameStore, open
from roadseg.data.store.layout import CLASS_MAPS_FILE, FRAMES_FILE, REMEDY, class_maps_digest
from roadseg.errors import DataError
from roadseg.files import read_regular
from roadseg.progress import progress_bar


def verify(target: str | Path, progress: bool = False) -> FrameStore:
    """Reads a whole store and returns it; raises DataError that names the first thing wrong."""
    frames = open(target)
    with progress_bar(len(frames), 0, unit="frame", description="verify", shown=progress) as bar:
        for position in range(len(frames)):
            _verify_ids(frames, position)
            bar.update()
    _verify_class_maps(frames)
    return frames


def _verify_ids(frames: FrameStore, position: int) -> None:
    _, (labels,) = frames.read([position])
    wrong = labels[(labels >= frames.num_classes) & (labels != IGNORE)]
    if wrong.size:
        raise DataError(
            f"{frames.describe(position)} holds class id {wrong[0]}, beyond {frames.num_classes} "
            f"classes; {REMEDY}"
        )


def _verify_class_maps(frames: FrameStore) -> None:
    path = frames.path / CLASS_MAPS_FILE
    try:
        pickled = read_regular(path, MAX_CLASS_MAPS)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); preprocess again")
    if class_maps_digest(pickled) != frames.attributes["class_maps"]:
        raise DataError(f"{path}: not the one written with {FRAMES_FILE}; preprocess again")
    tables = parse_class_maps(pickled, path)
    if tuple(tables["id_to_name"].values()) != frames.class_names:
        raise DataError(f"{path}: other classes than in {FRAMES_FILE}; preprocess again")
