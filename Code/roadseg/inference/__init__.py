"""Trained networks on images, folders and videos of one's own.

Keras is imported when a network is opened, so that `roadseg --help` answers at once.
"""

from roadseg.inference.label_files import Report, predict
from roadseg.inference.labeller import Labeller, open, segment
from roadseg.inference.segmentation import Appearance, Reliability, Segmentation, measure_reliability
from roadseg.inference.video import Preview, write_video

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
