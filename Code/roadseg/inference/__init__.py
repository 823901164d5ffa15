"""Trained networks on images, folders and videos of one's own.

Keras is imported when a network is opened, so that `roadseg --help` answers at once.
"""

from roadseg.inference.labeller import Labeller, open, segment
from roadseg.inference.predicting import Report, predict
from roadseg.inference.preview import Preview
from roadseg.inference.reliability import Reliability, measure_reliability
from roadseg.inference.results import Appearance
from roadseg.inference.segmentation import Segmentation
from roadseg.inference.video import write_video

__all__ = [
    "Appearance",
    "Labeller",
    "Preview",
    "Reliability",
    "Report",
    "Segmentation",
    "measure_reliability",
    "open",
    "predict",
    "segment",
    "write_video",
]
