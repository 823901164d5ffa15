"""Image files are decoded whole, as Pillow does it, or refused; frames are fitted to one size."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin, TiffImagePlugin

from roadseg.data.classes import IGNORE
from roadseg.data.sources.images import check_size, fit_image, fit_labels, read_image, read_mask
from roadseg.errors import DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
NOISE = Image.fromarray(PIXELS)
SMOOTH = NOISE.resize((333, 201), Image.Resampling.BICUBIC)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.png"


def save(path, image, file_format="PNG", **options):
    image.save(path, file_format, **options)
    return path


def test_a_jpeg_has_the_pixels_that_pillow_gives_it(path):
    for options in ({}, {"quality": 95, "subsampling": 0}, {"progressive": True}):
        for mode in ("RGB", "L", "CMYK"):
            save(path, SMOOTH.convert(mode), "JPEG", **options)
            expected = Image.open(path).convert("RGB")
            np.testing.assert_array_equal(read_image(path), expected)


def test_images_of_any_kind_become_upright_rgb(path):
    for file_format in ("PNG", "BMP", "TIFF", "WEBP"):
        options = {"lossless": True} if file_format == "WEBP" else {}
        np.testing.assert_array_equal(read_image(save(path, NOISE, file_format, **options)), PIXELS)
    rgba = NOISE.convert("RGBA")
    np.testing.assert_array_equal(read_image(save(path, rgba)), PIXELS)
    rgba.putpixel((1, 2), (200, 100, 50, 0))
    assert read_image(save(path, rgba)).getpixel((1, 2)) == (0, 0, 0)  # blended with black
    deep = np.array([[0, 128, 129, 257, 65407, 65535]], np.uint16)
    for image, file_format in ((deep, "PNG"), (deep.astype(np.int32), "TIFF")):
        found = np.asarray(read_image(save(path, Image.fromarray(image), file_format)))
        assert found[0].tolist() == [3 * [value] for value in (0, 0, 1, 1, 255, 255)]
    exif = Image.Exif()
    exif[274] = 6  # turned by a quarter
    for file_format in ("JPEG", "PNG"):
        image = read_image(save(path, NOISE, file_format, exif=exif))
        assert (image.mode, image.size) == ("RGB", (40, 60))
    with pytest.raises(DataError, match=r"a\.png: holds floats"):
        read_image(save(path, Image.new("F", (4, 4)), "TIFF"))


def test_surprising_files_are_told_or_refused(path):
    save(path, Image.fromarray(np.full((4, 6), 3000, np.uint16)))
    with pytest.warns(UserWarning, match=r"a\.png: .* 3000 of 65535.*has 12 bits, multiply by 16"):
        assert np.asarray(read_image(path)).max() == 12
    pages = {"save_all": True, "append_images": [NOISE.rotate(180), NOISE.rotate(90)]}
    for file_format in ("TIFF", "GIF", "WEBP", "PNG"):
        save(path, NOISE, file_format, **pages)
        with pytest.warns(UserWarning, match=r"a\.png: the first of 3 pages"):
            assert read_image(path).size == NOISE.size
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt("made by", "x" * 3_000_000, zip=True)
    np.testing.assert_array_equal(read_image(save(path, NOISE, pnginfo=notes)), PIXELS)
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[254] = 1  # of a smaller version of the image
    with pytest.raises(DataError, match=r"a\.png: .*raw file; develop it"):
        read_image(save(path, NOISE, "TIFF", tiffinfo=tags))


def test_damaged_files_are_refused(path, monkeypatch):
    buffer = io.BytesIO()
    NOISE.save(buffer, "JPEG", quality=95)
    jpeg, half = buffer.getvalue(), len(buffer.getvalue()) // 2
    damaged = {
        "half": jpeg[:half] + b"\xff\xd9",
        "a block missing": jpeg[:half] + jpeg[half + 400 :],
        "empty": b"",
        "text": b"<html>sorry</html>",
    }
    png = save(path, NOISE).read_bytes()
    changed = bytearray(png)
    changed[len(png) // 2] ^= 1
    damaged |= {"PNG, half": png[: len(png) // 2], "bit": bytes(changed)}
    for name, data in damaged.items():
        path.write_bytes(data)
        with pytest.raises(DataError, match=r"a\.png: damaged or cut off, not a complete PNG"):
            pytest.fail(f"{name}: {read_image(path)}")
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(DataError, match="git lfs pull"):
        read_image(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(DataError, match=r"a\.png: too large \(Image size .* limit of 20 pixels.*cut it"):
        read_image(save(path, NOISE))
    with pytest.raises(DataError, match=r"none\.png: cannot be read"):
        read_image(path.with_name("none.png"))


def test_masks_keep_their_values(path):
    grey = Image.fromarray(PIXELS[..., 0])
    for mask in (
        grey,
        grey.convert("P"),
        NOISE,
        Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257),
    ):
        for file_format in ("PNG", "TIFF"):
            found = read_mask(save(path, mask, file_format))
            assert found.mode == mask.mode
            np.testing.assert_array_equal(found, mask)
    for mode in ("LA", "RGBA"):
        found = read_mask(save(path, NOISE.convert(mode)))
        assert found.mode == mode.removesuffix("A")
    assert np.unique(read_mask(save(path, grey.convert("1")))).tolist() == [0, 1]


def test_masks_whose_values_were_lost_or_are_unclear_are_refused(path):
    with pytest.raises(DataError, match=r"a\.png: JPEG with 8 bits a channel in mode RGB; save"):
        read_mask(save(path, NOISE, "JPEG"))
    transparent = NOISE.convert("RGBA")
    transparent.putpixel((2, 2), (0, 0, 0, 128))
    with pytest.raises(DataError, match="without an alpha channel"):
        read_mask(save(path, transparent))
    grey = save(path, Image.linear_gradient("L").quantize(4), bits=2).read_bytes()
    start = grey.index(b"PLTE") - 4
    two_bits = bytearray(grey[:start] + grey[grey.index(b"IDAT") - 4 :])
    two_bits[25] = 0  # the colour type of grey
    two_bits[29:33] = zlib.crc32(two_bits[12:29]).to_bytes(4, "big")
    path.write_bytes(two_bits)
    with pytest.raises(DataError, match="2 bits a channel"):
        read_mask(path)


def test_a_frame_keeps_its_shape_is_centred_and_reaches_two_sides():
    for old in ((1242, 375), (375, 1242), (7, 5), (64, 48), (1, 1)):
        for size in ((48, 64), (33, 20), (1, 1)):
            labels = fit_labels(np.zeros(old, np.uint8), size)
            image = np.asarray(fit_image(Image.new("RGB", old[::-1], "white"), size))
            assert (labels.shape, image.shape) == (size, (*size, 3))
            np.testing.assert_array_equal(image[..., 0] == 255, labels == 0)
            rows, columns = np.nonzero(labels == 0)
            height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
            assert height == size[0] or width == size[1]
            assert abs(height - old[0] * min(size[0] / old[0], size[1] / old[1])) <= 1
            assert 0 <= size[0] - 1 - rows.max() - rows.min() <= 1
            assert 0 <= size[1] - 1 - columns.max() - columns.min() <= 1


def test_images_are_averaged_and_labels_are_not():
    np.testing.assert_array_equal(fit_image(NOISE, (40, 60)), PIXELS)
    np.testing.assert_array_equal(fit_labels(PIXELS[..., 0], (40, 60)), PIXELS[..., 0])
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[:, 2:] = 100
    labels = np.repeat([[1, 1, 9, 9]], 4, axis=0).astype(np.uint8)
    assert np.asarray(fit_image(Image.fromarray(pixels), (1, 1))).tolist() == [[[50, 50, 50]]]
    assert fit_labels(labels, (2, 2)).tolist() == [[1, 9], [1, 9]]
    assert fit_labels(labels, (2, 4)).tolist() == 2 * [[IGNORE, 1, 9, IGNORE]]
    for size in ((0, 5), (5, -1), (5, 20_000)):
        with pytest.raises(DataError, match="give height and width in pixels"):
            check_size(size)
