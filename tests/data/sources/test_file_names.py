"""No frame is lost or mixed up because of its file's name; each fault names the file."""

import os
import shutil

import pytest

from roadseg.data import preprocess, sources
from roadseg.errors import DataError
from tests import raw_data

KITTI = "vkitti_1.3.1_rgb/0001/clone"


@pytest.fixture
def camvid(tmp_path):
    return raw_data.camvid(tmp_path / "data")


@pytest.fixture
def kitti(tmp_path):
    return raw_data.virtual_kitti_1(tmp_path / "data")


def add_frame(tree, name):
    """A copy of a frame under another name, image and label."""
    for folder in ("train", "trainannot"):
        shutil.copy(tree / folder / "0001TP_00030.png", os.path.join(tree / folder, name))  # noqa: PTH118


@pytest.mark.parametrize("name", ["0001TP_f00030.png", "0001TP_30.png", "0001TP_000030.png"])
def test_two_files_with_one_number_are_both_named(camvid, name):
    add_frame(camvid, name)
    with pytest.raises(DataError, match="the same frame number") as error:
        sources.open(camvid).frames()
    assert name in str(error.value)
    assert "0001TP_00030.png" in str(error.value)


@pytest.mark.parametrize("name", ["0001TP_" + 25 * "9" + ".png", "0001TP_\u0660\u0661.png"])
def test_numbers_of_other_digits_or_beyond_64_bits_are_no_frames(camvid, name):
    add_frame(camvid, name)
    with pytest.raises(DataError, match=f"{name}: not a frame's name"):
        sources.open(camvid).frames()


def test_digits_of_other_scripts_are_no_frames_of_virtual_kitti(kitti):
    name = "\u0660\u0660\u0660\u0660\u0661.png"
    shutil.copy(kitti / KITTI / "00001.png", kitti / KITTI / name)
    with pytest.raises(DataError, match=f"{name}: not a frame's name"):
        sources.open(kitti).frames()


def test_digits_of_other_scripts_are_no_colours(kitti):
    path = kitti / "vkitti_1.3.1_scenegt/0001_clone_scenegt_rgb_encoding.txt"
    path.write_text(path.read_text().replace("Pole 255", "Pole \u0662\u0665\u0665"), "utf-8")
    with pytest.raises(DataError, match="a name and three numbers"):
        sources.open(kitti).class_map("0001/clone")


def test_a_name_that_is_not_utf_8_is_an_error_that_can_be_printed(camvid):
    add_frame(camvid, b"a\xff_00030.png".decode("utf-8", "surrogateescape"))
    with pytest.raises(DataError, match=r"train/a\\udcff.* is not text") as error:
        sources.open(camvid).frames()
    str(error.value).encode()


def test_a_folder_whose_name_is_not_utf_8_can_be_preprocessed(camvid, tmp_path):
    name = b"\xff\xfe".decode("utf-8", "surrogateescape")
    os.rename(camvid, os.path.join(tmp_path, name))  # noqa: PTH104, PTH118
    report = preprocess.to_hdf5(sources.open(tmp_path / name), tmp_path / f"store{name}", progress=False)
    assert report.frames == 6
    add_frame(tmp_path / name, "stray.txt")
    with pytest.raises(DataError) as error:
        sources.open(tmp_path / name).frames()
    str(error.value).encode()


def broken_link(path):
    path.symlink_to("/nowhere")


def circle(path):
    path.symlink_to(path)


def pipe(path):
    os.mkfifo(path)


def folder(path):
    path.mkdir()


@pytest.mark.parametrize("kind", [broken_link, circle, pipe, folder])
@pytest.mark.parametrize("name", [f"{KITTI}/00001.png", KITTI.replace("rgb", "scenegt") + "/00001.png"])
def test_what_is_no_regular_file_is_named(kitti, kind, name):
    (kitti / name).unlink()
    kind(kitti / name)
    with pytest.raises(DataError, match=r"00001\.png: a broken link, or not a regular file"):
        sources.open(kitti).frames()


def test_a_link_to_a_frame_is_followed(kitti, tmp_path):
    path = kitti / KITTI / "00001.png"
    path.rename(tmp_path / "elsewhere.png")
    path.symlink_to(tmp_path / "elsewhere.png")
    source = sources.open(kitti)
    assert source.read(source.frames()[1])[0].size == (raw_data.WIDTH, raw_data.HEIGHT)


def test_a_broken_link_for_a_sequence_is_not_passed_over(kitti):
    (kitti / "vkitti_1.3.1_rgb/0001/fog").symlink_to("/nowhere")
    with pytest.raises(DataError, match="0001/fog: a broken link"):
        sources.open(kitti).sequences()


@pytest.mark.parametrize("closed", ["", "vkitti_1.3.1_rgb/0001", KITTI])
def test_a_folder_that_cannot_be_read_is_not_passed_over(kitti, closed, monkeypatch):
    scandir = os.scandir

    def refuse(path):
        if os.fspath(path) == os.fspath(kitti / closed):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(DataError, match=rf"{closed}: cannot be read \(Permission denied\)"):
        sources.open(kitti).frames()


@pytest.mark.parametrize("name", ["", "a/b"])
def test_a_joined_data_set_has_a_name_without_folders(kitti, name):
    with pytest.raises(DataError, match="choose a name without /"):
        sources.Joined({name: sources.open(kitti)})


def test_data_below_the_home_directory_is_found(kitti, monkeypatch):
    monkeypatch.setenv("HOME", str(kitti.parent))
    assert sources.open("~/data").path == kitti
