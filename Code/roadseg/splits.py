"""Which frames train and which validate, as data that can be saved and read.

Neighbouring frames of a drive, and the variations of one world, show the same scene. Only a split by
world (or drive) is clean; a block with a gap is a compromise within one sequence; a random split leaks.
"""

import json
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from roadseg.errors import DataError
from roadseg.sources import Frame
from roadseg.sources.base import matching
from roadseg.store import FrameStore


@dataclass(frozen=True)
class Split:
    """Positions in the list of frames, and in words how they were chosen."""

    train: tuple[int, ...]
    validation: tuple[int, ...]
    how: str

    def __post_init__(self):
        if not self.train or not self.validation:
            raise ValueError(
                f"{self.how}: {len(self.train)} train and {len(self.validation)} validation "
                "frames; each part needs at least one"
            )
        if shared := set(self.train) & set(self.validation):
            raise ValueError(f"{self.how}: frame {min(shared)} is in both parts")

    def save(self, path: str | Path) -> None:
        Path(path).write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")

    @classmethod
    def load(cls, path: str | Path) -> "Split":
        """Raises DataError when the file is not a saved split."""
        try:
            saved = json.loads(Path(path).read_text("utf-8"))
            return cls(tuple(saved["train"]), tuple(saved["validation"]), saved["how"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path}: not a saved split ({error}); make and save it again")


def random(frames: FrameStore | Sequence[Frame], validation: float = 0.15, seed: int = 0) -> Split:
    """Frames drawn at random: what the original repository did. Warns that neighbours leak."""
    warnings.warn(
        "a random split of video frames leaks: every validation frame has near twins among the "
        "training frames, so its scores are too high; prefer splits.by_sequence or splits.block",
        stacklevel=2,
    )
    order = np.random.default_rng(seed).permutation(len(frames)).tolist()
    count = _share(len(frames), validation)
    return Split(
        train=tuple(sorted(order[count:])),
        validation=tuple(sorted(order[:count])),
        how=f"random frames, {validation:.0%} for validation, seed {seed}",
    )


def block(frames: FrameStore | Sequence[Frame], validation: float = 0.15, gap: int = 10) -> Split:
    """The last part of every sequence validates; `gap` frames before it are left out.

    Complete variations of one world are cut at the same place, so that they do not leak either.
    """
    train, held_out = [], []
    names = np.array(_sequences(frames))
    for name in sorted(set(names.tolist())):
        positions = np.flatnonzero(names == name).tolist()
        start = len(positions) - _share(len(positions), validation)
        held_out += positions[start:]
        train += positions[: max(0, start - gap)]
    return Split(
        train=tuple(train),
        validation=tuple(held_out),
        how=f"last {validation:.0%} of each sequence for validation, gap of {gap} frames",
    )


def by_sequence(frames: FrameStore | Sequence[Frame], validation: Iterable[str]) -> Split:
    """Whole sequences validate: names, or what they lie below ("0020": all variations of a world)."""
    names = _sequences(frames)
    held_out = set(matching(sorted(set(names)), validation, "split"))
    return Split(
        train=tuple(i for i, name in enumerate(names) if name not in held_out),
        validation=tuple(i for i, name in enumerate(names) if name in held_out),
        how=f"sequences held out for validation: {', '.join(sorted(held_out))}",
    )


def _sequences(frames: FrameStore | Sequence[Frame]) -> list[str]:
    if isinstance(frames, FrameStore):
        return frames.sequence
    return [frame.sequence for frame in frames]


def _share(count: int, share: float) -> int:
    if not 0 < share < 1:
        raise ValueError(f"validation={share}: a share between 0 and 1 is expected")
    return max(1, round(count * share))
