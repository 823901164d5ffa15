"""Batches for `network.fit`, epoch by epoch."""

from dataclasses import dataclass

import keras
import numpy as np

from roadseg.data.batches import Batches
from roadseg.data.classes import IGNORE
from roadseg.errors import DataError
from roadseg.training.fitted import at_random_place


@dataclass(frozen=True)
class Share:
    """The part of every batch that one process reads; by default all of it.

    Every device gets the same number of frames. A short batch is filled with further copies of its
    frames, whose pixels are all ignored: they change neither loss nor scores, and the statistics of a
    batch normalisation less than other images would.

    Attributes:
        process: which one, from 0.
        processes: how many there are.
        devices: of all processes together.
    """

    process: int = 0
    processes: int = 1
    devices: int = 1

    def of(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """int (B'): places in a batch of so many frames; and bool (B'): which of them only fill it."""
        total = -(-count // self.devices) * self.devices
        own = np.array_split(np.arange(total), self.processes)[self.process]
        return own % count, own >= count


class Feed(keras.utils.PyDataset):
    """Images uint8 (B, H, W, 3) and labels uint8 (B, h, w), from the epoch where a training starts.

    With a label stride above 1, each block of pixels has one label, at a random place that depends on
    the seed, the epoch and the number of the batch alone.

    Raises DataError for labels beyond the classes, and for frames that cannot be read. TensorFlow wraps
    the errors of a feed in one of its own; `error` is the first of them as it was.
    """

    def __init__(
        self,
        batches: Batches,
        first_epoch: int = 0,
        label_stride: int = 1,
        share: Share = Share(),
    ):
        super().__init__(workers=1)  # h5py reads one frame at a time, whatever the threads
        self.batches = batches
        self.share = share
        self.epoch = first_epoch
        self.label_stride = label_stride
        self.error: Exception | None = None

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        try:
            places, is_filling = self.share.of(self.batches.size(number))
            images, labels = self.batches.batch(self.epoch, number, places)
            self._check(labels)
            labels[is_filling] = IGNORE
        except Exception as error:
            self.error = self.error or error
            raise
        generator = np.random.default_rng([self.batches.seed, self.epoch, number, 2])
        return images, at_random_place(labels, self.label_stride, generator)

    def _check(self, labels: np.ndarray) -> None:
        frames = self.batches.frames
        counts = np.bincount(labels.ravel(), minlength=IGNORE + 1)
        if counts[frames.num_classes : IGNORE].any():
            raise DataError(
                f"{frames.path}: labels beyond its {frames.num_classes} classes; preprocess again"
            )

    def on_epoch_end(self) -> None:
        self.epoch += 1
