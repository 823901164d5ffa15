"""Batches for `network.fit`, epoch by epoch."""

import keras
import numpy as np

from roadseg.data.batches import Batches


class Feed(keras.utils.PyDataset):
    """Images uint8 (B, H, W, 3) and labels uint8 (B, H, W), from the epoch where a training starts."""

    def __init__(self, batches: Batches, first_epoch: int = 0):
        super().__init__(workers=1)  # h5py reads one frame at a time, whatever the threads
        self.batches = batches
        self.epoch = first_epoch

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        return self.batches.batch(self.epoch, number)

    def on_epoch_end(self) -> None:
        self.epoch += 1
