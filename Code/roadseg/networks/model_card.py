"""ModelCard: what a user of trained weights must know; JSON beside the file that holds them."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from roadseg.data.sources import OWN
from roadseg.errors import DataError
from roadseg.files import atomic_write

if TYPE_CHECKING:
    from roadseg.data.store import FrameStore

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class ModelCard:
    """What weights are for, how they were trained, and their results.

    Attributes:
        network: its name, for instance "simple_plus".
        options: that the network was built with.
        class_names, palette: of the network's channels; colours are (R, G, B).
        image_shape: (H, W, 3) of the images in training; of an exported file, that it takes.
        scale: how much smaller those are than the data set's own images.
        data: the kind of the frames in training, for instance "rendered".
        frames: how many trained.
        minutes: how long they did.
        licence: of the weights, in words.
        results: for each data set what `Evaluation.as_dict` gives.
        precision: "float32", "bfloat16" or "int8".
        confidence: mean probability, 0..1, of the most probable class on validation frames, if measured.
    """

    network: str
    options: Mapping[str, object]
    class_names: tuple[str, ...]
    palette: tuple[Colour, ...]
    image_shape: tuple[int, int, int]
    scale: float
    data: str
    frames: int
    minutes: float
    licence: str = ""
    results: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    precision: str = "float32"
    confidence: float | None = None

    @classmethod
    def for_frames(cls, network: str, frames: "FrameStore", /, **others) -> "ModelCard":
        """With classes, palette, size, scale and kind of the frames in training; others: the rest."""
        source = frames.attributes["source"]
        of_frames = {
            "class_names": frames.class_names,
            "palette": tuple(map(tuple, frames.palette.tolist())),
            "image_shape": tuple(frames.image_shape),
            "scale": float(frames.attributes["scale"]),
            "data": "own" if source in OWN else source,
        }
        return cls(network, **of_frames | others)

    @property
    def trained_on(self) -> str:
        """In words."""
        return f"trained on {self.frames:,} {self.data} frames"

    def __str__(self) -> str:
        height, width, _ = self.image_shape
        return (
            f"{self.network}, {len(self.class_names)} classes, {self.trained_on} of {width} x {height}"
        )

    def save(self, path: Path) -> None:
        """Writes it as JSON."""
        text = json.dumps(asdict(self), indent=1) + "\n"
        atomic_write(path, lambda part: part.write_text(text, "utf-8"))

    @classmethod
    def load(cls, path: Path) -> "ModelCard":
        """Raises DataError when the file is not there, or no model card."""
        try:
            saved = json.loads(path.read_text("utf-8"))
            saved |= {key: tuple(saved[key]) for key in ("class_names", "image_shape")}
            return cls(**saved | {"palette": tuple(map(tuple, saved["palette"]))})
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise DataError(f"{path}: not a readable model card ({error})")
