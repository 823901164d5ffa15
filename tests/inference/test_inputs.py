from pathlib import Path

import pytest

from roadseg.errors import DataError
from roadseg.inference.inputs import find


@pytest.fixture
def folder(tmp_path) -> Path:
    for name in (
        "b.jpg",
        "a.PNG",
        "drive.mp4",
        "notes.txt",
        ".hidden.png",
        "city/c.jpeg",
        "out/d-ids.png",
    ):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "in"


def names(inputs, output=Path("elsewhere")):
    return [str(each.name) for each in find(inputs, output)]


def test_a_folder_stands_for_its_images_and_videos_but_not_for_the_results(folder):
    assert names([folder], folder / "out") == ["a", "b", "city/c", "drive"]
    assert [each.is_video for each in find([folder], folder / "out")] == [False, False, False, True]


def test_patterns_and_files(folder, monkeypatch):
    assert names([folder / "b.jpg"]) == ["b"]
    assert names([str(folder / "*.jpg"), folder / "b.jpg", str(folder / "**/*.jpeg")]) == ["b", "c"]
    monkeypatch.chdir(folder)
    assert names(["*.jpg"]) == ["b"]
    (folder / "[1].png").touch()
    assert names(["[1].png"]) == ["[1]"]


def test_a_missing_file_is_reported_when_it_is_read(folder):
    assert names([folder / "nowhere.png"]) == ["nowhere"]


@pytest.mark.parametrize("text", ["*.bmp", "empty"])
def test_nothing_to_label_is_an_error(folder, monkeypatch, text):
    monkeypatch.chdir(folder)
    (folder / "empty").mkdir()
    with pytest.raises(DataError, match=r"no file matches|holds no image or video"):
        find([text], Path("out"))


def test_two_files_with_results_of_one_name_are_refused(folder):
    (folder / "b.png").touch()
    with pytest.raises(DataError, match=r"b\.png: its results would have the names of .*b\.jpg"):
        find([folder], folder / "out")
