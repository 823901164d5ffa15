"""Reads an image file completely, or says what is wrong with it."""

import io
import struct
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path

import simplejpeg
from isal import isal_zlib
from PIL import Image

from roadseg.errors import DataError

_SIGNATURES = {"PNG": b"\x89PNG\r\n\x1a\n", "JPEG": b"\xff\xd8\xff"}
_BITS = {"P": (1, 2, 4, 8), "I;16": (16,)}  # a channel of a PNG, where it is not 8
_JPEG_MODES = {"Gray": "L", "YCbCr": "RGB", "RGB": "RGB", "CMYK": "CMYK", "YCCK": "CMYK"}
MAX_BYTES = 200_000_000  # of a file
_MAX_PIXELS = 50_000_000  # that a forged size may make a decoder reserve
_HEADER = struct.Struct(">IIBBBBB")  # of a PNG, from byte 16: size, bits, colour type, ..., interlaced
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
# Of the seven passes of an interlaced PNG: first column and row, and from one to the next.
_ADAM7 = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
)  # fmt: skip
_MAX_EXPANSION = 1100  # deflate reaches 1032; a JPEG has at least 2 bits for each block of 64 values


def read_image(path: Path, file_format: str, *modes: str) -> Image.Image:
    """The decoded image of a file; as `decode_image`, and raises DataError if it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); extract it again")
    return decode_image(data, path, file_format, *modes)


def decode_image(data: bytes, path: object, file_format: str, *modes: str) -> Image.Image:
    """The decoded image of a file's content.

    Args:
        data: the whole file.
        path: of the file, for messages.
        file_format: "PNG" or "JPEG".
        modes: those of Pillow that it may have, such as "RGB" or "L".

    Raises:
        DataError: it is no complete image of that format and of one of the modes, has other than 8 bits
            a channel (16 in mode "I;16", up to 8 in mode "P"), or has too many pixels.
    """
    found = next((name for name, start in _SIGNATURES.items() if data.startswith(start)), None)
    if found not in (None, file_format):
        raise DataError(f"{path}: a {found} file where {file_format} is expected; replace it")
    try:
        if found is None:
            raise ValueError("its first bytes are others")
        return (_decode_png if file_format == "PNG" else _decode_jpeg)(data, modes)
    except _OtherKind as error:
        raise DataError(f"{path}: {error} expected; replace it")
    except (
        OSError, SyntaxError, ValueError, EOFError, LookupError, struct.error, zlib.error,
        isal_zlib.error,
    ) as error:  # fmt: skip
        raise DataError(f"{path}: not a complete {file_format} file ({error}); extract it again")


class _OtherKind(Exception):
    """A sound image, but not of the kind that is expected."""


def _decode_jpeg(data: bytes, modes: Collection[str]) -> Image.Image:
    """Pillow would fill what is missing with grey; simplejpeg has the same decoder and reports it.

    A JPEG has no checksums, so what can still be decoded to its end is not noticed.
    """
    height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
    mode = _JPEG_MODES[colours]
    _check_mode(mode, modes)
    _check_size(width, height, len(mode), data)
    return Image.fromarray(simplejpeg.decode_jpeg(data, strict=True))


def _decode_png(data: bytes, modes: Collection[str]) -> Image.Image:
    """From the chunks that its pixels need, so that nothing in the others matters."""
    chunks = list(_chunks(data))
    if not all(kind[:1].isupper() for kind, _ in chunks):
        data = data[:8] + b"".join(whole for kind, whole in chunks if kind[:1].isupper())
    width, height, bits, colour_type, _, _, is_interlaced = _HEADER.unpack_from(data, 16)
    pixel_bits = bits * _CHANNELS[colour_type]
    _check_size(width, height, pixel_bits / 8, data)
    image = Image.open(io.BytesIO(data), formats=["PNG"])
    possible = [image.mode] if image.mode in modes else modes
    allowed = sorted({each for mode in possible for each in _BITS.get(mode, (8,))})
    if bits not in allowed:
        raise _OtherKind(f"{bits} bits a channel where {' or '.join(map(str, allowed))} are")
    _check_mode(image.mode, modes)
    image.load()
    last_row = image.crop((0, image.height - 1, *image.size))
    if is_interlaced or last_row.getbbox() is None:  # Pillow leaves rows that are missing black
        _check_rows(chunks, image.size, pixel_bits, is_interlaced)
    return image


def _check_rows(
    chunks: list[tuple[bytes, memoryview]], size: tuple[int, int], pixel_bits: int, is_interlaced: int
) -> None:
    """Raises ValueError when a PNG ends before its last pixel."""
    (width, height), rows = size, 0
    for left, top, right, down in _ADAM7 if is_interlaced else ((0, 0, 1, 1),):
        columns = len(range(left, width, right))
        row = 1 + (columns * pixel_bits + 7) // 8
        rows += len(range(top, height, down)) * row if columns else 0
    stream = isal_zlib.decompressobj()
    compressed = b"".join(whole[8:-4] for kind, whole in chunks if kind == b"IDAT")
    if len(stream.decompress(compressed, rows)) < rows:
        raise ValueError("rows are missing")


def _check_mode(found: str, expected: Collection[str]) -> None:
    if found not in expected:
        raise _OtherKind(f"image mode {found} where {' or '.join(expected)} is")


def _check_size(width: int, height: int, pixel_bytes: float, data: bytes) -> None:
    pixels = width * height
    if pixels > _MAX_PIXELS or pixels * pixel_bytes > _MAX_EXPANSION * len(data):
        raise ValueError(f"{width} x {height} pixels in {len(data)} bytes")


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Kind and bytes of each chunk of a PNG, after it was compared with its checksum.

    Pillow decodes a PNG with wrong checksums; its `verify` takes a fifteenth of the decoding.
    """
    view, start, kind = memoryview(data), 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", view, start)
        end = start + 8 + length
        (expected,) = struct.unpack_from(">I", view, end)
        if isal_zlib.crc32(view[start + 4 : end]) != expected:
            raise ValueError(f"wrong checksum of the chunk at byte {start}")
        if (kind == b"IHDR") != (start == 8):
            raise ValueError(f"chunk {kind!a} at byte {start}")
        yield kind, view[start : end + 4]
        start = end + 4
