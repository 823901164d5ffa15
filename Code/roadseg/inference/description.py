"""What a trained network must come with to be used alone; imports no Keras."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Description:
    """What its user must know of a trained network, wherever it is kept.

    Attributes:
        name: of the network, for instance "simple_plus".
        class_names: in the order of the network's channels.
        palette: (R, G, B) of each class.
        image_shape: (H, W, 3) of the images that it was trained on.
        scale: how much smaller those are than the data set's own images.
        trained_on: the frames, in words.
    """

    name: str
    class_names: tuple[str, ...]
    palette: tuple[tuple[int, int, int], ...]
    image_shape: tuple[int, int, int]
    scale: float
    trained_on: str

    def __str__(self) -> str:
        height, width, _ = self.image_shape
        return f"{self.name}, {len(self.class_names)} classes, {self.trained_on} of {width} x {height}"
