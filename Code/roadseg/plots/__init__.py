"""Figures for notebooks and docs.

Functions return a Matplotlib figure, except `paint` and `error_map`, which return images.
"""

from roadseg.plots.browser import FrameBrowser
from roadseg.plots.checkerboard import checkerboard
from roadseg.plots.data import augmentations, class_shares, decoding_steps, samples, variations
from roadseg.plots.diagram import network_diagram, receptive_fields
from roadseg.plots.predictions import confidence, overlays, predictions, reliability
from roadseg.plots.scores import confusion_matrices, differences, leakage, per_class_iou, scores
from roadseg.plots.style import error_map, paint
from roadseg.plots.training import PredictionRecorder, learning_curves, training_progress

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
    "receptive_fields",
    "reliability",
    "samples",
    "scores",
    "training_progress",
    "variations",
]
