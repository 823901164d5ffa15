"""Images of any kind, as the upright 8-bit RGB images that networks take."""

import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from roadseg.errors import DataError

ImageLike = str | Path | Image.Image | np.ndarray

_READABLE = "JPEG, PNG, WebP, BMP or TIFF"
_FORMATS = "JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM"  # none that runs another program
_DAMAGED = (  # what Pillow raises for damaged or forged files
    OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, ArithmeticError, MemoryError,
    struct.error, Image.DecompressionBombError,
)  # fmt: skip
_SIXTEEN_BIT = "I;16", "I;16L", "I;16B", "I;16N", "I"


def read_image(image: ImageLike) -> Image.Image:
    """The image upright, in mode RGB.

    EXIF orientation is applied. Grey becomes RGB, 16 bit become 8 (the brightest possible value becomes
    255), and transparent pixels are blended with black, which is what rectified images have at their
    borders.

    Args:
        image: the path of a file, a Pillow image, or an array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)
            of uint8 or uint16.

    Raises:
        DataError: it cannot be read completely, or its values are not whole numbers from 0 up.
    """
    if isinstance(image, np.ndarray):
        return _to_rgb(_from_array(image), "the array")
    if isinstance(image, Image.Image):
        return _to_rgb(ImageOps.exif_transpose(image), "the image")
    path = Path(image)
    if not path.is_file():
        wrong = "not a file; give an image" if path.exists() else "no such file; check the path"
        raise DataError(f"{path}: {wrong}")
    try:
        with Image.open(path, formats=_FORMATS) as file:
            file.load()
            return _to_rgb(ImageOps.exif_transpose(file), path)
    except DataError:
        raise
    except Image.UnidentifiedImageError:
        raise DataError(f"{path}: {_unidentified(path)}")
    except PermissionError:
        raise DataError(f"{path}: no permission to read it; change that with chmod u+r")
    except _DAMAGED as error:
        raise DataError(f"{path}: damaged or cut off ({error}); copy it again from where it came from")


def _unidentified(path: Path) -> str:
    if path.stat().st_size == 0:
        return "empty; copy it again from where it came from"
    return f"not an image that can be read; convert it to {_READABLE}"


def _from_array(array: np.ndarray) -> Image.Image:
    if array.dtype.kind == "f":
        raise DataError(
            "the array holds floats, but networks take whole numbers 0..255; for values 0..1 give "
            "(255 * array).round().astype('uint8')"
        )
    if array.dtype not in (np.uint8, np.uint16):
        raise DataError(f"the array has type {array.dtype}: give uint8, or uint16 for 16-bit images")
    shape = array.shape
    if array.ndim not in (2, 3) or 0 in shape or (array.ndim == 3 and shape[2] not in (1, 3, 4)):
        raise DataError(f"the array has shape {shape}: give (H, W), (H, W, 3) or (H, W, 4)")
    if array.dtype == np.uint16:
        array = _eight_bit(array)
    return Image.fromarray(array[..., 0] if array.ndim == 3 and shape[2] == 1 else array)


def _to_rgb(image: Image.Image, name: object) -> Image.Image:
    if image.mode == "F":
        raise DataError(
            f"{name}: holds floats; networks take whole numbers 0..255, so convert it to 8 bit"
        )
    if image.mode in _SIXTEEN_BIT:
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65535:
            raise DataError(f"{name}: has grey levels beyond 16 bit; convert it to 8 or 16 bit")
        return Image.fromarray(_eight_bit(values)).convert("RGB")
    if image.has_transparency_data:
        coloured = image.convert("RGBA")
        black = Image.new("RGBA", coloured.size, "black")
        return Image.alpha_composite(black, coloured).convert("RGB")
    return image.convert("RGB")


def _eight_bit(values: np.ndarray) -> np.ndarray:
    """0..65535 -> 0..255, rounded."""
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
