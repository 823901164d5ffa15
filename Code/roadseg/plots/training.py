"""Figures of trainings: learning curves, and what a network predicts while it trains."""

from collections.abc import Mapping
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from roadseg.data.store import FrameStore
from roadseg.evaluation import predict
from roadseg.evaluation.metrics import frame_mean_iou
from roadseg.files import atomic_write
from roadseg.plots import style
from roadseg.plots.style import COLOURS, WIDTH, Panel, paint
from roadseg.training import Run
from roadseg.training.optimizers import averaged_weights

_CURVES = {"loss": "loss (training)", "accuracy": "pixel accuracy", "mean_iou": "mean IoU"}


def learning_curves(runs: Mapping[str, Run], against: str = "epoch") -> Figure:
    """Loss, pixel accuracy and mean IoU during trainings: solid validation, dashed training.

    runs: name -> training, of which only the history is drawn. against: "epoch", or "minutes" to compare
    trainings whose epochs differ in length. Raises ValueError without a run or a finished epoch.
    """
    if not runs:
        raise ValueError("learning_curves: no run is given")
    for name, run in runs.items():
        if not run.history:
            raise ValueError(f"learning_curves: {name} has no finished epoch; train it first")
    figure, panels = plt.subplots(1, 3, figsize=(WIDTH, 3.2), layout="constrained")
    for axes, (column, title) in zip(panels, _CURVES.items(), strict=True):
        for order, (name, run) in enumerate(runs.items()):
            _draw_curve(axes, run, column, name, COLOURS[order % len(COLOURS)], against)
        axes.set(title=title, xlabel=against)
        if column != "loss":
            axes.set_ylim(0, 1)
    handles, labels = panels[1].get_legend_handles_labels()
    width = 0.6 + 0.085 * max(map(len, labels))  # inches
    columns = 4 if 4 * width <= WIDTH else 2 if 2 * width <= WIDTH else 1
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False)
    return figure


def _draw_curve(axes: Axes, run: Run, column: str, name: str, colour: str, against: str) -> None:
    """One metric of one training; it has points where few epochs were validated."""
    minutes = np.cumsum(run.history["seconds"]) / 60
    x = minutes if against == "minutes" else np.array(run.history["epoch"])
    axes.plot(x, run.history[column], "--", color=colour, label=f"{name}, training")
    validated = np.array(run.history.get(f"validation_{column}", []))
    there = ~np.isnan(validated)
    if there.any():
        points = {"marker": "o" if there.sum() < 30 else None, "markersize": 4}
        axes.plot(x[there], validated[there], color=colour, label=f"{name}, validation", **points)
    axes.grid(alpha=0.3)
    axes.xaxis.get_major_locator().set_params(integer=against == "epoch")


class PredictionRecorder(keras.callbacks.Callback):
    """Saves what a network predicts for one frame after the first epoch and some later ones.

    The predictions are small images in the run's folder, so a finished run still has them.

    Args:
        network: that is trained.
        frames: an opened store.
        index: position of the frame in the store.
        folder: of the run; the images go into its folder `progress`.
        epochs: how many epochs the training has; up to six predictions are kept, evenly spread, the
            first and the last epoch's among them.
    """

    def __init__(
        self, network: keras.Model, frames: FrameStore, index: int, folder: str | Path, epochs: int
    ):
        super().__init__()
        self.network = network
        self.frames = frames
        self.index = index
        self.folder = Path(folder) / "progress"
        self.epochs = {max(1, round(epochs * fifth / 5)) for fifth in range(6)}

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 not in self.epochs:
            return
        with averaged_weights(self.model):
            ((_, _, predicted),) = predict(self.network, self.frames, [self.index])
        image = Image.fromarray(predicted[0]).convert("P")
        image.putpalette(self.frames.palette.tobytes())
        self.folder.mkdir(parents=True, exist_ok=True)
        atomic_write(self.folder / f"{epoch + 1:04d}.png", lambda part: image.save(part, "PNG"))

    def predictions(self) -> dict[int, np.ndarray]:
        """Epoch -> predicted class ids uint8 (H, W), as far as they are recorded."""
        return {int(path.stem): np.array(Image.open(path)) for path in sorted(self.folder.glob("*.png"))}


def training_progress(
    run: Run, predicted: Mapping[int, np.ndarray], frames: FrameStore, index: int
) -> Figure:
    """Loss above mean IoU, beside the predictions for one frame after some epochs (dotted lines).

    The frame and its ground truth are the first two images.

    Args:
        run: the training.
        predicted: epoch -> predicted class ids (H, W), as from PredictionRecorder.predictions.
        frames: an opened store.
        index: position of the frame in the store.
    """
    _, labels = frames.read([index])
    panels = style.frame_panels(frames, index)
    for epoch, ids in predicted.items():
        score = frame_mean_iou(labels[0], ids, frames.num_classes)
        panels.append(Panel(f"epoch {epoch}: mean IoU {score:.2f}", paint(ids, frames.palette)))
    height, width = labels[0].shape
    columns = 2 if width > 2 * height else 3
    rows = -(-len(panels) // columns)
    row_height = 0.68 * WIDTH / columns * height / width + 0.26
    figure = plt.figure(figsize=(WIDTH, max(rows * row_height + 0.5, 4)), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(0.32, 0.68))
    curves = left.subplots(2, 1, sharex=True)
    for axes, column in zip(curves, ("loss", "mean_iou"), strict=True):
        _draw_curve(axes, run, column, "this network", COLOURS[0], "epoch")
        axes.set_title(_CURVES[column])
        for epoch in predicted:
            axes.axvline(epoch, color="grey", linestyle=":", linewidth=1)
    curves[1].set(xlabel="epoch; dashed: training frames", ylim=(0, 1))
    grid = right.subplots(rows, columns, squeeze=False).ravel()
    for axes, panel in zip(grid, panels, strict=False):
        style.show_panel(axes, panel)
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    handles = style.class_patches(frames, [labels, *predicted.values()])
    right.legend(
        handles=handles, loc="outside lower center", ncols=5, frameon=False, fontsize=style.SMALL,
        handlelength=1.2, columnspacing=1.2,
    )  # fmt: skip
    return figure
