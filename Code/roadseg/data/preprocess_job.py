"""What one store is made of, and the digests that tell whether it is there already."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from roadseg.data import store
from roadseg.data.classes import dump_class_maps
from roadseg.data.downscale import Downscale
from roadseg.data.sources import Frame, Source
from roadseg.errors import DataError

_LAST_BYTES = 32
Name = tuple[str, int]  # sequence and index of a frame


@dataclass(frozen=True)
class Job:
    """Frames to be stored, and how.

    frames: by name, in the order of the store.
    file_states: what changes when a file of that frame does.
    class_maps: the pickle that is written beside the frames.
    """

    source: Source
    downscale: Downscale
    frames: dict[Name, Frame]
    file_states: dict[Name, str]
    class_maps: bytes

    @classmethod
    def of(cls, source: Source, sequences: Iterable[str] | None, scale: float) -> "Job":
        """Reads the first frame for its size, and the class maps of all sequences."""
        frames = _frames_by_name(source, sequences)
        image, _ = source.read(next(iter(frames.values())))
        return cls(
            source=source,
            downscale=Downscale.of(image.size, scale),
            frames=frames,
            file_states=_file_states(frames),
            class_maps=_class_maps(source, frames),
        )

    @cached_property
    def settings(self) -> str:
        """A digest of how each frame is stored, whichever the frames are."""
        downscale = str(self.downscale.scale), self.downscale.full_size
        return _sha256_of(store.FORMAT_VERSION, self.source.identity, downscale, self.class_maps.hex())

    @cached_property
    def digest(self) -> str:
        """A digest of the settings and of the state of every file."""
        return _sha256_of(self.settings, *self.file_states.items())

    @property
    def attributes(self) -> dict[str, object]:
        """Of the HDF5 file."""
        return {
            "source": self.source.kind,
            "scale": float(self.downscale.scale),
            "class_names": list(self.source.class_names),
            "palette": np.array(self.source.palette, np.uint8),
            "class_maps": store.class_maps_digest(self.class_maps),
            "job": self.digest,
        }


def content_digest(source: Source, sequences: Iterable[str] | None) -> str:
    """A digest of frames and classes: the same wherever and since whenever they lie."""
    frames = _frames_by_name(source, sequences)
    states = list(_file_states(frames).items())
    return _sha256_of(source.identity, _class_maps(source, frames).hex(), states)


def _sha256_of(*parts: object) -> str:
    """SHA-256 of values that JSON can hold."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _frames_by_name(source: Source, sequences: Iterable[str] | None) -> dict[Name, Frame]:
    return {(frame.sequence, frame.index): frame for frame in source.frames(sequences)}


def _class_maps(source: Source, names: Iterable[Name]) -> bytes:
    sequences = sorted({sequence for sequence, _ in names})
    return dump_class_maps({name: source.class_map(name) for name in sequences})


def _file_states(frames: Mapping[Name, Frame]) -> dict[Name, str]:
    return {
        name: f"{_file_state(frame.image)} {_file_state(frame.label)}" for name, frame in frames.items()
    }


def _file_state(path: Path) -> str:
    """Size and last bytes, which survive copying, as times do not.

    The last bytes of a PNG hold a checksum of its whole uncompressed content.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - _LAST_BYTES, 0))
            return f"{size} {file.read(_LAST_BYTES).hex()}"
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); extract it again")
