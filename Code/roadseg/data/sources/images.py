"""Image files, decoded to their last pixel or refused; and frames of any size fitted into one."""

import io
import warnings
from collections.abc import Collection, Hashable
from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image, ImageOps, PngImagePlugin

from roadseg.data.classes import IGNORE
from roadseg.errors import DataError

IMAGE_FORMATS = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".bmp": "BMP", ".tif": "TIFF",
    ".tiff": "TIFF",
}  # fmt: skip
_FORMATS = *dict.fromkeys(IMAGE_FORMATS.values()), "GIF", "PPM"  # none that runs another program
MASK_FORMATS = {suffix: IMAGE_FORMATS[suffix] for suffix in (".png", ".bmp", ".tif", ".tiff")}
_SIXTEEN_BIT = "I;16", "I;16L", "I;16B", "I;16N", "I"
_MASK_MODES = "1", "L", "P", "RGB", "I;16", "I;16B"
_SUBFILE_TYPE, _DNG_VERSION = 254, 50706  # tags of a TIFF

warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # large photographs are welcome
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY  # and so are long notes in a file


def read_image(path: Path) -> Image.Image:
    """The image of a file, as `to_rgb` gives it; raises DataError if it cannot be read."""
    return to_rgb(decode_image(_content(path), path), path)


def read_mask(path: Path) -> Image.Image:
    """The label image of a file as it is stored: mode L, P, RGB, or I;16 of either byte order.

    An opaque alpha channel is left out; of one bit a pixel the values are 0 and 1. Raises DataError for
    a file that is no complete image, that lost pixels to compression, or whose values Pillow would
    change.
    """
    data = _content(path)
    mask = decode_image(data, path)
    file_format, mode = mask.format, mask.mode
    bits, colour_type = data[24:26] if file_format == "PNG" else (8, None)  # in a PNG's header
    if mode in ("LA", "PA", "RGBA") and mask.getchannel("A").getextrema() == (255, 255):
        mask = mask.convert("L" if mode == "LA" else "RGB")
    is_scaled = (bits == 16 and mode != "I;16") or (bits in (2, 4) and colour_type == 0)
    if mask.mode not in _MASK_MODES or is_scaled or file_format not in MASK_FORMATS.values():
        raise DataError(
            f"{path}: {file_format} with {bits} bits a channel in mode {mode}; save masks as PNG with 8 "
            "bits a channel, or ids with 16, without an alpha channel and compression that loses labels"
        )
    return Image.fromarray(np.asarray(mask, np.uint8)) if mode == "1" else mask


def raw_labels(mask: Image.Image, in_colours: bool, ids: Collection[int] = ()) -> np.ndarray:
    """Ids uint8 or uint16 (H, W) or colours uint8 (H, W, 3) of a mask that `read_mask` has read.

    in_colours: reads one with a palette as colours. ids: that a table lists, see `is_packed_grey`.
    """
    if mask.mode == "P" and (in_colours or is_packed_grey(mask, ids)):
        mask = mask.convert("RGB" if in_colours else "L")
    labels = np.asarray(mask)
    is_grey = ids and not in_colours and labels.ndim == 3 and (labels == labels[..., :1]).all()
    return labels[..., 0] if is_grey else labels


def is_packed_grey(mask: Image.Image, ids: Collection[int]) -> bool:
    """Whether the greys of a palette are ids, not its indices: a program that packs images made it."""
    return all(len({*colour}) == 1 and colour[0] in ids for colour in index_colours(mask).values())


def index_colours(mask: Image.Image) -> dict[int, tuple[int, ...]]:
    """The colours of those indices that occur in a mask with a palette."""
    palette = mask.getpalette("RGB")
    used = [index for index, pixels in enumerate(mask.histogram()) if pixels]
    return {index: tuple(palette[3 * index : 3 * index + 3]) for index in used}


def unique_labels(labels: np.ndarray) -> tuple[list[Hashable], np.ndarray, list[int]]:
    """Each raw label, an int or a colour; which of them each pixel (H, W) has; pixels of each."""
    if labels.ndim == 2:
        values, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
        return values.tolist(), places.reshape(labels.shape), counts.tolist()
    red, green, blue = np.moveaxis(labels.astype(np.uint32), -1, 0)
    values, places, counts = unique_labels(red << 16 | green << 8 | blue)
    return [(value >> 16, value >> 8 & 255, value & 255) for value in values], places, counts


def inner_labels(labels: np.ndarray) -> np.ndarray:
    """Of labels (H, W), those (N) whose eight neighbours are the same: lines have none."""
    height, width = (max(length - 2, 0) for length in labels.shape)
    centre = labels[1:-1, 1:-1]
    is_inside = np.ones(centre.shape, bool)
    for row, column in np.ndindex(3, 3):
        is_inside &= labels[row : row + height, column : column + width] == centre
    return centre[is_inside]


def to_rgb(image: Image.Image, name: object) -> Image.Image:
    """A Pillow image of any mode in mode RGB, 8 bits a channel, upright as EXIF data ask for.

    Grey becomes RGB, 16 bits become 8 (the brightest possible value becomes 255), and transparent pixels
    are blended with black, which is what rectified images have at their borders. A warning tells of
    16-bit images that use fewer bits. Raises DataError for floats, and for integers beyond 16 bits;
    name: for messages.
    """
    image = ImageOps.exif_transpose(image)
    if image.mode == "F" or image.mode in _SIXTEEN_BIT:
        image = Image.fromarray(_eight_bits(np.asarray(image), name))
    if image.has_transparency_data:
        coloured = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", coloured.size, "black"), coloured)
    return image.convert("RGB")


def _eight_bits(values: np.ndarray, name: object) -> np.ndarray:
    """0..65535 -> 0..255, rounded."""
    brightest = values.max()
    if values.dtype == np.float32 or values.min() < 0 or brightest > 65535:
        raise DataError(f"{name}: holds floats or more than 16 bits a pixel; convert it to 8 bits")
    bits = next(bits for bits in (8, 10, 12, 14, 16) if brightest < 1 << bits)
    if brightest and bits < 16:
        warnings.warn(
            f"{name}: its brightest value is {brightest} of 65535, so that it counts as a dark image; "
            f"if the camera has {bits} bits, multiply by {1 << 16 - bits}",
            stacklevel=2,
        )
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def check_size(size: tuple[int, int]) -> tuple[int, int]:
    """(H, W) in pixels, if frames can be fitted to it; else raises DataError."""
    if not all(1 <= side <= 10_000 for side in size):
        raise DataError(f"size {size}: give height and width in pixels, each 1..10000")
    return tuple(size)


def fit_image(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """An RGB image of (H, W), scaled as a whole and centred in black.

    Pixels are averaged where it shrinks, interpolated where it grows.
    """
    left, upper, width, height = _place(image.size, size)
    method = Image.Resampling.BOX if width <= image.width else Image.Resampling.BILINEAR
    fitted = Image.new("RGB", size[::-1])
    fitted.paste(image.resize((width, height), method), (left, upper))
    return fitted


def fit_labels(labels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Class ids uint8 (H, W): each the one under the centre of the new pixel, IGNORE around them."""
    left, upper, width, height = _place(labels.shape[::-1], size)
    rows, columns = (
        (2 * np.arange(new) + 1) * old // (2 * new)
        for new, old in zip((height, width), labels.shape, strict=True)
    )
    fitted = np.full(size, IGNORE, np.uint8)
    fitted[upper : upper + height, left : left + width] = labels[np.ix_(rows, columns)]
    return fitted


def _place(old: tuple[int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Where an image of (width, height) comes to lie in (H, W): left, upper, width, height."""
    factor = min(size[1] / old[0], size[0] / old[1])
    width, height = (max(1, round(length * factor)) for length in old)
    return (size[1] - width) // 2, (size[0] - height) // 2, width, height


def _content(path: Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions")


def decode_image(data: bytes, path: object) -> Image.Image:
    """The image in the content of a file, with its `format` and EXIF data; path: for messages.

    A warning tells of further pages. Raises DataError for what is no complete image, also where Pillow
    would not notice, and for a camera's raw file.
    """
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
        if data.startswith(b"\xff\xd8"):  # a JPEG, of which Pillow fills what is missing with grey
            return _decode_jpeg(data, image)
        if image.format == "PNG":  # Pillow decodes one whose checksums are wrong
            image.verify()
            image = Image.open(io.BytesIO(data), formats=["PNG"])
        pages = getattr(image, "n_frames", 1)
        tags = image.tag_v2 if image.format == "TIFF" else {}
        is_raw = tags.get(_SUBFILE_TYPE, 0) & 1 or _DNG_VERSION in tags
        if not is_raw:
            image.load()
    except Image.DecompressionBombError as error:
        raise DataError(f"{path}: too large ({error}); shrink it, or cut it into parts")
    except Exception as error:  # Pillow raises whatever a damaged file happens to cause
        what = str(error) if data else "the file is empty"
        if data.startswith(b"version https://git-lfs"):
            what = "a pointer of Git LFS in its place: run `git lfs pull`"
        elif data and isinstance(error, Image.UnidentifiedImageError):
            what = f"none of {', '.join(_FORMATS)}"
        kind = IMAGE_FORMATS.get(Path(str(path)).suffix.lower(), "image")
        raise DataError(f"{path}: damaged or cut off, not a complete {kind} ({what}); copy it again")
    if is_raw:
        raise DataError(f"{path}: a thumbnail or a camera's raw file; develop it to a JPEG file")
    if pages > 1:
        warnings.warn(f"{path}: the first of {pages} pages or frames is used", stacklevel=2)
    return image


def _decode_jpeg(data: bytes, header: Image.Image) -> Image.Image:
    """The same pixels as from Pillow; raises ValueError where the decoder warns of damage.

    A JPEG has no checksums, so what can still be decoded to its end is not noticed.
    """
    is_cmyk = header.mode == "CMYK"
    pixels = simplejpeg.decode_jpeg(data, "CMYK" if is_cmyk else "RGB", strict=True)
    image = Image.open(io.BytesIO(data)) if is_cmyk else Image.fromarray(pixels)
    image.info, image.format = header.info, "JPEG"
    return image
