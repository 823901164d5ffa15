"""A video that a notebook shows and keeps: small, without the file, on pages that play no videos."""

import base64
import io
from pathlib import Path

from PIL import Image

from roadseg.inference.video_reader import VideoReader

_QUALITY = 45  # of WebP, 0 to 100


class Preview:
    """A moving image of a video's frames, for the last line of a cell.

    Attributes:
        webp: the content of an animated WebP file, which repeats for ever.
    """

    def __init__(self, path: str | Path, width: int = 880, every: int = 2):
        """Args:
            path: of the video.
            width: of the moving image in pixels; a narrower video keeps its own.
            every: of so many frames one is shown, at the speed of the video.

        Raises:
            DataError: the video cannot be read to its end.
        """
        with VideoReader(Path(path)) as reader:
            frames = [
                _shrunk(image, width)
                for number, (_, image) in enumerate(reader.frames(0))
                if number % every == 0
            ]
            milliseconds = round(1000 * every / reader.rate)
        self._path, self._size = Path(path), frames[0].size
        self.webp = _animated(frames, milliseconds)

    def __repr__(self) -> str:
        return f"A moving image of {self._path}"

    def _repr_html_(self) -> str:
        data, width = base64.b64encode(self.webp).decode(), self._size[0]
        return f'<img src="data:image/webp;base64,{data}" width="{width}" alt="{self!r}">'


def _shrunk(image: Image.Image, width: int) -> Image.Image:
    if image.width <= width:
        return image
    return image.resize((width, round(image.height * width / image.width)), Image.Resampling.BOX)


def _animated(frames: list[Image.Image], milliseconds: int) -> bytes:
    buffer = io.BytesIO()
    first, *others = frames
    first.save(
        buffer, "WEBP", save_all=True, append_images=others, duration=milliseconds, loop=0,
        quality=_QUALITY, method=4,
    )  # fmt: skip
    return buffer.getvalue()
