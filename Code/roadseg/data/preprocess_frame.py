"""What preprocessing does to one frame; the part that goes to threads, or to other machines."""

import pickle
from dataclasses import replace
from functools import lru_cache

from roadseg.data.downscale import Downscale
from roadseg.data.sources import Frame, Source
from roadseg.data.store import CompressedFrame
from roadseg.errors import DataError


class Compressor:
    """Decodes, downscales and compresses frames of one data set.

    All copies in another process are one object, which builds the tables of the class maps once.
    """

    def __init__(self, source: Source, downscale: Downscale):
        self.source = source
        self.downscale = downscale

    def __reduce__(self):
        return _compressor, (pickle.dumps((self.source, self.downscale)),)

    def __call__(self, frame: Frame) -> CompressedFrame:
        """Raises DataError for a frame that is not what its format promises, or has another size."""
        image, labels = self.source.read(frame)
        width, height = self.downscale.full_size
        if image.size != (width, height):
            raise DataError(
                f"{frame.image}: {image.width} x {image.height} pixels, but the first frame has "
                f"{width} x {height}; preprocess them apart, "
                "or fit all to one size: sources.open(..., size=(H, W)), or --size"
            )
        return CompressedFrame.of(self.downscale.image(image), self.downscale.labels(labels))


def absolute(frame: Frame) -> Frame:
    """The frame, for a process that works in another folder."""
    return replace(frame, image=frame.image.absolute(), label=frame.label.absolute())


@lru_cache(maxsize=1)
def _compressor(pickled: bytes) -> Compressor:
    return Compressor(*pickle.loads(pickled))
