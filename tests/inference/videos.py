"""Tiny videos."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE = Fraction(30000, 1001)
WIDTH, HEIGHT = 64, 40


def write(
    path: Path,
    frames: int = 24,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    times: Sequence[int] | None = None,
    turned: int = 0,
    colour: tuple[int, int, int] = (255, 255, 255),
    colours: dict[str, object] | None = None,
    options: dict[str, str] | None = None,
    title: str = "",
    **context,
) -> Path:
    """A bright field that moves to the right over a dark one.

    times: of the frames, in units of 1 / RATE.
    turned: degrees, as a phone notes them that was held upright.
    colour: of the field.
    colours: how `reformat` makes YUV of it.
    context: attributes of the codec's context.
    """
    with av.open(str(path), "w", options=options or {}) as container:
        container.metadata["title"] = title
        stream = container.add_stream("mpeg2video" if path.suffix == ".ts" else "mpeg4", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.bit_rate = 2_000_000
        for name, value in context.items():
            setattr(stream.codec_context, name, value)
        if turned:
            stream.set_display_rotation(turned)
        for number in range(frames):
            image = np.zeros((*size[::-1], 3), np.uint8)
            image[:, number : number + 20] = colour
            frame = av.VideoFrame.from_ndarray(image).reformat(format="yuv420p", **(colours or {}))
            frame.pts, frame.time_base = times[number] if times else number, 1 / RATE
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def read(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def seconds(path: Path) -> list[float]:
    """The time of each frame."""
    return [frame.time for frame in read(path)]
