"""A browser of frames that shows what networks predict, where they err and how sure they are."""

import functools
import io
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import keras
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from roadseg.data.store import FrameStore
from roadseg.evaluation.metrics import frame_mean_iou
from roadseg.plots import style
from roadseg.plots.style import Panel, error_map, frame_name, frame_panels, paint

_VIEWS = ("prediction", "errors", "confidence", "truth")
_WIDTH = 880  # pixels of the shown image
_CACHED = 64  # predictions
_SWATCH = (  # colour and name stay together where the legend wraps
    '<span style="display: inline-block; margin-right: 1em">'
    '<span style="background: rgb({0}, {1}, {2}); padding: 0 0.6em; margin-right: 0.3em"></span>'
    "{name}</span>"
)
_COLOUR_BAR = (
    'confidence: 0 <span style="background: linear-gradient(to right, {}); padding: 0 8em"></span> 1'
)


class Prediction(NamedTuple):
    image: np.ndarray  # uint8 (H, W, 3)
    labels: np.ndarray  # uint8 (H, W)
    predicted: np.ndarray  # uint8 (H, W)
    confidence: np.ndarray  # float (H, W): the probability of the predicted class
    score: str


class FrameBrowser:
    """Widgets that choose a frame, a network and a view of its prediction.

    The views are the prediction or the truth, laid over the image with a chosen opacity; the errors, as
    in `error_map`; and the confidence, which is the probability of the winning class: dark where the
    network is unsure, yellow where it is sure. Where widgets do not run, as on GitHub, `still` shows all
    of them for one frame.

    networks: name -> network for images of the frames' size. indices: positions in the store of the
    frames to browse.
    """

    def __init__(self, networks: Mapping[str, keras.Model], frames: FrameStore, indices: Sequence[int]):
        import ipywidgets  # of the extra notebook

        self._networks = networks
        self._frames = frames
        self._indices = list(indices)
        self._predict = functools.lru_cache(_CACHED)(self._predict)
        last = len(self._indices) - 1
        self.frame = ipywidgets.IntSlider(description="frame", max=last, continuous_update=False)
        self.network = ipywidgets.Dropdown(description="network", options=list(networks))
        self.view = ipywidgets.ToggleButtons(options=_VIEWS)
        self.opacity = ipywidgets.FloatSlider(0.6, description="opacity", max=1, step=0.05)
        self.caption, self.image = ipywidgets.HTML(), ipywidgets.Image(format="png", width=_WIDTH)
        controls = self.frame, self.network, self.view, self.opacity
        for control in controls:
            control.observe(self._update, "value")
        colours = dict(zip(frames.class_names, frames.palette.tolist(), strict=True))
        colours |= {"right": style.RIGHT, "void": (0, 0, 0)}
        self._classes = " ".join(_SWATCH.format(*colour, name=name) for name, colour in colours.items())
        heats = style.heat_map(np.linspace(0, 1, 9)[None])[0].tolist()
        self._bar = _COLOUR_BAR.format(", ".join("rgb({}, {}, {})".format(*heat) for heat in heats))
        self.legend = ipywidgets.HTML()
        rows = ipywidgets.HBox(controls[:2]), ipywidgets.HBox(controls[2:])
        self.widget = ipywidgets.VBox([*rows, self.caption, self.image, self.legend])
        self._update()

    def _repr_mimebundle_(self, **options: object) -> dict[str, object]:
        words = "A browser of frames, which needs a running notebook."
        return self.widget._repr_mimebundle_(**options) | {"text/plain": words}

    def still(self, position: int = 0) -> Figure:
        """Image and ground truth of the frame at this position of the slider, and below them all views
        of each network's prediction."""
        index = self._indices[position]
        rows, shown = [frame_panels(self._frames, index)], []
        for name in self._networks:
            each = self._predict(name, index)
            titles = zip((each.score, "errors", "confidence"), _VIEWS[:3], strict=True)
            rows.append([Panel(f"{name}: {title}", self._paint(each, view)) for title, view in titles])
            shown += each.labels, each.predicted
        return style.image_grid(rows, style.class_patches(self._frames, shown, errors=True))

    def _predict(self, name: str, index: int) -> Prediction:
        images, labels = self._frames.read([index])
        logits = self._networks[name].predict_on_batch(images)[0]
        probabilities = np.asarray(keras.ops.softmax(logits))
        predicted = probabilities.argmax(axis=-1).astype(np.uint8)
        score = frame_mean_iou(labels[0], predicted, self._frames.num_classes)
        confidence = probabilities.max(axis=-1)
        return Prediction(images[0], labels[0], predicted, confidence, f"mean IoU {score:.2f}")

    def _paint(self, prediction: Prediction, view: str) -> np.ndarray:
        """uint8 (H, W, 3)."""
        if view == "errors":
            return error_map(prediction.labels, prediction.predicted, self._frames.palette)
        if view == "confidence":
            return style.heat_map(prediction.confidence)
        opacity = self.opacity.value
        ids = prediction.labels if view == "truth" else prediction.predicted
        painted = paint(ids, self._frames.palette)
        return (opacity * painted + (1 - opacity) * prediction.image).round().astype(np.uint8)

    def _update(self, _: object = None) -> None:
        """Shows what the widgets choose."""
        index = self._indices[self.frame.value]
        prediction = self._predict(self.network.value, index)
        image = Image.fromarray(self._paint(prediction, self.view.value))
        factor, data = max(1, round(_WIDTH / image.width)), io.BytesIO()
        size = image.width * factor, image.height * factor
        image.resize(size, Image.Resampling.NEAREST).save(data, "PNG")
        self.image.value = data.getvalue()
        self.caption.value = f"<b>{frame_name(self._frames, index)}</b>: {prediction.score}"
        self.opacity.disabled = self.view.value in ("errors", "confidence")
        self.legend.value = self._bar if self.view.value == "confidence" else self._classes
