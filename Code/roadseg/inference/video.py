"""Labels the frames of one video."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image

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
        time, image = timed
        segmentation = results.appearance.chosen(labeller.segment(image))
        return time, results.appearance.video_frame(segmentation), segmentation.pixels()

    with (
        VideoReader(path) as reader,
        VideoWriter(paths["overlay"], settings, reader.rate, reader.time_base) as writer,
        progress_bar(
            max(reader.expected, writer.frames + 1), writer.frames,
            unit="frame", description=path.name, shown=progress,
        ) as bar,
    ):  # fmt: skip
        for time, image, pixels in in_order(label, reader.frames(writer.frames)):
            writer.add(time, image, pixels)
            bar.update()
        writer.finish()
        names, total = labeller.description.class_names, reader.pixels_of_a_frame * writer.frames
        results.write(paths["shares"], results.shares_json(names, writer.pixels, total))
        writer.publish()
