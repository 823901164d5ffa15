"""What a person sees of a figure."""

from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure

from roadseg.data.store import FrameStore

_KEPT = "num_classes", "class_names", "palette", "sequence", "index"


def words(figure: Figure) -> set[str]:
    """Every text that the figure shows."""
    figure.canvas.draw()
    found = figure.findobj(lambda artist: hasattr(artist, "get_text"))
    return {text.get_text() for text in found if text.get_visible()}


def pixels_wide(figure: Figure) -> float:
    """As a notebook shows it: with a margin of 0.1 inches around all that is drawn."""
    figure.canvas.draw()
    return figure.get_tightbbox().padded(0.1).width * figure.dpi


def images(figure: Figure) -> list[np.ndarray]:
    """The image of each panel that has one."""
    return [np.asarray(each.get_images()[0].get_array()) for each in figure.axes if each.get_images()]


def sized(frames: FrameStore, width: int) -> SimpleNamespace:
    """A store of black frames of this width, 21 pixels high, whose pixels are all of class 0."""
    image, labels = np.zeros((21, width, 3), np.uint8), np.zeros((21, width), np.uint8)
    return SimpleNamespace(
        **{name: getattr(frames, name) for name in _KEPT},
        image_shape=image.shape,
        read=lambda indices: (np.stack([image] * len(indices)), np.stack([labels] * len(indices))),
    )


def run_of(epochs: int) -> SimpleNamespace:
    """A training of so many epochs, of which every second one was validated."""
    curve = np.linspace(0.2, 0.9, epochs)
    validated = [value if i % 2 else np.nan for i, value in enumerate(curve)]
    history = {"epoch": list(range(1, epochs + 1)), "seconds": [30.0] * epochs}
    history |= {"loss": list(1 - curve), "accuracy": list(curve), "mean_iou": list(curve / 2)}
    history |= {"validation_accuracy": validated, "validation_mean_iou": validated}
    return SimpleNamespace(history=history)
