"""Records what a network predicts for one frame while it trains, and shows it beside its curves."""

from collections.abc import Mapping
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from roadseg.data.store import FrameStore
from roadseg.evaluation import predict
from roadseg.files import atomic_write
from roadseg.plots.frames import Panel, frame_mean_iou, show_panel
from roadseg.plots.scores import HasHistory, draw_curve
from roadseg.plots.style import COLOURS, SMALL, WIDTH, class_patches, frame_name, paint
from roadseg.training.optimizers import averaged_weights


class PredictionRecorder(keras.callbacks.Callback):
    """Saves what a network predicts for one frame after the first epoch and some later ones.

    The predictions are small images in the run's folder, so a finished run still has them.

    Args:
        network: that is trained.
        frames: an opened store.
        index: position of the frame in the store.
        folder: of the run; the images go into its folder `progress`.
        epochs: how many epochs the training has.
        count: about how many predictions to keep, evenly spread; the first and the last epoch's are
            among them.
    """

    def __init__(
        self,
        network: keras.Model,
        frames: FrameStore,
        index: int,
        folder: str | Path,
        epochs: int,
        count: int = 6,
    ):
        super().__init__()
        self.network = network
        self.frames = frames
        self.index = index
        self.folder = Path(folder) / "progress"
        self.epochs = {1, *(max(1, round(epochs * part / (count - 1))) for part in range(1, count))}

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
    run: HasHistory, predicted: Mapping[int, np.ndarray], frames: FrameStore, index: int
) -> Figure:
    """Learning curves beside the predictions for one frame after some epochs.

    Args:
        run: the training.
        predicted: epoch -> predicted class ids (H, W), as from PredictionRecorder.predictions.
        frames: an opened store.
        index: position of the frame in the store.

    Returns:
        A figure; the frame and its ground truth are the first two images.
    """
    _, labels = frames.read([index])
    panels = _panels(predicted, frames, index)
    height, width = labels[0].shape
    columns = 2 if width > 2 * height else 3
    rows = -(-len(panels) // columns)
    row_height = 0.68 * WIDTH / columns * height / width + 0.26
    figure = plt.figure(figsize=(WIDTH, max(rows * row_height + 0.5, 4)), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(0.32, 0.68))
    _draw_curves(left, run, list(predicted))
    grid = list(right.subplots(rows, columns, squeeze=False).flat)
    for axes in grid:
        axes.set_axis_off()
    for axes, panel in zip(grid, panels, strict=False):
        axes.set_axis_on()
        show_panel(axes, panel)
    right.legend(
        handles=class_patches(frames, [labels, *predicted.values()]), loc="outside lower center",
        ncols=5, frameon=False, fontsize=SMALL, handlelength=1.2, columnspacing=1.2,
    )  # fmt: skip
    return figure


def _panels(predicted: Mapping[int, np.ndarray], frames: FrameStore, index: int) -> list[Panel]:
    images, labels = frames.read([index])
    panels = [Panel(frame_name(frames, index), images[0])]
    panels.append(Panel("ground truth", paint(labels[0], frames.palette)))
    for epoch, ids in predicted.items():
        score = frame_mean_iou(labels[0], ids, frames.num_classes)
        panels.append(Panel(f"epoch {epoch}: mean IoU {score:.2f}", paint(ids, frames.palette)))
    return panels


def _draw_curves(part, run: HasHistory, epochs: list[int]) -> None:
    """Loss above mean IoU; dotted lines mark the epochs whose predictions are shown."""
    loss, mean_iou = part.subplots(2, 1, sharex=True)
    for axes, column, title in ((loss, "loss", "loss (training)"), (mean_iou, "mean_iou", "mean IoU")):
        draw_curve(axes, run, column, "this network", COLOURS[0])
        axes.set_title(title)
        for epoch in epochs:
            axes.axvline(epoch, color="grey", linestyle=":", linewidth=1)
    mean_iou.set(xlabel="epoch; dashed: training frames", ylim=(0, 1))
