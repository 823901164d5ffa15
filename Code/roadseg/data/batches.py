"""Batches of frames, the same on every run with the same seed."""

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import cached_property

import keras
import numpy as np

from roadseg.data.augmentation import Augmentation, read_augmented
from roadseg.data.classes import IGNORE
from roadseg.data.store import FrameStore

_AHEAD = 4  # batches for each worker that may wait for the network


class Batches(keras.utils.PyDataset):
    """The batches of a training, epoch by epoch; the last batch of an epoch may be shorter.

    Order and augmentation depend only on the seed, the epoch and the frame, never on what was read
    before: an interrupted training continues with exactly the batches that it would have seen, and any
    number of workers gives the same ones.

    Attributes:
        epoch: whose batches `batches[number]` gives; `fit` counts it up.
        error: the first error of a batch. TensorFlow wraps it in one of its own.
    """

    def __init__(
        self,
        frames: FrameStore,
        indices: Sequence[int],
        batch_size: int,
        augmentation: Augmentation | None = None,
        seed: int = 0,
        pasted: Sequence[int] = (),
        *,
        label_stride: int = 1,
        workers: int = 1,
        epoch: int = 0,
    ):
        """Reads no image yet; raises ValueError where there is no frame.

        Args:
            frames: the store to read from.
            indices: positions in the store; every epoch has each of them once.
            batch_size: frames a batch.
            augmentation: applied to each frame; None leaves the frames as they are.
            seed: of the order of the frames and of their augmentation; from 0.
            pasted: ids of the classes that the augmentation may paste.
            label_stride: above 1, each block of so many pixels has one label, at a random place.
            workers: processes that read and augment; 1: a thread of this process does.
            epoch: the first one.
        """
        super().__init__(workers=workers, max_queue_size=_AHEAD * workers)
        self.frames = frames
        self.indices = np.array(indices, np.int64)
        self.batch_size = batch_size
        self.augmentation = augmentation
        self.seed = seed
        self.pasted = np.array(pasted, np.uint8)
        self.label_stride = label_stride
        self.epoch = epoch
        self.error: Exception | None = None
        self._latest = -1, self.indices  # epoch, and its order
        names = [name.lower() for name in frames.class_names]
        self._sky = names.index("sky") if "sky" in names else None
        if not self.indices.size:
            raise ValueError(f"{frames.path}: no frame to make batches of")

    def __len__(self) -> int:
        """Batches an epoch."""
        return math.ceil(len(self.indices) / self.batch_size)

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Images uint8 (B, H, W, 3) and labels uint8 (B, ceil(H / stride), ceil(W / stride))."""
        try:
            images, labels = self.batch(self.epoch, number)
        except Exception as error:
            self.error = self.error or error
            raise
        return images, self.sampled(labels, number)

    def on_epoch_end(self) -> None:
        """Goes on to the next epoch."""
        self.epoch += 1

    def batch(
        self, epoch: int, number: int, places: Sequence[int] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Images uint8 (B, H, W, 3) and labels uint8 (B, H, W).

        epoch, number: of the batch; both count from 0. places: only the frames at these places in it.
        """
        chosen = self._order(epoch)[number * self.batch_size : (number + 1) * self.batch_size]
        chosen = chosen if places is None else chosen[places]
        if self.augmentation is None:
            return self.frames.read(chosen)
        takes = self.augmentation.takes_from_others
        others = [self._other(epoch, i) for i in chosen] if takes else None
        job = self.frames, self.augmentation, chosen, others, (self.seed, epoch), self.pasted, self._sky
        if self._pool is None:
            return read_augmented(*job)
        return self._pool.submit(read_augmented, *job).result()

    def sampled(self, labels: np.ndarray, number: int) -> np.ndarray:
        """One label of each block of stride x stride pixels, at the same random place in all blocks.

        uint8 (B, H, W) -> (B, ceil(H / stride), ceil(W / stride)); beyond the edge labels are IGNORE.
        """
        stride = self.label_stride
        if stride == 1:
            return labels
        row, column = np.random.default_rng([self.seed, self.epoch, number, 2]).integers(stride, size=2)
        missing = [(0, -length % stride) for length in labels.shape[1:]]
        padded = np.pad(labels, [(0, 0), *missing], constant_values=IGNORE)
        return padded[:, row::stride, column::stride]

    @cached_property
    def _pool(self) -> Executor | None:
        """Processes for augmentation: Keras' own are forked, which TensorFlow and JAX do not survive.

        Keras' threads, as many, wait for them and keep the order.
        """
        from joblib.executor import get_memmapping_executor  # loky's own breaks joblib.Parallel after it

        return None if self.workers == 1 else get_memmapping_executor(self.workers)

    def _other(self, epoch: int, index: int) -> int:
        """A frame of another sequence, or of the same where there is no other."""
        generator = np.random.default_rng([self.seed, epoch, index, 1])
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
        if latest[0] != epoch:
            order = np.random.default_rng([self.seed, epoch]).permutation(self.indices)
            latest = self._latest = epoch, order
        return latest[1]
