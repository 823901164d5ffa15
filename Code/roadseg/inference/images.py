"""Images of any kind, as the upright 8-bit RGB images that networks take."""

import warnings
from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image, ImageOps, PngImagePlugin

from roadseg.errors import DataError

ImageLike = str | Path | Image.Image | np.ndarray

_FORMATS = "JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM"  # none that runs another program
_WITH_PAGES = "TIFF", "GIF", "WEBP", "PNG"
_SIXTEEN_BIT = "I;16", "I;16L", "I;16B", "I;16N", "I"
_PROBLEMS = {  # error -> what the user can do
    FileNotFoundError: "no such file; check the path",
    IsADirectoryError: "a folder; give a file",
    PermissionError: "no permission to read it; change that with chmod u+r",
    Image.DecompressionBombError: "more pixels than this program reads; shrink it or cut it up",
}
_SUBFILE_TYPE, _DNG_VERSION = 254, 50706  # tags of a TIFF

warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # large photographs are welcome
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY  # and so are long notes in a file


def read_image(image: ImageLike) -> Image.Image:
    """The image upright, in mode RGB.

    EXIF orientation is applied. Grey becomes RGB, 16 bit become 8 (the brightest possible value becomes
    255), and transparent pixels are blended with black, which is what rectified images have at their
    borders. A warning tells of further pages, and of 16-bit images that use fewer bits.

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
    try:
        with Image.open(path, formats=_FORMATS) as file:
            return _to_rgb(ImageOps.exif_transpose(_decoded(file, path)), path)
    except DataError:
        raise
    except Exception as error:  # a damaged file makes Pillow raise nearly anything
        raise DataError(f"{path}: {file_problem(path, error)}")


def file_problem(path: Path, error: Exception) -> str:
    """Why a file cannot be read, with the remedy."""
    for kind, problem in _PROBLEMS.items():
        if isinstance(error, kind):
            return problem
    if not path.stat().st_size:
        return "empty; copy it again from where it came from"
    if isinstance(error, Image.UnidentifiedImageError):
        return "not an image that can be read; convert it to JPEG, PNG, WebP, BMP or TIFF"
    reason = getattr(error, "strerror", None) or error
    return f"damaged or cut off ({reason}); copy it again from where it came from"


def _decoded(file: Image.Image, path: Path) -> Image.Image:
    """Strictly: Pillow fills what a JPEG lacks with grey, and ignores the checksums of a PNG."""
    if getattr(file, "n_frames", 1) > 1 and file.format in _WITH_PAGES:
        warnings.warn(f"{path}: the first of {file.n_frames} pages or frames is used", stacklevel=2)
    if file.format == "PNG":
        with Image.open(path, formats=["PNG"]) as copy:
            copy.verify()
    elif file.format in ("JPEG", "MPO"):
        pixels = simplejpeg.decode_jpeg(path.read_bytes(), strict=True)
        if file.mode != "CMYK":
            image = Image.fromarray(pixels)
            image.info = file.info  # with the orientation
            return image
    tags = file.tag_v2 if file.format == "TIFF" else {}
    if tags.get(_SUBFILE_TYPE, 0) & 1 or _DNG_VERSION in tags:
        raise DataError(f"{path}: a thumbnail or a camera's raw file; develop it to a JPEG file")
    file.load()
    return file


def _from_array(array: np.ndarray) -> Image.Image:
    is_image = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3, 4))
    if array.dtype not in (np.uint8, np.uint16) or not is_image or 0 in array.shape:
        raise DataError(
            f"the array is {array.dtype} of shape {array.shape}: give uint8, or uint16 for 16-bit "
            "images, of shape (H, W), (H, W, 3) or (H, W, 4); floats from 0 to 1 become that with "
            "(255 * array).round().astype('uint8')"
        )
    if array.dtype == np.uint16:
        array = _eight_bit(array, "the array")
    return Image.fromarray(array[..., 0] if array.shape[2:] == (1,) else array)


def _to_rgb(image: Image.Image, name: object) -> Image.Image:
    if image.mode in ("F", *_SIXTEEN_BIT):
        values = np.asarray(image)
        if image.mode == "F" or values.min() < 0 or values.max() > 65535:
            raise DataError(f"{name}: holds floats, or grey levels beyond 16 bit; convert it to 8 bit")
        return Image.fromarray(_eight_bit(values, name)).convert("RGB")
    if image.has_transparency_data:
        coloured = image.convert("RGBA")
        black = Image.new("RGBA", coloured.size, "black")
        return Image.alpha_composite(black, coloured).convert("RGB")
    return image.convert("RGB")


def _eight_bit(values: np.ndarray, name: object) -> np.ndarray:
    """0..65535 -> 0..255, rounded."""
    brightest = int(values.max())
    bits = next(bits for bits in (8, 10, 12, 14, 16) if brightest < 1 << bits)
    if brightest and bits < 16:
        warnings.warn(
            f"{name}: its brightest value is {brightest} of 65535, so that it is labelled as a dark "
            f"image; if the camera has {bits} bits, multiply by {1 << 16 - bits}",
            stacklevel=2,
        )
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
