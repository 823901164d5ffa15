"""A trained network as a file for another runtime, measured before it is believed."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import keras
import pandas as pd

from roadseg.data import store
from roadseg.inference import export_formats, export_proof, export_runtimes, export_source
from roadseg.inference.export_target import Target


def export(
    trained: str | Path,
    target: Target,
    frames_folder: str | Path,
    *,
    validation: Iterable[str] | None = None,
    size: tuple[int, int] | None = None,
    folder: str | Path = "Exported",
    overwrite: bool = False,
) -> tuple[Path, pd.DataFrame]:
    """Writes a network in another format, and measures the file in its own runtime beside Keras.

    Args:
        trained: folder of a finished run, or the name of weights that ship.
        target: format and precision.
        frames_folder: store of preprocessed frames, with the classes of the network.
        validation: worlds or sequences of the store to measure on; the rest calibrates int8. None: the
            last world or drive. On its own frames a run has its own split.
        size: (H, W) of the images that the file takes, in pixels; None: as in the store.
        folder: where the file goes.
        overwrite: replaces what an earlier export wrote.

    Returns:
        The file, and a row for Keras and one for the file, see `export_proof.prove`.

    Raises:
        ValueError: a package is missing, the file exists, or network and frames do not fit.
    """
    paths, table = export_all(
        trained,
        [target],
        frames_folder,
        validation=validation,
        size=size,
        folder=folder,
        overwrite=overwrite,
    )
    return paths[0], table


def export_all(
    trained: str | Path,
    targets: Sequence[Target],
    frames_folder: str | Path,
    *,
    validation: Iterable[str] | None = None,
    size: tuple[int, int] | None = None,
    folder: str | Path = "Exported",
    overwrite: bool = False,
) -> tuple[list[Path], pd.DataFrame]:
    """Writes a network in several formats, and measures the files in turns beside Keras.

    Arguments and errors are those of `export`.

    Returns:
        The files, and a row for Keras and one for each of them.
    """
    for target in targets:
        target.check_packages()
    if keras.backend.backend() != "tensorflow":
        raise ValueError("networks are exported from TensorFlow: set KERAS_BACKEND=tensorflow")
    source = export_source.open_trained(trained, store.open(frames_folder), validation, size)
    paths = [
        export_formats.write(source, target, Path(folder), overwrite=overwrite) for target in targets
    ]
    exported = map(export_runtimes.open_exported, paths)
    return paths, export_proof.prove(source, dict(zip(map(str, targets), exported, strict=True)))
