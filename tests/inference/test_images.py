"""Whatever an image is stored as, it arrives upright, in 8 bit and RGB."""

import numpy as np
import pytest
from PIL import Image, PngImagePlugin, TiffImagePlugin

from roadseg.errors import DataError
from roadseg.inference.images import read_image

GREY = np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6)


def pixels(image) -> np.ndarray:
    read = read_image(image)
    assert read.mode == "RGB"
    return np.asarray(read)


def test_grey_becomes_rgb_and_16_bit_become_8(tmp_path):
    deep = GREY.astype(np.uint16) * 257
    Image.fromarray(GREY).save(tmp_path / "grey.png")
    Image.fromarray(deep).save(tmp_path / "deep.png")
    Image.fromarray(deep.astype(np.int32), "I").save(tmp_path / "deep.tif")
    files = (tmp_path / name for name in ("grey.png", "deep.png", "deep.tif"))
    arrays = GREY, GREY[..., None], deep, np.stack(3 * [deep], axis=2)
    for image in (*files, *arrays, Image.fromarray(GREY)):
        np.testing.assert_array_equal(pixels(image), np.repeat(GREY[..., None], 3, axis=2))
    assert pixels(np.array([[65535, 65407, 128, 129]], np.uint16))[0, :, 0].tolist() == [255, 255, 0, 1]
    Image.fromarray(np.full((4, 6), 3000, np.uint16)).save(tmp_path / "twelve.png")
    with pytest.warns(UserWarning, match=r"twelve\.png: .* 3000 of 65535.*has 12 bits, multiply by 16"):
        assert pixels(tmp_path / "twelve.png").max() == 12


def test_colour_palettes_become_rgb_and_transparent_pixels_black(tmp_path):
    indexed = Image.fromarray(GREY // 80, "P")
    indexed.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    indexed.save(tmp_path / "palette.png")
    assert pixels(tmp_path / "palette.png")[[0, 3], [0, 5]].tolist() == [[255, 0, 0], [0, 0, 255]]
    indexed.save(tmp_path / "clear.png", transparency=0)
    assert pixels(tmp_path / "clear.png")[[0, 3], [0, 5]].tolist() == [[0, 0, 0], [0, 0, 255]]
    image = np.full((2, 3, 4), 200, np.uint8)
    image[..., 3] = 255, 128, 0
    assert pixels(image)[0, :, 0].tolist() == [200, 100, 0]


def test_exif_turns_the_image_upright(tmp_path):
    for orientation, turns in ((1, 0), (3, 2), (6, 3), (8, 1)):
        exif = Image.Exif()
        exif[0x0112] = orientation
        for name, error in (("turned.png", 0), ("turned.jpg", 3)):
            Image.fromarray(GREY).save(tmp_path / name, exif=exif, quality=100)
            turned = pixels(tmp_path / name)[..., 0]
            np.testing.assert_allclose(turned, np.rot90(GREY, turns), atol=error)


def test_images_of_other_kinds_are_refused(tmp_path):
    Image.fromarray(GREY / np.float32(255)).save(tmp_path / "floats.tif")
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[254] = 1  # of a smaller version of the image
    Image.fromarray(GREY).save(tmp_path / "photo.dng", "TIFF", tiffinfo=tags)
    for image, message in (
        (np.zeros((4, 4, 3), np.float32), r"float32 .*255 \* array"),
        (np.zeros((4, 4, 3), np.int64), "int64 .* give uint8"),
        (np.zeros((4, 4, 2), np.uint8), r"shape \(4, 4, 2\)"),
        (np.zeros((0, 4, 3), np.uint8), "shape"),
        (tmp_path / "floats.tif", r"floats\.tif: holds floats"),
        (tmp_path / "photo.dng", r"photo\.dng: .*raw file; develop it"),
    ):
        with pytest.raises(DataError, match=message):
            read_image(image)


def test_further_pages_are_told_and_long_notes_are_no_damage(tmp_path):
    page = Image.fromarray(GREY)
    for suffix in ("tif", "gif", "webp", "png"):
        path = tmp_path / f"pages.{suffix}"
        page.save(path, save_all=True, append_images=[page.rotate(180), page.rotate(90)])
        with pytest.warns(UserWarning, match=rf"pages\.{suffix}: the first of 3 pages"):
            read_image(path)
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt("made by", "x" * 3_000_000, zip=True)
    page.save(tmp_path / "notes.png", pnginfo=notes)
    np.testing.assert_array_equal(pixels(tmp_path / "notes.png")[..., 0], GREY)


def test_a_file_that_cannot_be_read_is_named_with_the_remedy(tmp_path, monkeypatch):
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    for suffix in ("png", "jpg", "webp", "bmp"):
        path = tmp_path / f"road.{suffix}"
        Image.fromarray(noise).save(path)
        whole = path.read_bytes()
        half = len(whole) // 2
        contents = [
            (whole[:half], "damaged or cut off.*copy it again"),
            (b"", "empty; copy it again"),
            (b"no image at all", "not an image that can be read; convert it"),
        ]
        if suffix in ("png", "jpg"):  # with an end, and with a hole: Pillow would read both
            contents.append((whole[:half] + whole[-12:], "damaged or cut off"))
            contents.append((whole[:half] + bytes(500) + whole[half + 500 :], "damaged or cut off"))
        for content, message in contents:
            path.write_bytes(content)
            with pytest.raises(DataError, match=rf"road\.{suffix}: {message}"):
                read_image(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    Image.fromarray(GREY).save(tmp_path / "panorama.png")
    for name, message in (
        ("panorama.png", "more pixels .*; shrink it"),
        ("no.png", "no such file"),
        ("", "a folder"),
    ):
        with pytest.raises(DataError, match=message):
            read_image(tmp_path / name)
