"""Split: which frames train and which validate, as data that can be saved and read."""

import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from roadseg.data.sources import Frame
from roadseg.data.store import FrameStore, plain_positions
from roadseg.errors import DataError
from roadseg.files import atomic_write, read_regular, user_path

Frames = FrameStore | Sequence[Frame]

_MAX_FILE = 20_000_000  # bytes


@dataclass(frozen=True)
class Split:
    """Positions in the list of frames, and how they were chosen, in words.

    count, frames: of the list that the positions refer to: how many frames it has, and a digest of their
        names. `check` compares both with the frames that a split is used with. None in a split that was
        made by hand: its positions mean the frames of whatever store it is used with.

    Raises ValueError for positions that are not integers from 0 to count - 1, or occur twice.
    """

    train: tuple[int, ...]
    validation: tuple[int, ...]
    description: str
    count: int | None = None
    frames: str | None = None

    def __post_init__(self):
        _check_types(self)
        for part in ("train", "validation"):
            try:  # lists and NumPy's integers become tuples of int
                object.__setattr__(self, part, plain_positions(getattr(self, part), self.count))
            except (TypeError, ValueError) as error:
                raise ValueError(f"{self.description}: {part}: {error}")
        if not self.train or not self.validation:
            raise ValueError(
                f"{self.description}: {len(self.train)} train and {len(self.validation)} validation "
                "frames; each part needs at least one. Take more frames, a smaller gap, or hold out "
                "other sequences (VALIDATION=..., --validation)"
            )
        for part in (self.train, self.validation):
            if len(set(part)) < len(part):
                raise ValueError(f"{self.description}: frame {_first_repeated(part)} occurs twice")
        if shared := set(self.train) & set(self.validation):
            raise ValueError(f"{self.description}: frame {min(shared)} is in both parts")

    def check(self, frames: Frames) -> None:
        """Raises DataError for other frames than the split was made for, or fewer than it asks for."""
        count = len(frames)
        if self.frames is not None and (self.count, self.frames) != (count, names_digest(frames)):
            raise DataError(
                f"{self.description}: this split was made for {self.count} frames, not for these "
                f"{count} with other names; make it again for them"
            )
        if (last := max(*self.train, *self.validation)) >= count:
            raise DataError(
                f"{self.description}: this split asks for frame {last}, but there are {count}, counted "
                "from 0; make it again for these frames"
            )

    def save(self, path: str | Path) -> None:
        """Writes the split as JSON."""
        text = json.dumps(asdict(self), indent=1) + "\n"
        atomic_write(user_path(path), lambda part: part.write_text(text, "utf-8"))

    @classmethod
    def load(cls, path: str | Path) -> "Split":
        """Raises DataError when the file is not a saved split."""
        path = user_path(path)
        try:
            saved = json.loads(read_regular(path, _MAX_FILE).decode("utf-8"))
            if not isinstance(saved, dict) or set(saved) != {field.name for field in fields(cls)}:
                raise ValueError("its entries are not those of a split")
            return cls(**saved)
        except (OSError, ValueError, RecursionError) as error:
            raise DataError(f"{path}: not a saved split ({error}); make and save it again")


def _check_types(split: Split) -> None:
    """Of what is not a position; raises ValueError."""
    if not isinstance(split.description, str):
        raise ValueError(f"a description in words is expected, not {split.description!r}")
    is_count = split.count is None or (type(split.count) is int and split.count >= 0)
    if not is_count or type(split.frames) not in (str, type(None)):
        raise ValueError(f"{split.description}: count and frames are those of `splits`, or None")
    if (split.count is None) != (split.frames is None):
        raise ValueError(f"{split.description}: count and frames are given both or not at all")


def _first_repeated(positions: tuple[int, ...]) -> int:
    ordered = sorted(positions)
    return next(one for one, two in itertools.pairwise(ordered) if one == two)


def names_digest(frames: Frames) -> str:
    """Of the names of frames: the same for a list of them and for any store of them."""
    return hashlib.sha256(json.dumps(frame_names(frames)).encode()).hexdigest()[:16]


def frame_names(frames: Frames) -> list[tuple[str, int]]:
    if isinstance(frames, FrameStore):
        return frames.names
    return [(frame.sequence, frame.index) for frame in frames]
