"""What is in a data set, and what is wrong with it, summed up over its frames."""

from collections import Counter, defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from roadseg.data.classes import IGNORE
from roadseg.data.sources import Frame
from roadseg.data.sources.class_table import VOID, UnlistedLabels, describe, remedy
from roadseg.data.sources.table_file import MAX_PROBLEMS, TABLE_FILE

UNPAIRED, OTHER_FILES, UNUSABLE = "files without a counterpart", "other files", "unusable files"
OTHER_SIZE, TURNED = "masks of another size", "turned images"
UNLISTED, SEVERAL_SIZES = "labels that the table lacks", "frames of several sizes"
_SIZES_SHOWN = 5


class Seen(NamedTuple):
    """What is in the two files of a frame.

    size: (width, height) of the image; None: unreadable.
    ids: pixels of each class id, int64 (256); None: unreadable.
    problems: kind and message, or labels that the table lacks.
    """

    size: tuple[int, int] | None
    ids: np.ndarray | None
    problems: list[tuple[str, str] | UnlistedLabels]


@dataclass
class _Unlisted:
    """Where a raw label that the table lacks occurs."""

    first: Path
    pixels: int = 0
    frames: int = 0


@dataclass
class Findings:
    """Of a whole data set.

    sizes: how many images are (width, height).
    pixels, frames_with: int64 (C + 1), of each class, and at the end of void and of unlisted labels.
    problems: messages by kind.
    """

    class_names: tuple[str, ...]
    frames: int = 0
    sizes: Counter = field(default_factory=Counter)
    problems: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self):
        self.pixels = np.zeros(len(self.class_names) + 1, np.int64)
        self.frames_with = np.zeros_like(self.pixels)
        self._unlisted: dict[Hashable, _Unlisted] = {}

    def add(self, frame: Frame, seen: Seen) -> None:
        """Counts one frame in."""
        self.frames += 1
        if seen.size is not None:
            self.sizes[seen.size] += 1
        if seen.ids is not None:
            pixels = np.append(seen.ids[: len(self.class_names)], seen.ids[IGNORE])
            self.pixels += pixels
            self.frames_with += pixels > 0
        for problem in seen.problems:
            if not isinstance(problem, UnlistedLabels):
                kind, message = problem
                self.problems[kind].append(message)
                continue
            for label, pixels in problem.counts.items():
                entry = self._unlisted.setdefault(label, _Unlisted(frame.label))
                entry.pixels, entry.frames = entry.pixels + pixels, entry.frames + 1

    def conclude(self, are_fitted: bool) -> None:
        """Adds the problems that only all frames together show.

        are_fitted: whether frames of different sizes are fitted to one.
        """
        for label, entry in sorted(self._unlisted.items(), key=lambda item: -item[1].pixels):
            self.problems[UNLISTED].append(
                f"{describe(label)}: {entry.pixels} pixels in {entry.frames} frames, first in "
                f"{entry.first}; {remedy(label)}"
            )
        if len(self.sizes) > 1 and not are_fitted:
            (width, height), _ = self.sizes.most_common(1)[0]
            self.problems[SEVERAL_SIZES].append(
                f"to fit all to one, write '# size: {width} x {height}' at the top of {TABLE_FILE}, or "
                f"preprocess with --size {height} {width}"
            )
        self.problems = {kind: each for kind, each in self.problems.items() if each}

    def __str__(self) -> str:
        return "\n".join([*self._contents(), *self._problems()])

    def _contents(self) -> list[str]:
        sizes = [f"{count} of {w} x {h}" for (w, h), count in self.sizes.most_common(_SIZES_SHOWN)]
        sizes += [f"{len(self.sizes) - len(sizes)} more sizes"] * (len(self.sizes) > len(sizes))
        lines = [f"{self.frames} frames: {', '.join(sizes)}"]
        lines.append(f"{'class':24s}{'pixels':>16s}{'share':>9s}{'frames':>9s}")
        shares = self.pixels / max(self.pixels.sum(), 1)
        rows = zip((*self.class_names, VOID), self.pixels, shares, self.frames_with, strict=True)
        return lines + [f"{name:24s}{n:16,d}{share:9.2%}{frames:9d}" for name, n, share, frames in rows]

    def _problems(self) -> list[str]:
        if not self.problems:
            return ["\nNo problems"]
        lines = []
        for kind, messages in self.problems.items():
            lines.append(f"\n{kind}: {len(messages)}")
            lines += [f"  {message}" for message in messages[:MAX_PROBLEMS]]
            lines += [f"  and {len(messages) - MAX_PROBLEMS} more"] * (len(messages) > MAX_PROBLEMS)
        return lines
