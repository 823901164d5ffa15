"""Batches of frames, the same on every run with the same seed."""

import math
import operator
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from roadseg.data.augmentation import Augmentation
from roadseg.data.store import FrameStore


class Batches:
    """The batches of every epoch of a training; the last batch of an epoch may be shorter.

    Order and augmentation depend only on the seed, the epoch and the frame, never on what was read
    before: an interrupted training continues with exactly the batches that it would have seen.
    """

    def __init__(
        self,
        frames: FrameStore,
        indices: Sequence[int],
        batch_size: int,
        augmentation: Augmentation | None = None,
        seed: int = 0,
        pasted: Sequence[int] = (),
    ):
        """Reads no image yet.

        Args:
            frames: the store to read from.
            indices: positions in the store; every epoch has each of them once.
            batch_size: frames a batch.
            augmentation: applied to each frame; None leaves the frames as they are.
            seed: of the order of the frames and of their augmentation; from 0.
            pasted: ids of the classes that the augmentation may paste.

        Raises:
            ValueError: there is no frame, a position is not in the store, or a number is too small.
        """
        self.frames = frames
        self.indices = np.array(list(indices), np.int64)
        self.batch_size = operator.index(batch_size)
        self.augmentation = augmentation
        self.seed = operator.index(seed)
        self.pasted = np.array(pasted, np.uint8)
        self._latest: tuple[int, np.ndarray] | None = None  # epoch, and its order
        if not self.indices.size or self.batch_size < 1 or self.seed < 0:
            raise ValueError(
                f"{self.indices.size} frames, batch size {batch_size}, seed {seed}: at least one frame "
                "a batch, and a seed from 0, are expected"
            )

    def __len__(self) -> int:
        """Batches an epoch."""
        return math.ceil(len(self.indices) / self.batch_size)

    def size(self, number: int) -> int:
        """Frames in a batch."""
        return min(self.batch_size, len(self.indices) - number * self.batch_size)

    def batch(
        self, epoch: int, number: int, places: Sequence[int] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Images uint8 (B, H, W, 3) and labels uint8 (B, H, W).

        epoch, number: of the batch; both count from 0. places: only the frames at these places in it.
        """
        chosen = self._order(epoch)[number * self.batch_size : (number + 1) * self.batch_size]
        chosen = chosen if places is None else chosen[places]
        images, labels = self.frames.read(chosen)
        if self.augmentation is None:
            return images, labels
        others = self._others(epoch, chosen)
        augmented = [
            self.augmentation(
                image,
                label,
                np.random.default_rng([self.seed, epoch, index]),
                other,
                self.pasted,
                self._sky,
            )
            for image, label, index, other in zip(images, labels, chosen, others, strict=True)
        ]
        return tuple(np.stack(part) for part in zip(*augmented, strict=True))

    @cached_property
    def _sky(self) -> int | None:
        names = [name.lower() for name in self.frames.class_names]
        return names.index("sky") if "sky" in names else None

    def _others(self, epoch: int, chosen: np.ndarray) -> list[tuple[np.ndarray, np.ndarray] | None]:
        """For each frame, one of another sequence, or of the same where there is no other."""
        if not self.augmentation.takes_from_others:
            return [None] * len(chosen)
        positions = [self._other(np.random.default_rng([self.seed, epoch, i, 1]), i) for i in chosen]
        return list(zip(*self.frames.read(positions), strict=True))

    def _other(self, generator: np.random.Generator, index: int) -> int:
        by_sequence, blocks = self._blocks
        start, count = blocks[self.frames.sequence[index]]
        if count == len(by_sequence):
            return generator.choice(by_sequence)
        place = generator.integers(len(by_sequence) - count)
        return by_sequence[place if place < start else place + count]

    @cached_property
    def _blocks(self) -> tuple[np.ndarray, dict[str, tuple[int, int]]]:
        """Positions sorted by sequence, and where each sequence starts there and how many it has."""
        sequences = np.array(self.frames.sequence)[self.indices]
        names, starts, counts = np.unique(np.sort(sequences), return_index=True, return_counts=True)
        blocks = zip(names.tolist(), zip(starts.tolist(), counts.tolist(), strict=True), strict=True)
        return self.indices[np.argsort(sequences, kind="stable")], dict(blocks)

    def _order(self, epoch: int) -> np.ndarray:
        """Drawn once an epoch: for each batch it would take longer than reading, with many frames."""
        latest = self._latest  # another thread may ask for another epoch meanwhile
        if latest is None or latest[0] != epoch:
            order = np.random.default_rng([self.seed, epoch]).permutation(self.indices)
            latest = self._latest = epoch, order
        return latest[1]
