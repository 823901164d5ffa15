"""Reading an image file completely, or saying what is wrong with it."""

import io
from pathlib import Path

from PIL import Image

from roadseg.errors import DataError

_END_OF_JPEG = b"\xff\xd9"


def read_image(path: Path, file_format: str, mode: str) -> Image.Image:
    """The decoded image of a file in the given format ("PNG", "JPEG") and mode ("RGB", "L").

    Pillow decodes a PNG with wrong checksums and a JPEG without its end, so both are checked first.
    Raises DataError.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})")
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.format != file_format:
                raise DataError(
                    f"{path}: a {image.format} file where {file_format} is expected; replace it"
                )
            image.verify()  # every PNG chunk is there and matches its checksum
        if file_format == "JPEG" and not data.endswith(_END_OF_JPEG):
            raise DataError(f"{path}: truncated after {len(data)} bytes; extract it again")
        image = Image.open(io.BytesIO(data))
        image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: not a complete {file_format} file ({error}); extract it again")
    if image.mode != mode:
        raise DataError(f"{path}: image mode {image.mode} where {mode} is expected; replace it")
    return image
