"""Files, resuming, and what is refused."""

import os
import signal

import numpy as np
import pytest
from PIL import Image

import roadscenes
from roadscenes import dataset
from roadscenes.class_ids import ROAD, TERRAIN
from roadseg.data import sources
from roadseg.errors import DataError
from tests.roadscenes.small_scenes import RENDERED, digests


def test_the_files_are_those_of_virtual_kitti(rendered):
    names = sorted(str(path.relative_to(rendered)) for path in rendered.rglob("*.png"))
    assert len(names) == 2 * 2 * 3 * 2
    assert "vkitti_1.3.1_rgb/0018/30-deg-left/00009.png" in names
    with Image.open(rendered / "vkitti_1.3.1_rgb/0001/fog/00000.png") as image:
        assert (image.size, image.mode, image.format) == ((1242, 375), "RGB", "PNG")
    encoding = rendered / "vkitti_1.3.1_scenegt/0001_fog_scenegt_rgb_encoding.txt"
    lines = encoding.read_text().splitlines()
    assert lines[:3] == ["Category(:id) r g b", "Terrain 210 0 200", "Sky 90 200 255"]
    assert any(line.startswith("Car:") for line in lines)


def test_the_reader_of_the_real_data_set_recognises_and_reads_them(rendered):
    source = sources.open(rendered)
    assert source.kind == "virtual_kitti_1"
    assert source.sequences() == sorted(
        f"{w}/{v}" for w in RENDERED["worlds"] for v in RENDERED["variations"]
    )
    for frame in source.frames("0001"):
        image, labels = source.read(frame)  # raises DataError at any colour that is not listed
        assert np.asarray(image).std() > 10
        assert np.isin([ROAD, TERRAIN], labels).all()


def test_an_interrupted_rendering_continues_and_a_later_one_adds(rendered, tmp_path):
    target = tmp_path / "scenes"
    roadscenes.render(target, ["0018"], ["clone"], [0, 5, 9], progress=False)
    image, label = (
        target / f"{part}/0018/clone/0000{number}.png"
        for part, number in (("vkitti_1.3.1_rgb", 9), ("vkitti_1.3.1_scenegt", 0))
    )
    image.unlink()
    label.unlink()
    kept = {path: path.stat().st_mtime_ns for path in target.rglob("00005.png")}
    assert len(kept) == 2
    roadscenes.render(target, ["0018"], ["clone", "fog"], [0, 9], progress=False)
    assert kept == {path: path.stat().st_mtime_ns for path in kept}
    written = {path: path.stat().st_mtime_ns for path in target.rglob("*") if path.is_file()}
    roadscenes.render(target, ["0018"], ["clone", "fog"], [0, 9], progress=False)
    assert written == {path: path.stat().st_mtime_ns for path in target.rglob("*") if path.is_file()}
    expected = {
        name: digest
        for name, digest in digests(rendered).items()
        if "0018" in name and "30-deg" not in name
    }
    found = {name: digest for name, digest in digests(target).items() if "00005" not in name}
    found.pop("roadscenes.json")
    assert found == expected


def test_frames_of_another_version_of_the_project_are_not_mixed_with_new_ones(tmp_path):
    target = tmp_path / "scenes"
    roadscenes.render(target, ["0018"], frames=1, progress=False)
    encoding = target / "vkitti_1.3.1_scenegt/0018_clone_scenegt_rgb_encoding.txt"
    encoding.write_text(encoding.read_text().replace("Car:0 ", "Van:0 "))
    with pytest.raises(DataError, match="another version"):
        roadscenes.render(target, ["0018"], frames=2, progress=False)


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        roadscenes.render(tmp_path / "file" / "scenes", progress=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"worlds": ["0003"]}, "0003"),
        ({"variations": ["snow"]}, "snow"),
        ({"worlds": []}, "choose from"),
        ({"worlds": "0003"}, "0003"),
        ({"frames": [447]}, r"447\.\.447: world 0001 has the frames 0\.\.446"),
        ({"frames": 0}, r"0\.\.446"),
    ],
)
def test_unknown_names_and_frames_are_refused(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        roadscenes.render(tmp_path / "scenes", **arguments)
    assert not (tmp_path / "scenes").exists()


def test_a_folder_with_anything_else_is_refused(rendered, tmp_path):
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(DataError, match="other files"):
        roadscenes.render(tmp_path)
    with pytest.raises(DataError, match="'seed': 0"):
        roadscenes.render(rendered, seed=5)


def killed(task):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_worker_is_one_error_that_says_what_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "render_frames", killed)
    with pytest.raises(DataError, match="is kept, so call again"):
        roadscenes.render(tmp_path, frames=range(0, 400, 10), workers=2, progress=False)


@pytest.mark.parametrize("content", ["{", "[" * 100_000, ""])
def test_a_damaged_marker_is_one_clear_error(content, tmp_path):
    (tmp_path / "roadscenes.json").write_text(content)
    with pytest.raises(DataError, match=r"roadscenes\.json: is damaged"):
        roadscenes.render(tmp_path)


def test_a_sequence_that_was_not_rendered_names_the_command_that_renders_it(rendered):
    with pytest.raises(DataError, match="`make scenes WORLDS=0006 VARIATIONS=rain` renders more"):
        sources.open(rendered).frames(["0006/rain"])
    with pytest.raises(DataError, match="`make scenes WORLDS=0020` renders more"):
        sources.open(rendered).frames(["0020"])
