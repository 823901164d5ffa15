"""A browser of frames that shows what networks predict, where they err and how sure they are."""

import functools
import io
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import ipywidgets
import keras
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from roadseg.data.store import FrameStore
from roadseg.plots.frames import Panel, frame_mean_iou, image_grid
from roadseg.plots.style import RIGHT, class_patches, confidence_map, error_map, frame_name, paint, patch

_VIEWS = ("prediction", "errors", "confidence")
_WIDTH = 880  # pixels of the shown image
_CACHED = 64  # predictions
_SWATCH = '<span style="background: rgb({0}, {1}, {2}); padding: 0 0.6em; margin: 0 0.3em 0 1em"></span>'


class Prediction(NamedTuple):
    image: np.ndarray  # uint8 (H, W, 3)
    labels: np.ndarray  # uint8 (H, W)
    predicted: np.ndarray  # uint8 (H, W)
    confidence: np.ndarray  # float (H, W): the probability of the predicted class


class FrameBrowser:
    """Widgets that choose a frame, a network and a view of its prediction.

    The views are the prediction, laid over the image with a chosen opacity; the errors, as in
    `error_map`; and the confidence, which is the probability of the winning class: dark where the
    network is unsure, yellow where it is sure. Where widgets do not run, as on GitHub, `still` shows all
    three for one frame.

    Args:
        networks: name -> network for images of the frames' size.
        frames: an opened store.
        indices: positions in the store of the frames to browse.
    """

    def __init__(self, networks: Mapping[str, keras.Model], frames: FrameStore, indices: Sequence[int]):
        self._networks = networks
        self._frames = frames
        self._indices = list(indices)
        self._predict = functools.lru_cache(_CACHED)(self._predict_uncached)
        last = len(self._indices) - 1
        self.frame = ipywidgets.IntSlider(description="frame", max=last, continuous_update=False)
        self.network = ipywidgets.Dropdown(description="network", options=list(networks))
        self.view = ipywidgets.ToggleButtons(options=_VIEWS)
        self.opacity = ipywidgets.FloatSlider(0.6, description="opacity", max=1, step=0.05)
        self.caption, self.image = ipywidgets.HTML(), ipywidgets.Image(format="png", width=_WIDTH)
        controls = self.frame, self.network, self.view, self.opacity
        for control in controls:
            control.observe(self._update, "value")
        rows = ipywidgets.HBox(controls[:2]), ipywidgets.HBox(controls[2:])
        legend = ipywidgets.HTML(self._legend())
        self.widget = ipywidgets.VBox([*rows, self.caption, self.image, legend])
        self._update()

    def _repr_mimebundle_(self, **options: object) -> dict[str, object]:
        words = "A browser of frames, which needs a running notebook."
        return self.widget._repr_mimebundle_(**options) | {"text/plain": words}

    def still(self, position: int = 0) -> Figure:
        """Image and ground truth of the frame at this position of the slider, and below them all views
        of each network's prediction."""
        index = self._indices[position]
        image, labels, _, _ = self._predict(next(iter(self._networks)), index)
        truth = paint(labels, self._frames.palette)
        rows = [[Panel(frame_name(self._frames, index), image), Panel("ground truth", truth)]]
        shown = [labels]
        for name in self._networks:
            titles = f"{name}: {self._score(name, index)}", f"{name}: errors", f"{name}: confidence"
            views = (self._view(name, index, view) for view in _VIEWS)
            rows.append([Panel(*each) for each in zip(titles, views, strict=True)])
            shown.append(self._predict(name, index).predicted)
        return image_grid(rows, [*class_patches(self._frames, shown), patch("right", RIGHT)])

    def _predict_uncached(self, name: str, index: int) -> Prediction:
        images, labels = self._frames.read([index])
        logits = self._networks[name].predict_on_batch(images)[0]
        probabilities = np.asarray(keras.ops.softmax(logits))
        predicted = probabilities.argmax(axis=-1).astype(np.uint8)
        return Prediction(images[0], labels[0], predicted, probabilities.max(axis=-1))

    def _view(self, name: str, index: int, view: str) -> np.ndarray:
        """uint8 (H, W, 3)."""
        image, labels, predicted, confidence = self._predict(name, index)
        if view == "errors":
            return error_map(labels, predicted, self._frames.palette)
        if view == "confidence":
            return confidence_map(confidence)
        opacity = self.opacity.value
        painted = paint(predicted, self._frames.palette)
        return (opacity * painted + (1 - opacity) * image).round().astype(np.uint8)

    def _score(self, name: str, index: int) -> str:
        _, labels, predicted, _ = self._predict(name, index)
        return f"mean IoU {frame_mean_iou(labels, predicted, self._frames.num_classes):.2f}"

    def _update(self, _: object = None) -> None:
        """Shows what the widgets choose."""
        name, index = self.network.value, self._indices[self.frame.value]
        image = Image.fromarray(self._view(name, index, self.view.value))
        factor = max(1, round(_WIDTH / image.width))
        data = io.BytesIO()
        image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST).save(
            data, "PNG"
        )
        self.image.value = data.getvalue()
        self.caption.value = f"<b>{frame_name(self._frames, index)}</b>: {self._score(name, index)}"
        self.opacity.disabled = self.view.value != "prediction"

    def _legend(self) -> str:
        entries = dict(zip(self._frames.class_names, self._frames.palette.tolist(), strict=True))
        entries |= {"right": RIGHT, "void": (0, 0, 0)}
        return " ".join(_SWATCH.format(*colour) + name for name, colour in entries.items())
