"""Batches of frames, the same on every run with the same seed."""

import math
import operator
from collections.abc import Sequence

import numpy as np

from roadseg.data.augmentation import Augmentation
from roadseg.data.store import FrameStore, plain_positions


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
    ):
        """Reads no image yet.

        Args:
            frames: the store to read from.
            indices: positions in the store; every epoch has each of them once.
            batch_size: frames a batch.
            augmentation: applied to each frame; None leaves the frames as they are.
            seed: of the order of the frames and of their augmentation; from 0.

        Raises:
            ValueError: there is no frame, a position is not in the store, or a number is too small.
        """
        self.frames = frames
        self.indices = np.array(plain_positions(indices, len(frames)), np.int64)
        self.batch_size = operator.index(batch_size)
        self.augmentation = augmentation
        self.seed = operator.index(seed)
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
        augmented = [
            self.augmentation(image, label, np.random.default_rng([self.seed, epoch, index]))
            for image, label, index in zip(images, labels, chosen, strict=True)
        ]
        return tuple(np.stack(part) for part in zip(*augmented, strict=True))

    def _order(self, epoch: int) -> np.ndarray:
        return np.random.default_rng([self.seed, epoch]).permutation(self.indices)
