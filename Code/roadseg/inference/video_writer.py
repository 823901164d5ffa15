"""A video that is written in segments, so that an interrupted one continues."""

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from roadseg.errors import DataError
from roadseg.inference.results import OutputError, cannot_write

_SEGMENT = 100  # frames: what a kill costs
_SETTINGS = "settings.json"
# The first that is installed is taken. No B-frames, so that segments can be put one after another; no
# macroblock tree, which gives another file now and then when the machine is busy.
_CODECS = {
    "libx264": {"crf": "20", "preset": "veryfast", "bf": "0", "mbtree": "0"},
    "libopenh264": {},
    "mpeg4": {"bf": "0"},
}
_BITS_PER_PIXEL = 0.3  # of codecs that know no constant quality


class VideoWriter:
    """Encodes frames into segments in a hidden folder, which become one MP4 file when all are there.

    Attributes:
        frames: how many are in finished segments, those of an earlier call with the same settings
            included.
        pixels: int64 (C), how many pixels each class has in them.
    """

    def __init__(self, path: Path, settings: Mapping[str, object], rate: Fraction, time_base: Fraction):
        self._path, self._rate, self._time_base = path, rate, time_base
        self._folder = path.with_name(f".{path.name}.parts")
        self._container = None
        with self._writing():
            self._open_folder(json.dumps(settings, indent=1))
        self._segments = [json.loads(each.read_text("utf-8")) for each in self._finished()]

    @property
    def frames(self) -> int:
        return sum(segment["frames"] for segment in self._segments)

    @property
    def pixels(self) -> np.ndarray:
        return np.sum([segment["pixels"] for segment in self._segments], axis=0)

    def add(self, time: int, image: Image.Image, pixels: np.ndarray) -> None:
        """Encodes the next frame.

        time: in units of the time base, from the beginning of the video.
        pixels: int64 (C), how many each class has.
        """
        with self._writing():
            if self._container is None:
                self._begin(time, image)
            frame = av.VideoFrame.from_ndarray(_even(image)).reformat(format="yuv420p")
            frame.pts, frame.time_base = time - self._current["time"], self._time_base
            self._container.mux(self._stream.encode(frame))
            self._current["frames"] += 1
            self._current["pixels"] = (self._current["pixels"] + pixels).tolist()
            if self._current["frames"] == _SEGMENT:
                self._end()

    def finish(self) -> None:
        """Ends the last segment; `frames` and `pixels` are those of the whole video then."""
        with self._writing():
            if self._container is not None:
                self._end()

    def publish(self) -> None:
        """Joins the segments to one file, which then gets its name, and removes them."""
        with self._writing():
            joined = self._folder / self._path.name
            self._join(joined)
            joined.replace(self._path)
            shutil.rmtree(self._folder, ignore_errors=True)

    def _open_folder(self, settings: str) -> None:
        """Removes segments of other settings, and those that were not finished."""
        record = self._folder / _SETTINGS
        if not record.is_file() or record.read_text("utf-8") != settings:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        record.write_text(settings, "utf-8")

    def _finished(self) -> Iterator[Path]:
        """The descriptions of the finished segments, in order."""
        number = 0
        while (description := self._file(number, "json")).is_file():
            yield description
            number += 1

    def _file(self, number: int, suffix: str) -> Path:
        return self._folder / f"{number:05d}.{suffix}"

    def _begin(self, time: int, image: Image.Image) -> None:
        self._container = av.open(str(self._file(len(self._segments), "mp4")), "w")
        codec = next(name for name in _CODECS if _is_installed(name))
        self._stream = self._container.add_stream(codec, rate=self._rate, options=_CODECS[codec])
        self._stream.width, self._stream.height = (length + length % 2 for length in image.size)
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = self._time_base
        if codec != "libx264":
            self._stream.bit_rate = int(_BITS_PER_PIXEL * image.width * image.height * self._rate)
        self._current = {"time": time, "frames": 0, "pixels": 0}

    def _end(self) -> None:
        self._container.mux(self._stream.encode())
        self._close()
        part = self._file(len(self._segments), "part")
        part.write_text(json.dumps(self._current), "utf-8")
        part.replace(self._file(len(self._segments), "json"))
        self._segments.append(self._current)

    def _join(self, target: Path) -> None:
        stream = None
        with av.open(str(target), "w", options={"movflags": "faststart"}) as joined:
            for number, segment in enumerate(self._segments):
                with av.open(str(self._file(number, "mp4"))) as part:
                    source = part.streams.video[0]
                    stream = stream or joined.add_stream_from_template(source)
                    shift = round(segment["time"] * self._time_base / source.time_base)
                    for packet in part.demux(source):
                        if packet.dts is not None:
                            packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                            packet.stream = stream
                            joined.mux(packet)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """OSError and errors of the codec as an OutputError that names the video."""
        try:
            yield
        except (av.FFmpegError, OSError) as error:
            raise cannot_write(self._path, error)

    def _close(self) -> None:
        container, self._container = self._container, None
        if container is not None:
            container.close()

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(self, _, error: BaseException | None, __):
        with contextlib.suppress(av.FFmpegError, OSError):  # the error that ended it matters more
            self._close()
        if isinstance(error, DataError) and not isinstance(error, OutputError):
            shutil.rmtree(self._folder, ignore_errors=True)  # the video is damaged


def _even(image: Image.Image) -> np.ndarray:
    """The image with an even height and width, as colours of half the resolution need it."""
    missing = [(0, length % 2) for length in (image.height, image.width)]
    return np.pad(np.asarray(image), (*missing, (0, 0)), mode="edge")


def _is_installed(codec: str) -> bool:
    try:
        av.codec.Codec(codec, "w")
    except av.codec.codec.UnknownCodecError:
        return False
    return True
