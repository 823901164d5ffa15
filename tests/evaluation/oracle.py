"""A network that knows the truth."""

from collections.abc import Mapping, Sequence

import numpy as np

from roadseg.data.store import FrameStore


class Oracle:
    """Predicts the true classes, under other names where it is told to."""

    def __init__(
        self,
        frames: FrameStore,
        renamed: Mapping[str, str] | None = None,
        class_names: Sequence[str] | None = None,
    ):
        """renamed: true class -> the one that is predicted. class_names: of another data set."""
        self.images, self.labels = frames.read(range(len(frames)))
        class_names, renamed = class_names or frames.class_names, renamed or {}
        self.input_shape = (None, *frames.image_shape)
        self.output_shape = (None, *frames.image_shape[:2], len(class_names))
        said = [class_names.index(renamed.get(name, name)) for name in frames.class_names]
        self.said = np.pad(said, (0, 256 - len(said)))  # void pixels get class 0

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        places = [np.flatnonzero((self.images == image).all(axis=(1, 2, 3)))[0] for image in images]
        return np.eye(self.output_shape[-1])[self.said[self.labels[places]]]
