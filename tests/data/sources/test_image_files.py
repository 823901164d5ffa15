"""An image is decoded completely and as Pillow does it, or refused; nothing but its pixels matters."""

import io
import os
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from roadseg.data.sources.image_files import decode_image, read_image
from roadseg.errors import DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)


def saved(file_format="PNG", mode="RGB", **options):
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).convert(mode).save(buffer, file_format, **options)
    return buffer.getvalue()


def chunk(kind, body=b""):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(bits, colour_type, rows, size=(60, 40), interlaced=0):
    header = struct.pack(">IIBBBBB", *size, bits, colour_type, 0, 0, interlaced)
    pixels = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND")


def with_chunk(data, *new, before=b"IEND"):
    place = data.index(before) - 4
    return data[:place] + b"".join(new) + data[place:]


PASSES = ((5, 8), (5, 7), (5, 15), (10, 15), (10, 30), (20, 30), (20, 60))  # rows, columns of 60 x 40


@pytest.mark.parametrize(
    "options",
    [{}, {"quality": 95, "subsampling": 0}, {"progressive": True}, {"restart_marker_blocks": 3}],
    ids=["default", "no subsampling", "progressive", "restart markers"],
)
def test_a_jpeg_has_the_pixels_that_pillow_gives_it(options):
    smooth = Image.fromarray(PIXELS).resize((333, 201), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    smooth.save(buffer, "JPEG", **options)
    expected = np.asarray(Image.open(buffer))
    assert np.array_equal(decode_image(buffer.getvalue(), "a.jpg", "JPEG", "RGB"), expected)


JPEG = saved("JPEG", quality=95)
HALF = len(JPEG) // 2


@pytest.mark.parametrize(
    "damaged",
    [
        JPEG[:HALF] + b"\xff\xd9",
        JPEG[:HALF] + bytes(500) + JPEG[HALF + 500 :],
        JPEG[:HALF] + JPEG[HALF + 400 :],
        JPEG[:HALF] + JPEG[HALF - 400 :],
        JPEG[:-2],
        JPEG[:300],
        JPEG[:3],
    ],
    ids=["half", "zeros", "a block missing", "a block twice", "no end", "header", "three bytes"],
)
def test_a_jpeg_with_damage_in_its_middle_is_refused(damaged):
    with pytest.raises(DataError, match=r"a\.jpg: not a complete JPEG"):
        decode_image(damaged, "a.jpg", "JPEG", "RGB")


@pytest.mark.parametrize(("mode", "name"), [("L", "L"), ("CMYK", "CMYK")])
def test_a_jpeg_of_other_colours_is_refused(mode, name):
    with pytest.raises(DataError, match=f"image mode {name} where RGB"):
        decode_image(saved("JPEG", mode), "a.jpg", "JPEG", "RGB")


@pytest.mark.parametrize(
    ("bits", "colour_type", "row", "mode"),
    [(16, 2, 360, "RGB"), (16, 0, 120, "L"), (4, 0, 30, "L"), (2, 0, 15, "L"), (1, 0, 8, "L")],
)
def test_other_than_8_bits_a_channel_would_lose_labels(bits, colour_type, row, mode):
    data = png(bits, colour_type, 40 * (b"\0" + bytes(row)))
    with pytest.raises(DataError, match=rf"a\.png: {bits} bits a channel where 8 are expected"):
        decode_image(data, "a.png", "PNG", mode)


@pytest.mark.parametrize("file_format", ["GIF", "TIFF", "BMP", "WEBP", "PPM", "ICO", "TGA", "PCX"])
def test_another_format_behind_png_is_refused(file_format):
    with pytest.raises(DataError, match=r"a\.png: not a complete PNG"):
        decode_image(saved(file_format), "a.png", "PNG", "RGB")


@pytest.mark.parametrize(
    "broken",
    [
        chunk(b"tEXt", b"no end of the name"),
        chunk(b"zTXt", b"name\0\0no deflate"),
        chunk(b"zTXt", b"name\0\0" + zlib.compress(bytes(50_000_000))),
        chunk(b"iTXt", b"\0"),
        chunk(b"eXIf", b"MM\0*\0\0\0\x08\xff\xff"),
        chunk(b"iCCP", b"name\0\0no deflate"),
        chunk(b"acTL", b"\0"),
        chunk(b"fcTL", b""),
        chunk(b"pHYs", b"\1"),
        chunk(b"tRNS", b"\1"),
    ],
    ids=lambda data: data[4:8].decode(),
)
@pytest.mark.parametrize("before", [b"IDAT", b"IEND"])
def test_broken_chunks_beside_the_pixels_do_not_matter(broken, before):
    image = decode_image(with_chunk(saved(), broken, before=before), "a.png", "PNG", "RGB")
    assert np.array_equal(image, PIXELS)


@pytest.mark.parametrize(
    "data",
    [
        with_chunk(saved(), chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0))),
        saved()[:8] + chunk(b"gAMA", bytes(4)) + saved()[8:],
        with_chunk(saved(), chunk(b"IDAT", b"more")).replace(saved()[33:60], bytes(27)),
        png(8, 2, 39 * (b"\0" + bytes(180))),
        png(8, 2, 40 * (b"\0" + bytes(180)), interlaced=1)[:-1],
        png(8, 2, 40 * (b"\7" + bytes(180))),
        with_chunk(saved(), chunk(b"ABCD"), before=b"IDAT")[:-30],
    ],
    ids=[
        "two headers",
        "late header",
        "no deflate",
        "a row missing",
        "cut interlaced",
        "filter 7",
        "cut",
    ],
)
def test_a_png_of_a_wrong_structure_is_refused(data):
    with pytest.raises(DataError, match=r"a\.png: not a complete PNG"):
        decode_image(data, "a.png", "PNG", "RGB")


def test_black_and_interlaced_images_are_read():
    assert not np.any(decode_image(png(8, 2, 40 * bytes(181)), "a.png", "PNG", "RGB"))
    rows = sum(range_ * (1 + columns) for range_, columns in PASSES)
    assert not np.any(decode_image(png(8, 0, bytes(rows), interlaced=1), "a.png", "PNG", "L"))
    with pytest.raises(DataError, match="not a complete PNG"):
        decode_image(png(8, 0, bytes(rows - 1), interlaced=1), "a.png", "PNG", "L")


@pytest.mark.parametrize("size", [(7000, 7000), (100_000, 100_000), (2**31 - 1, 2**31 - 1)])
def test_a_declared_size_that_the_bytes_cannot_hold_is_refused_before_memory_is_taken(size):
    start = JPEG.index(b"\xff\xc0") + 5
    forged = JPEG[:start] + struct.pack(">HH", *(min(n, 65_500) for n in size)) + JPEG[start + 4 :]
    tracemalloc.start()
    for data, file_format in ((png(8, 2, bytes(1000), size), "PNG"), (forged, "JPEG")):
        with pytest.raises(DataError, match="pixels"):
            decode_image(data, "a", file_format, "RGB")
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_pipes_and_folders_are_no_images(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "pipe.png", tmp_path):
        with pytest.raises(DataError, match="not a regular file"):
            read_image(path, "PNG", "RGB")
