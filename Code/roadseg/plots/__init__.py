"""Every figure that notebooks and docs show."""

from roadseg.plots.diagram import network_diagram
from roadseg.plots.figures import (
    class_shares,
    confusion,
    history,
    paint,
    per_class_iou,
    predictions,
    samples,
    scores,
    variations,
)

__all__ = [
    "class_shares",
    "confusion",
    "history",
    "network_diagram",
    "paint",
    "per_class_iou",
    "predictions",
    "samples",
    "scores",
    "variations",
]
