"""Labels the frames of one video, and makes videos from images."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from roadseg.errors import DataError
from roadseg.inference.images import ImageLike, read_image
from roadseg.inference.labeller import Labeller
from roadseg.inference.pipeline import in_order
from roadseg.inference.results import ResultFolder
from roadseg.inference.video_reader import VideoReader
from roadseg.inference.video_writer import VideoWriter
from roadseg.progress import progress_bar


def label_video(
    labeller: Labeller, path: Path, paths: Mapping[str, Path], results: ResultFolder, progress: bool
) -> None:
    """Writes an MP4 file at the video's own rate, and the share of each class in all frames.

    Args:
        labeller: labels the frames.
        path: of the video.
        paths: of its "overlay" and its "shares".
        results: writes them and says what they look like.
        progress: shows a progress bar.

    Raises:
        DataError: the video cannot be read to its end.
        OutputError: a result cannot be written.
    """
    status = path.stat() if path.exists() else None
    settings = {
        **labeller.settings,
        **asdict(results.appearance),
        "video": [status.st_size, status.st_mtime_ns] if status else None,
    }

    def label(timed: tuple[int, Image.Image]) -> tuple[int, Image.Image, np.ndarray]:
        when, image = timed
        segmentation = results.appearance.chosen(labeller.segment(image))
        return when, results.appearance.video_frame(segmentation), segmentation.pixels()

    with (
        VideoReader(path) as reader,
        VideoWriter(paths["overlay"], settings, reader.rate, reader.time_base) as writer,
        progress_bar(
            max(reader.expected, writer.frames + 1), writer.frames,
            unit="frame", description=path.name, shown=progress,
        ) as bar,
    ):  # fmt: skip
        for when, image, pixels in in_order(label, reader.frames(writer.frames)):
            writer.add(when, image, pixels)
            bar.update()
        writer.finish()
        names, total = labeller.description.class_names, reader.pixels_of_a_frame * writer.frames
        results.write(paths["shares"], results.shares_json(names, writer.pixels, total))
        writer.publish()


def write_video(path: str | Path, images: Iterable[ImageLike], rate: int = 10) -> None:
    """Writes images of one size as an MP4 file, which replaces an earlier one.

    Args:
        path: of the file; its folder is made where it is missing.
        images: the frames; see `images.read_image`.
        rate: frames a second.

    Raises:
        DataError: an image cannot be read, has another size than the first, or there is none.
        OutputError: the file cannot be written.
    """
    path = Path(path)
    begun = {"begun": time.time_ns()}  # what a stopped call left may be of other images
    with VideoWriter(path, begun, Fraction(rate), Fraction(1, rate)) as writer:
        size = None
        for number, image in enumerate(map(read_image, images)):
            size = size or image.size
            if image.size != size:
                raise DataError(
                    f"{path}: image {number} has {image.width} x {image.height} pixels, those before "
                    f"{size[0]} x {size[1]}; give images of one size"
                )
            writer.add(number, image, np.zeros(1, np.int64))
        writer.finish()
        if not writer.frames:
            raise DataError(f"{path}: no image; give at least one")
        writer.publish()
