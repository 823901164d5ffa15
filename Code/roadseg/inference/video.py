"""Videos: read frame by frame, labelled, made of images, and shown in a notebook."""

import base64
import contextlib
import io
import itertools
import warnings
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

from roadseg.errors import DataError
from roadseg.files import atomic_write
from roadseg.inference.labeller import ImageLike, Labeller, in_order, rgb_image
from roadseg.inference.segmentation import Appearance
from roadseg.progress import progress_bar

_USUAL_RATE = Fraction(25)  # where a file does not tell
_UNSPECIFIED, _BT709 = 2, 1  # colour tags, as in ITU-T H.273
_HD = 720  # rows from which colours without a tag are those of BT.709
_MISSING = 0.05  # share of the frames that a file may lack: some count frames that are never shown
# Of libx264. Its macroblock tree gives another file now and then when the machine is busy.
_OPTIONS = {"crf": "20", "preset": "veryfast", "mbtree": "0"}
_PREVIEW_QUALITY = 45  # of WebP, 0 to 100


class VideoReader:
    """The first video stream of a file, without sound; raises DataError where there is none.

    Attributes:
        rate: frames a second, on average.
        time_base: the unit of the frames' times, in seconds.
        expected: how many frames there should be; 0 when the file does not tell.
    """

    def __init__(self, path: str | Path):
        self._path = Path(path)
        with self._reading():  # absolute: what stands before a colon would be a protocol
            self._container = av.open(str(self._path.absolute()), metadata_errors="replace")
        self._stream = stream = next(iter(self._container.streams.video), None)
        if stream is None or stream.codec_context is None:
            raise DataError(f"{self._path}: holds no video of a known codec; convert it to H.264")
        stream.thread_type = "AUTO"
        self.rate = stream.average_rate or stream.guessed_rate or _USUAL_RATE
        self.time_base = stream.time_base
        # That of the stream is without what an edit list hides.
        whole = Fraction(self._container.duration or 0, av.time_base)
        seconds = stream.duration * stream.time_base if stream.duration else whole
        self.expected = round(seconds * self.rate)

    def frames(self) -> Iterator[tuple[int, Image.Image]]:
        """Time and image of each frame: upright, with square pixels.

        Times count in `time_base` from 0 at the video's first frame, and always increase. A warning
        tells when the video ends early. Raises DataError when it is damaged.
        """
        number, time, start = 0, -1, None
        step = max(1, round(1 / (self.rate * self.time_base)))
        with self._reading(), self._container:
            for frame in self._container.decode(self._stream):
                if start is None:
                    start = frame.pts or 0
                told = frame.pts - start if frame.pts is not None else -1
                time = told if told > time else time + (step if number else 1)
                number += 1
                yield time, self._to_image(frame)
        if number < (1 - _MISSING) * self.expected - 1:
            warnings.warn(
                f"{self._path}: ends after {number} of {self.expected} frames; if that is too early, "
                "copy it again from where it came from",
                stacklevel=2,
            )

    def _to_image(self, frame: av.VideoFrame) -> Image.Image:
        aspect = self._stream.sample_aspect_ratio or 1  # width of a pixel / its height
        width, height = round(frame.width * max(aspect, 1)), round(frame.height / min(aspect, 1))
        is_untagged_hd = frame.colorspace == _UNSPECIFIED and frame.height >= _HD
        colours = Colorspace.ITU709 if is_untagged_hd else None
        image = frame.to_image(width=width, height=height, src_colorspace=colours)
        return image.rotate(frame.rotation, expand=True)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Errors of FFmpeg and of the file system as a DataError that names the file."""
        try:
            yield
        except (av.FFmpegError, OSError) as error:
            raise DataError(
                f"{self._path}: cannot be read as a video ({error.strerror}); check the path, or copy "
                "the video again from where it came from"
            )


def label_video(
    labeller: Labeller,
    path: Path,
    target: Path,
    appearance: Appearance,
    progress: bool = True,
    ids: Path | None = None,
) -> tuple[np.ndarray, int, float]:
    """Writes a labelled video whole or not at all, with the frames' own times and without sound.

    ids: a folder for the id image of each frame, from 000000-ids.png on; None: they are not written.
    Returns the pixels of each class int64 (C), those of all frames, and the mean confidence. Raises
    DataError when the video is damaged, has no frame, or its frames change their size.
    """
    reader, totals = VideoReader(path), []  # of each frame: pixels of each class, all, confidence

    def label(timed: tuple[int, Image.Image]):
        time, image = timed
        segmentation = appearance.chosen(labeller.segment(image, maps=()))
        return time, appearance.video_frame(segmentation), segmentation

    def labelled() -> Iterator[tuple[int, Image.Image]]:
        for number, (time, image, each) in enumerate(in_order(label, reader.frames())):
            if ids:
                each.id_image().save(ids / f"{number:06d}-ids.png", compress_level=1)
            totals.append((each.pixels(), each.ids.size, each.mean_confidence))
            bar.update()
            yield time, image

    if ids:
        ids.mkdir(parents=True, exist_ok=True)
    frames = max(reader.expected, 1)
    with progress_bar(frames, 0, unit="frame", description=path.name, shown=progress) as bar:
        _write(target, labelled(), reader.rate, reader.time_base)
    pixels, sizes, confidences = zip(*totals, strict=True)
    return sum(pixels), sum(sizes), float(np.mean(confidences))


def write_video(path: str | Path, images: Iterable[ImageLike], rate: float = 10) -> None:
    """Writes images of one size as a video, which replaces an earlier one.

    path: of the file, such as "drive.mp4"; its folder is made where it is missing.
    images: the frames; see `labeller.rgb_image`.
    rate: frames a second.

    Raises DataError when an image cannot be read, has another size than the first, or there is none.
    """
    rate = Fraction(rate).limit_denominator(1001)  # 29.97 is 2997/100, 30000 / 1001 is itself
    _write(Path(path), enumerate(map(rgb_image, images)), rate, 1 / rate)


def _write(
    path: Path, frames: Iterable[tuple[int, Image.Image]], rate: Fraction, time_base: Fraction
) -> None:
    """Encodes frames with their times, in HD colours that say so: BT.709."""

    def encode(part: Path) -> None:
        stream, size = None, None
        with av.open(str(part.absolute()), "w", options={"movflags": "faststart"}) as container:
            for time, image in frames:
                stream = stream or _add_stream(container, image, rate, time_base)
                size = size or image.size
                if image.size != size:
                    raise DataError(
                        f"{path}: a frame has {image.width} x {image.height} pixels, those before "
                        f"{size[0]} x {size[1]}; give frames of one size"
                    )
                # Even sizes, as colours of half the resolution need them.
                missing = (0, image.height % 2), (0, image.width % 2), (0, 0)
                frame = av.VideoFrame.from_ndarray(np.pad(image, missing, mode="edge")).reformat(
                    format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
                )
                frame.pts, frame.time_base = time, time_base
                container.mux(stream.encode(frame))
            if stream is None:
                raise DataError(f"{path}: there is no frame to write; give at least one")
            container.mux(stream.encode())

    atomic_write(path, encode)


def _add_stream(container, image: Image.Image, rate: Fraction, time_base: Fraction) -> av.VideoStream:
    stream = container.add_stream("libx264", rate=rate, options=_OPTIONS)
    stream.width, stream.height = (length + length % 2 for length in image.size)
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.time_base, context.color_range = time_base, ColorRange.MPEG
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    return stream


class Preview:
    """A small moving image of a video, which a notebook keeps and shows without the file.

    It shows every second frame, at the speed of the video, at most 880 pixels wide.

    Attributes:
        webp: the content of an animated WebP file, which repeats for ever.

    Raises DataError when the video cannot be read to its end.
    """

    def __init__(self, path: str | Path):
        reader, frames = VideoReader(path), []
        for _, image in itertools.islice(reader.frames(), 0, None, 2):
            image.thumbnail((880, image.height), Image.Resampling.BOX, reducing_gap=None)
            frames.append(image)
        self._path, self._width = Path(path), frames[0].width
        buffer = io.BytesIO()
        frames[0].save(
            buffer, "WEBP", save_all=True, append_images=frames[1:], loop=0, method=4,
            duration=round(2000 / reader.rate), quality=_PREVIEW_QUALITY,
        )  # fmt: skip
        self.webp = buffer.getvalue()

    def __repr__(self) -> str:
        return f"A moving image of {self._path}"

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.webp).decode()
        return f'<img src="data:image/webp;base64,{data}" width="{self._width}" alt="{self!r}">'
