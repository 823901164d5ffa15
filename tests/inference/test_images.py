"""Whatever an image is stored as, it arrives upright, in 8 bit and RGB."""

import numpy as np
import pytest
from PIL import Image

from roadseg.errors import DataError
from roadseg.inference.images import read_image

GREY = np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6)


def pixels(image) -> np.ndarray:
    read = read_image(image)
    assert read.mode == "RGB"
    return np.asarray(read)


def test_grey_becomes_rgb(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "grey.png")
    for image in (GREY, GREY[..., None], Image.fromarray(GREY), tmp_path / "grey.png"):
        np.testing.assert_array_equal(pixels(image), np.repeat(GREY[..., None], 3, axis=2))


def test_16_bit_becomes_8_bit(tmp_path):
    deep = GREY.astype(np.uint16) * 257
    Image.fromarray(deep).save(tmp_path / "deep.png")
    Image.fromarray(deep.astype(np.int32), "I").save(tmp_path / "deep.tif")
    for image in (deep, tmp_path / "deep.png", tmp_path / "deep.tif", np.stack(3 * [deep], axis=2)):
        np.testing.assert_array_equal(pixels(image), np.repeat(GREY[..., None], 3, axis=2))
    assert pixels(np.array([[65535, 65407, 128, 129]], np.uint16))[0, :, 0].tolist() == [255, 255, 0, 1]


def test_colour_palettes_become_rgb(tmp_path):
    image = Image.fromarray(GREY // 80, "P")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.save(tmp_path / "palette.png")
    assert pixels(tmp_path / "palette.png")[0, 0].tolist() == [255, 0, 0]
    assert pixels(tmp_path / "palette.png")[3, 5].tolist() == [0, 0, 255]


def test_transparent_pixels_are_blended_with_black(tmp_path):
    image = np.full((2, 3, 4), 200, np.uint8)
    image[..., 3] = 255, 128, 0
    Image.fromarray(image).save(tmp_path / "clear.png")
    for each in (image, tmp_path / "clear.png"):
        assert pixels(each)[0, :, 0].tolist() == [200, 100, 0]
    indexed = Image.fromarray(GREY // 80, "P")
    indexed.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    indexed.save(tmp_path / "indexed.png", transparency=0)
    assert pixels(tmp_path / "indexed.png")[0, 0].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, 3), (8, 1)])
def test_exif_turns_the_image_upright(tmp_path, orientation, turns):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(GREY).save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(pixels(tmp_path / "turned.png")[..., 0], np.rot90(GREY, turns))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((4, 4, 3), np.float32), r"floats.*255 \* array"),
        (np.zeros((4, 4, 3), np.int64), "int64: give uint8"),
        (np.zeros((4, 4, 2), np.uint8), r"shape \(4, 4, 2\)"),
        (np.zeros((4, 4, 3, 1), np.uint8), "shape"),
        (np.zeros((0, 4, 3), np.uint8), "shape"),
    ],
)
def test_other_arrays_are_refused(array, message):
    with pytest.raises(DataError, match=message):
        read_image(array)


def test_float_images_are_refused(tmp_path):
    Image.fromarray(GREY / np.float32(255)).save(tmp_path / "floats.tif")
    with pytest.raises(DataError, match=r"floats\.tif: holds floats"):
        read_image(tmp_path / "floats.tif")


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp"])
def test_a_damaged_file_is_named_with_the_remedy(tmp_path, suffix):
    path = tmp_path / f"road.{suffix}"
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    Image.fromarray(noise).save(path)
    whole = path.read_bytes()
    for content, message in (
        (whole[: len(whole) // 2], "damaged or cut off.*copy it again"),
        (b"", "empty; copy it again"),
        (b"no image at all", "not an image that can be read; convert it"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=rf"road\.{suffix}: {message}"):
            read_image(path)


def test_what_is_no_readable_file_is_named(tmp_path, monkeypatch):
    with pytest.raises(DataError, match=r"nowhere\.png: no such file"):
        read_image(tmp_path / "nowhere.png")
    with pytest.raises(DataError, match="not a file"):
        read_image(tmp_path)
    path = tmp_path / "locked.png"
    Image.fromarray(GREY).save(path)

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Image, "open", refuse)
    with pytest.raises(DataError, match=r"locked\.png: no permission.*chmod"):
        read_image(path)
