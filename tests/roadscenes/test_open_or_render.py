import pytest

import roadscenes
from roadscenes import dataset
from roadseg.errors import DataError
from tests import raw_data


def test_without_a_data_set_scenes_are_rendered_and_with_one_they_are_not(tmp_path, monkeypatch):
    few = {"0001": [0], "0002": [3, 4]}
    monkeypatch.setattr(dataset, "_DEFAULT_FRAMES", few)
    source = roadscenes.open_or_render(tmp_path / "Data")
    assert source.kind == "virtual_kitti_1"
    found = [(frame.sequence, frame.index) for frame in source.frames()]
    assert found == [("0001/clone", 0), ("0002/clone", 3), ("0002/clone", 4)]
    assert roadscenes.open_or_render(tmp_path / "Data").frames() == source.frames()
    roadscenes.render(tmp_path / "Data/worlds-3", ["0018"], frames=1, seed=3, progress=False)
    assert roadscenes.open_or_render(tmp_path / "Data").frames() == source.frames()
    tree = raw_data.camvid(tmp_path / "camvid")
    assert roadscenes.open_or_render(tree).kind == "camvid"
    (tmp_path / "other").mkdir()
    (tmp_path / "other/holiday.jpg").touch()
    with pytest.raises(DataError, match="no known data set"):
        roadscenes.open_or_render(tmp_path / "other")


def test_a_folder_with_hidden_files_only_counts_as_empty(tmp_path, monkeypatch):
    """A fetch that failed leaves such files."""
    (tmp_path / ".licence_shown").touch()
    rendered = []
    monkeypatch.setattr(dataset, "render_default", rendered.append)
    with pytest.raises(DataError):
        roadscenes.open_or_render(tmp_path)
    assert rendered == [tmp_path / "scenes"]
