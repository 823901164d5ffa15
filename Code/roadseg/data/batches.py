"""Batches of frames for Keras, the same on every run with the same seed."""

import math
from collections.abc import Sequence

import keras
import numpy as np

from roadseg.data.augmentation import Augmentation
from roadseg.data.store import FrameStore


class Batches(keras.utils.PyDataset):
    """(images uint8 (B, H, W, 3), labels uint8 (B, H, W)); the last, shorter batch is kept.

    Every epoch has an order and changes of its own, which depend only on the seed, the epoch and the
    frame: an interrupted training continues with exactly the batches it would have seen.
    """

    def __init__(
        self,
        frames: FrameStore,
        indices: Sequence[int],
        batch_size: int,
        augmentation: Augmentation | None = None,
        seed: int = 0,
    ):
        super().__init__(workers=1)  # h5py reads one frame at a time, whatever the threads
        self.frames = frames
        self.indices = np.asarray(indices)
        self.batch_size = batch_size
        self.augmentation = augmentation
        self.seed = seed
        self.epoch = 0

    def __len__(self) -> int:
        return math.ceil(len(self.indices) / self.batch_size)

    def __getitem__(self, batch: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self._order()[batch * self.batch_size : (batch + 1) * self.batch_size]
        images, labels = self.frames.read(chosen)
        if self.augmentation is None:
            return images, labels
        changed = [
            self.augmentation(image, label, np.random.default_rng([self.seed, self.epoch, index]))
            for image, label, index in zip(images, labels, chosen, strict=True)
        ]
        return tuple(np.stack(part) for part in zip(*changed, strict=True))

    def on_epoch_end(self) -> None:
        self.epoch += 1

    def _order(self) -> np.ndarray:
        return np.random.default_rng([self.seed, self.epoch]).permutation(self.indices)
