"""Which frames train and which validate, as data that can be saved and read.

Neighbouring frames of a drive, and the variations of one world, show the same scene. Only a split by
world (or drive) is clean; a block with a gap is a compromise within one sequence; a random split leaks.
"""

import json
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from roadseg.data.sources import Frame
from roadseg.data.sources.base import select_sequences
from roadseg.data.store import FrameStore
from roadseg.errors import DataError
from roadseg.files import atomic_write

_WORLD = re.compile(r"(.*/)?(\d{4}|Scene\d\d)(?=/)")


@dataclass(frozen=True)
class Split:
    """Positions in the list of frames, and how they were chosen, in words."""

    train: tuple[int, ...]
    validation: tuple[int, ...]
    description: str

    def __post_init__(self):
        if not self.train or not self.validation:
            raise ValueError(
                f"{self.description}: {len(self.train)} train and {len(self.validation)} validation "
                "frames; each part needs at least one"
            )
        if shared := set(self.train) & set(self.validation):
            raise ValueError(f"{self.description}: frame {min(shared)} is in both parts")

    def save(self, path: str | Path) -> None:
        """Writes the split as JSON."""
        text = json.dumps(asdict(self), indent=1) + "\n"
        atomic_write(Path(path), lambda part: part.write_text(text, "utf-8"))

    @classmethod
    def load(cls, path: str | Path) -> "Split":
        """Raises DataError when the file is not a saved split."""
        try:
            saved = json.loads(Path(path).read_text("utf-8"))
            return cls(tuple(saved["train"]), tuple(saved["validation"]), saved["description"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path}: not a saved split ({error}); make and save it again")


def random(frames: FrameStore | Sequence[Frame], validation: float = 0.15, seed: int = 0) -> Split:
    """Frames drawn at random: what the original repository did. Warns that neighbours leak.

    Raises ValueError for a share that is not between 0 and 1.
    """
    warnings.warn(
        "a random split of video frames leaks: every validation frame has near twins among the "
        "training frames, so its scores are too high; prefer splits.by_sequence or splits.block",
        stacklevel=2,
    )
    order = np.random.default_rng(seed).permutation(len(frames)).tolist()
    count = _count(len(frames), validation)
    return Split(
        train=tuple(sorted(order[count:])),
        validation=tuple(sorted(order[:count])),
        description=f"random frames, {validation:.0%} for validation, seed {seed}",
    )


def block(frames: FrameStore | Sequence[Frame], validation: float = 0.15, gap: int = 10) -> Split:
    """The last part of every drive validates; `gap` frames before it are left out.

    All sequences that show one drive (the variations of a world) are cut at the same frame number.
    Raises ValueError for a share that is not between 0 and 1, and when nothing is left to train on.
    """
    names, indices = _sequences_and_indices(frames)
    drives = [_drive(name) for name in names]
    train, held_out = [], []
    for drive in sorted(set(drives)):
        positions = [i for i, each in enumerate(drives) if each == drive]
        known = sorted({indices[i] for i in positions})
        start = len(known) - _count(len(known), validation)
        last_trained = known[start - gap - 1] if start > gap else -1
        held_out += [i for i in positions if indices[i] >= known[start]]
        train += [i for i in positions if indices[i] <= last_trained]
    return Split(
        train=tuple(sorted(train)),
        validation=tuple(sorted(held_out)),
        description=f"last {validation:.0%} of each drive for validation, gap of {gap} frames",
    )


def by_sequence(frames: FrameStore | Sequence[Frame], validation: Iterable[str]) -> Split:
    """Whole sequences validate, by name or by what they lie below ("0020": all variations of a world).

    Warns when a training sequence shows the same drive. Joined data sets count as different places,
    which is right for rendered worlds of two seeds. But Virtual KITTI 1.3.1 and 2.0.3 show the same
    worlds: hold out the same ones of both.

    Raises DataError for an unknown name, and ValueError when nothing is left to train on.
    """
    names, _ = _sequences_and_indices(frames)
    held_out = set(select_sequences(sorted(set(names)), validation, "split"))
    for trained in sorted(set(names) - held_out):
        if twins := [name for name in sorted(held_out) if _drive(name) == _drive(trained)]:
            warnings.warn(
                f"{trained} shows the same drive as {twins[0]}, which is held out: scores will be too "
                "high; hold out whole worlds or drives",
                stacklevel=2,
            )
            break
    return Split(
        train=tuple(i for i, name in enumerate(names) if name not in held_out),
        validation=tuple(i for i, name in enumerate(names) if name in held_out),
        description=f"sequences held out for validation: {', '.join(sorted(held_out))}",
    )


def last_drive(frames: FrameStore | Sequence[Frame]) -> Split:
    """The last world or drive validates; where there is only one, the last block of it."""
    names, _ = _sequences_and_indices(frames)
    drives = sorted({_drive(name) for name in names})
    if len(drives) == 1:
        return block(frames)
    return by_sequence(frames, {name for name in names if _drive(name) == drives[-1]})


def hold_out_random(split: Split, share: float = 0.15, seed: int = 0) -> tuple[Split, tuple[int, ...]]:
    """The split without a random share of its training frames, and the positions of that share.

    Their neighbours remain training frames, so scores on them show what `random` would have claimed.
    Raises ValueError for a share that is not between 0 and 1, and when nothing is left to train on.
    """
    order = np.random.default_rng(seed).permutation(split.train).tolist()
    count = _count(len(order), share)
    held_out = f"{share:.0%} of the training frames held out at random, seed {seed}"
    rest = replace(
        split,
        train=tuple(sorted(order[count:])),
        description=f"{split.description}; {held_out}",
    )
    return rest, tuple(sorted(order[:count]))


def _drive(sequence: str) -> str:
    """What a sequence shows: a world of Virtual KITTI, or a drive of CamVid.

    "0001/fog" -> "0001" (joined: "clear/0001/fog" -> "clear/0001"); "val/0016E5" -> "0016E5".
    """
    world = _WORLD.match(sequence)
    return world[0] if world else sequence.rpartition("/")[2]


def _sequences_and_indices(frames: FrameStore | Sequence[Frame]) -> tuple[list[str], list[int]]:
    if isinstance(frames, FrameStore):
        return frames.sequence, frames.index.tolist()
    return [frame.sequence for frame in frames], [frame.index for frame in frames]


def _count(total: int, share: float) -> int:
    """Frames in a share of all, at least one."""
    if not 0 < share < 1:
        raise ValueError(f"{share}: a share between 0 and 1 is expected")
    return max(1, round(total * share))
