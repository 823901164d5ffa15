"""Figures for notebooks and docs.

Functions return a Matplotlib figure, except `paint` and `error_map`, which return images.
"""

from roadseg.plots.browser import FrameBrowser
from roadseg.plots.checkerboard import checkerboard
from roadseg.plots.comparisons import differences, leakage
from roadseg.plots.diagram import network_diagram
from roadseg.plots.frames import predictions, samples, variations
from roadseg.plots.labelled import confidence, overlays, reliability
from roadseg.plots.lessons import augmentations, decoding_steps
from roadseg.plots.progress import PredictionRecorder, training_progress
from roadseg.plots.scores import (
    class_shares,
    confusion_matrices,
    learning_curves,
    per_class_iou,
    scores,
)
from roadseg.plots.style import error_map, paint

__all__ = [
    "FrameBrowser",
    "PredictionRecorder",
    "augmentations",
    "checkerboard",
    "class_shares",
    "confidence",
    "confusion_matrices",
    "decoding_steps",
    "differences",
    "error_map",
    "leakage",
    "learning_curves",
    "network_diagram",
    "overlays",
    "paint",
    "per_class_iou",
    "predictions",
    "reliability",
    "samples",
    "scores",
    "training_progress",
    "variations",
]
