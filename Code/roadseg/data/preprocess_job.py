"""What one store is made of, and the digests that tell whether it is there already."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from roadseg.data import store
from roadseg.data.classes import dump_class_maps
from roadseg.data.downscale import Downscale
from roadseg.data.sources import Frame, Source

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
        frames = {(frame.sequence, frame.index): frame for frame in source.frames(sequences)}
        class_maps = {name: source.class_map(name) for name in sorted({name for name, _ in frames})}
        image, _ = source.read(next(iter(frames.values())))
        return cls(
            source=source,
            downscale=Downscale.of(image.size, scale),
            frames=frames,
            file_states={name: _file_state(frame) for name, frame in frames.items()},
            class_maps=dump_class_maps(class_maps),
        )

    @cached_property
    def settings(self) -> str:
        """A digest of how each frame is stored, whichever the frames are."""
        downscale = str(self.downscale.scale), self.downscale.full_size
        return sha256_of(store.FORMAT_VERSION, self.source.kind, downscale, self.class_maps.hex())

    @cached_property
    def digest(self) -> str:
        """A digest of the settings and of the state of every file."""
        return sha256_of(self.settings, *self.file_states.items())

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


def sha256_of(*parts: object) -> str:
    """SHA-256 of values that JSON can hold."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _file_state(frame: Frame) -> str:
    files = (path.stat() for path in (frame.image, frame.label))
    return " ".join(f"{status.st_size} {status.st_mtime_ns}" for status in files)
