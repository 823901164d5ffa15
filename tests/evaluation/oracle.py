"""A network that knows the truth."""

import numpy as np

from roadseg.data.store import FrameStore


class Oracle:
    """Predicts the true labels, except for one class that it mistakes for another."""

    def __init__(self, frames: FrameStore, mistake: tuple[int, int] | None = None):
        """mistake: a true class id, and the one that is predicted instead."""
        self.images, self.labels = frames.read(range(len(frames)))
        self.num_classes = frames.num_classes
        self.input_shape = (None, *frames.image_shape)
        self.output_shape = (None, *frames.image_shape[:2], frames.num_classes)
        self.mistake = mistake

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        labels = np.stack(
            [self.labels[(self.images == image).all(axis=(1, 2, 3))][0] for image in images]
        )
        if self.mistake:
            labels = np.where(labels == self.mistake[0], self.mistake[1], labels)
        return np.eye(self.num_classes)[labels]
