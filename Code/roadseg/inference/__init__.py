"""Trained networks on images, folders and videos of one's own.

Keras is imported when a network is opened, so that `roadseg --help` answers at once.
"""

from roadseg.inference.images import read_image
from roadseg.inference.labeller import Labeller, open, segment
from roadseg.inference.segmentation import Segmentation

__all__ = ["Labeller", "Segmentation", "open", "read_image", "segment"]
