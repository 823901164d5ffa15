"""Several data sets with the same classes as one, so that a network can be trained on all of them."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from roadseg.data.classes import ClassMap
from roadseg.data.sources.base import Frame, Source
from roadseg.errors import DataError


class Joined(Source):
    """A sequence is "<name>/<sequence>", with the name under which its data set was given."""

    kind = "joined"
    layout = "none: it joins data sets that are open"

    def __init__(self, parts: Mapping[str, Source]):
        """Raises DataError when there is no part, or their classes differ, or a name is unfit."""
        if not parts or len({part.class_names for part in parts.values()}) > 1:
            kinds = ", ".join(f"{name}: {part.kind}" for name, part in parts.items()) or "none"
            raise DataError(f"data sets with the same classes can be joined, not these ({kinds})")
        if unfit := [name for name in parts if not name or "/" in name]:
            raise DataError(f"{unfit[0]!r} cannot name a joined data set; choose a name without /")
        super().__init__(Path(os.path.commonpath([part.path.resolve() for part in parts.values()])))
        self._parts = dict(parts)
        first = next(iter(parts.values()))
        self.class_names, self.palette = first.class_names, first.palette

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return False

    def sequences(self) -> list[str]:
        return sorted(
            f"{name}/{each}" for name, part in self._parts.items() for each in part.sequences()
        )

    def class_map(self, sequence: str) -> ClassMap:
        self._check_sequence(sequence)
        part, own_name = self._find(sequence)
        return part.class_map(own_name)

    def read_labels(self, frame: Frame) -> np.ndarray:
        part, own_name = self._find(frame.sequence)
        return part.read_labels(replace(frame, sequence=own_name))

    def read_image(self, frame: Frame) -> Image.Image:
        part, own_name = self._find(frame.sequence)
        return part.read_image(replace(frame, sequence=own_name))

    def _image_files(self, sequence: str) -> dict[int, Path]:
        part, own_name = self._find(sequence)
        return part._image_files(own_name)

    def _label_files(self, sequence: str) -> dict[int, Path]:
        part, own_name = self._find(sequence)
        return part._label_files(own_name)

    def _find(self, sequence: str) -> tuple[Source, str]:
        name, _, own_name = sequence.partition("/")
        return self._parts[name], own_name
