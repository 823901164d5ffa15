"""Trained networks on images, folders and videos of one's own.

Keras is imported when a network is opened, so that `roadseg --help` answers at once.
"""

from roadseg.inference.labeller import Labeller, open, segment
from roadseg.inference.predicting import Report, predict
from roadseg.inference.results import Appearance
from roadseg.inference.segmentation import Segmentation

__all__ = [
    "Appearance",
    "Labeller",
    "Report",
    "Segmentation",
    "open",
    "predict",
    "segment",
]
