"""Frames of a video, upright and with their times."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image

from roadseg.errors import DataError

_USUAL_RATE = Fraction(25)  # where a file does not tell
_MISSING = (
    0.05  # share of the declared frames that a file may lack: some count frames that are never shown
)
_REPAIR = "copy it again from where it came from, or repair it with `ffmpeg -i {} -c copy repaired.mp4`"


class VideoReader:
    """The first video stream of a file; sound is not read.

    Attributes:
        rate: frames a second, on average.
        time_base: the unit of the frames' times, in seconds.
        pixels_of_a_frame: width times height.
        expected: how many frames there should be; 0 when the file does not tell.
    """

    def __init__(self, path: Path):
        self._path = path
        self._container = self._open()
        streams = self._container.streams.video
        if not streams:
            raise self._error("holds no video; give a file that does")
        self._stream = streams[0]
        self._stream.thread_type = "AUTO"
        self.rate = self._stream.average_rate or self._stream.guessed_rate or _USUAL_RATE
        self.time_base = self._stream.time_base
        self.pixels_of_a_frame = self._stream.width * self._stream.height
        self.expected = self._stream.frames or self._estimate()

    def _open(self):
        try:
            if self._path.is_file() and self._path.stat().st_size == 0:
                raise self._error("empty; copy it again from where it came from")
            return av.open(str(self._path))
        except FileNotFoundError:
            raise self._error("no such file; check the path")
        except PermissionError:
            raise self._error("no permission to read it; change that with chmod u+r")
        except (av.FFmpegError, OSError) as error:
            raise self._damaged(f"cannot be opened as a video ({error.strerror})")

    def _estimate(self) -> int:
        """From the duration, if that is not perhaps the duration of the sound."""
        if len(self._container.streams) > 1 or not self._container.duration:
            return 0
        return int(Fraction(self._container.duration, av.time_base) * self.rate)

    def frames(self, first: int) -> Iterator[tuple[int, Image.Image]]:
        """Time and image of each frame from the frame number `first` on.

        Times count in `time_base` from 0 at the video's first frame, and always increase.

        Raises:
            DataError: the video is damaged, has no frame, or its frames change their size.
        """
        number, time, start, shape = 0, -1, None, None
        step = max(1, round(1 / (self.rate * self.time_base)))
        for frame in self._decoded():
            shape = shape or (frame.width, frame.height)
            if (frame.width, frame.height) != shape:
                raise self._error(
                    f"frame {number} has {frame.width} x {frame.height} pixels, those before "
                    f"{shape[0]} x {shape[1]}; cut the video there, and label the parts"
                )
            if start is None:
                start = frame.pts or 0
            told = frame.pts - start if frame.pts is not None else -1
            time = told if told > time else time + (step if number else 1)
            if number >= first:
                yield time, frame.to_image().rotate(frame.rotation, expand=True)
            number += 1
        if not number:
            raise self._damaged("has no frame")
        if number < (1 - _MISSING) * self.expected - 1:
            raise self._damaged(f"ends after {number} of {self.expected} frames")

    def _decoded(self) -> Iterator[av.VideoFrame]:
        number = 0
        try:
            for frame in self._container.decode(self._stream):
                yield frame
                number += 1
        except (av.FFmpegError, OSError) as error:
            raise self._damaged(f"damaged after {number} frames ({error.strerror})")

    def _damaged(self, problem: str) -> DataError:
        return self._error(f"{problem}; {_REPAIR.format(self._path)}")

    def _error(self, problem: str) -> DataError:
        return DataError(f"{self._path}: {problem}")

    def close(self) -> None:
        self._container.close()

    def __enter__(self) -> "VideoReader":
        return self

    def __exit__(self, *_):
        self.close()
