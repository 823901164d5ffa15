"""Split: which frames train and which validate, as data; and ways to choose them.

Neighbouring frames of a drive, and the variations of one world, show the same scene. Only a split by
world (or drive) is clean; a block with a gap is a compromise within one sequence; a random split leaks.

The name of a sequence tells its part, by a component that is "train", "val" or "test", and its drive,
the first component below the part or of all: "train/monday/left" shows the drive "monday". A part for
testing is neither trained on nor validated on unless it is asked for by name.
"""

import hashlib
import json
import operator
import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from roadseg.data.sources.base import Frame, select_sequences
from roadseg.data.store import FrameStore
from roadseg.errors import DataError
from roadseg.files import atomic_write, user_path

Frames = FrameStore | Sequence[Frame]

_WORLD = re.compile(r"(.*/)?([0-9]{4}|Scene[0-9]{2})(?=/)")
_PARTS = {  # of a data set that says itself what each is for, such as CamVid
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val",
    "test": "test", "testing": "test",
}  # fmt: skip
_GAP = 10  # frames between training and validation, in drives of at least ten times as many
_LISTED = 8  # sequences that a description names


@dataclass(frozen=True)
class Split:
    """Positions in the list of frames, and how they were chosen, in words.

    count, frames: how many frames the list has, and a digest of their names, with which `check` compares
        those that a split is used with. None in a split made by hand, which fits every store.

    Raises ValueError for a part without frames, and for a position below 0 or twice.
    """

    train: tuple[int, ...]
    validation: tuple[int, ...]
    description: str
    count: int | None = None
    frames: str | None = None

    def __post_init__(self):
        for part in ("train", "validation"):  # lists and NumPy's integers become tuples of int
            object.__setattr__(self, part, tuple(map(operator.index, getattr(self, part))))
        positions, problem = sorted((*self.train, *self.validation)), None
        if not self.train or not self.validation:
            problem = (
                f"{len(self.train)} train and {len(self.validation)} validation frames; take more "
                "frames, a smaller gap, or hold out other sequences (VALIDATION=..., --validation)"
            )
        elif positions[0] < 0 or len(set(positions)) < len(positions):
            problem = "positions from 0 up, none of them twice or in both parts, are expected"
        if problem:
            raise ValueError(f"{self.description}: {problem}")

    def __str__(self) -> str:
        parts = [f"{len(self.train)} frames train", f"{len(self.validation)} validate"]
        left_out = (self.count or 0) - len(self.train) - len(self.validation)
        if left_out > 0:
            parts.append(f"{left_out} are left out")
        return f"{', '.join(parts)}: {self.description}"

    def is_for(self, frames: Frames) -> bool:
        """Whether it was made for frames with all of these names."""
        return self.frames == _names_digest(frames)

    def check(self, frames: Frames) -> None:
        """Raises DataError for other frames than the split was made for, or fewer than it asks for."""
        is_same = self.frames is None or self.is_for(frames)
        if not is_same or max(*self.train, *self.validation) >= len(frames):
            what = f"this split was made for other frames than these {len(frames)}; make it again"
            raise DataError(f"{self.description}: {what}")

    def save(self, path: str | Path) -> None:
        """Writes the split as JSON."""
        text = json.dumps(asdict(self), indent=1) + "\n"
        atomic_write(user_path(path), lambda part: part.write_text(text, "utf-8"))

    @classmethod
    def load(cls, path: str | Path) -> "Split":
        """Raises DataError when the file is not a saved split."""
        path = user_path(path)
        try:
            return cls(**json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise DataError(f"{path}: not a saved split ({error}); make and save it again")


def _names(frames: Frames) -> list[tuple[str, int]]:
    if isinstance(frames, FrameStore):
        return frames.names
    return [(frame.sequence, frame.index) for frame in frames]


def _names_digest(frames: Frames) -> str:
    return hashlib.sha256(json.dumps(_names(frames)).encode()).hexdigest()[:16]


def _split(frames: Frames, train: Sequence[int], validation: Sequence[int], description: str) -> Split:
    """The description says which sequences are left out for testing."""
    names = _names(frames)
    used = {names[i][0] for i in (*train, *validation)}
    if left_out := sorted({name for name, _ in names if _part(name) == "test"} - used):
        description += f"; left out for testing: {_listed(left_out)}"
    return Split(sorted(train), sorted(validation), description, len(names), _names_digest(frames))


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _part(sequence: str) -> str | None:
    """ "Valid/0016E5" -> "val"; None where a data set does not say what its frames are for."""
    return next(filter(None, map(_PARTS.get, sequence.lower().split("/"))), None)


def _usable(frames: Frames) -> list[int]:
    """The positions of all frames that are not for testing."""
    return [i for i, (name, _) in enumerate(_names(frames)) if _part(name) != "test"]


def choose(frames: Frames, validation: str | float | Iterable[str] | None = None) -> Split:
    """The split that a setting asks for.

    validation: sequences, as for `by_sequence`; a share such as 0.2, as for `block`; None: `last_drive`.
    """
    if not validation:
        return last_drive(frames)
    share = share_of(validation)
    return by_sequence(frames, validation) if share is None else block(frames, share)


def share_of(validation: str | float | Iterable[str]) -> float | None:
    """0.2 of the number or of the text; None of the names of sequences."""
    words = [validation] if isinstance(validation, str | float) else [*validation]
    try:
        (share,) = map(float, words)
    except ValueError:
        return None
    return share if 0 < share < 1 else None


def random(frames: Frames, validation: float = 0.15, seed: int = 0) -> Split:
    """Frames drawn at random: what the original repository did. Warns that neighbours leak."""
    warnings.warn(
        "a random split of video frames leaks: every validation frame has near twins among the "
        "training frames, so its scores are too high; prefer splits.by_sequence or splits.block",
        stacklevel=2,
    )
    order = np.random.default_rng(seed).permutation(_usable(frames)).tolist()
    count = _count(len(order), validation)
    description = f"random frames, {validation:.0%} for validation, seed {seed}"
    return _split(frames, order[count:], order[:count], description)


def block(frames: Frames, validation: float = 0.15, gap: int | None = None) -> Split:
    """The last part of every drive validates; `gap` frames before it are left out.

    All sequences that show one drive (the variations of a world) are cut at the same frame number.
    Drives of one frame each are single images: the last of them validate, and need no gap.

    gap: None: 10, or a tenth of a short drive. Raises ValueError when nothing is left to train on.
    """
    names = _names(frames)
    drives = defaultdict(dict)  # name -> {position: number of the frame}
    for position in _usable(frames):
        sequence, number = names[position]
        drives[_drive(sequence)][position] = number
    single = [position for numbers in drives.values() if len(numbers) == 1 for position in numbers]
    cuts = [(numbers, gap) for numbers in drives.values() if len(numbers) > 1]
    cuts += [(dict(zip(single, single, strict=True)), 0)] if single else []
    train, held_out = [], []
    for numbers, gap_here in cuts:
        known = sorted(set(numbers.values()))
        start = len(known) - _count(len(known), validation)
        last = start - 1 - (min(_GAP, len(known) // _GAP) if gap_here is None else gap_here)
        held_out += [position for position, number in numbers.items() if number >= known[start]]
        train += [i for i, number in numbers.items() if last >= 0 and number <= known[last]]
    width = f"at most {_GAP}" if gap is None else gap
    description = f"last {validation:.0%} of each drive for validation, gap of {width} frames"
    return _split(frames, train, held_out, description)


def by_sequence(frames: Frames, validation: Iterable[str]) -> Split:
    """Whole sequences validate, by name or by what they lie below ("0020": all variations of a world).

    Warns when a training sequence shows the same drive. Joined data sets count as different places,
    which is right for rendered worlds of two seeds. But Virtual KITTI 1.3.1 and 2.0.3 show the same
    worlds: hold out the same ones of both.

    Raises DataError for an unknown name, and ValueError when nothing is left to train on.
    """
    names = [name for name, _ in _names(frames)]
    held_out = set(select_sequences(sorted(set(names)), validation, "split"))
    train = [i for i in _usable(frames) if names[i] not in held_out]
    for trained in sorted({names[i] for i in train}):
        if twins := [name for name in sorted(held_out) if _drive(name) == _drive(trained)]:
            warnings.warn(
                f"{trained} shows the same drive as {twins[0]}, which is held out: scores will be too "
                "high; hold out whole worlds or drives",
                stacklevel=2,
            )
            break
    positions = [i for i, name in enumerate(names) if name in held_out]
    description = f"sequences held out for validation: {_listed(sorted(held_out))}"
    return _split(frames, train, positions, description)


def last_drive(frames: Frames) -> Split:
    """The last world or drive validates; where there is only one, or single images, the last block.

    A data set that has a part val is split as it says itself: val validates.
    """
    names = _names(frames)
    usable = [names[i][0] for i in _usable(frames)]
    validation = {name for name in usable if _part(name) == "val"}
    if validation and validation != set(usable):
        return by_sequence(frames, validation)
    drives = set(map(_drive, usable))
    if len(drives) in (1, len(usable)):
        return block(frames)
    return by_sequence(frames, {name for name in usable if _drive(name) == max(drives)})


def hold_out_random(split: Split, share: float = 0.15, seed: int = 0) -> tuple[Split, tuple[int, ...]]:
    """The split without a random share of its training frames, and the positions of that share.

    Their neighbours remain training frames, so scores on them show what `random` would have claimed.
    """
    order = np.random.default_rng(seed).permutation(split.train).tolist()
    count = _count(len(order), share)
    description = f"{split.description}; {share:.0%} of the training frames held out at random"
    rest = replace(split, train=sorted(order[count:]), description=f"{description}, seed {seed}")
    return rest, tuple(sorted(order[:count]))


def _drive(sequence: str) -> str:
    """What it shows: "0001/fog" -> "0001", "a/0001/fog" -> "a/0001", "val/monday/left" -> "monday"."""
    names = sequence.split("/")
    part = next((place for place, name in enumerate(names) if name.lower() in _PARTS), None)
    if part is None:
        world = _WORLD.match(sequence)
        return world[0] if world else names[0]
    return "/".join([*names[:part], names[part + 1]]) if part + 1 < len(names) else sequence


def _count(total: int, share: float) -> int:
    """Frames in a share of all, at least one."""
    if not 0 < share < 1:
        raise ValueError(f"{share}: a share between 0 and 1 is expected")
    return max(1, round(total * share))
