"""Files, the same bytes from the same seed, continuing, and what is refused."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import roadscenes
from roadscenes import dataset
from roadscenes.class_ids import ROAD, TERRAIN
from roadscenes.cli import add_commands
from roadseg.data import sources, splits
from roadseg.errors import DataError
from tests import raw_data
from tests.roadscenes.small_scenes import VARIATIONS, contents

LABELS, IMAGES = "vkitti_1.3.1_scenegt", "vkitti_1.3.1_rgb"


def test_the_files_are_those_of_virtual_kitti_and_its_reader_reads_them(rendered):
    names = sorted(str(path.relative_to(rendered)) for path in rendered.rglob("*.png"))
    assert len(names) == 2 * (1 + 3 * 2)
    assert "vkitti_1.3.1_rgb/0018/30-deg-left/00009.png" in names
    with Image.open(rendered / IMAGES / "0018/fog/00000.png") as image:
        assert (image.size, image.mode, image.format) == ((1242, 375), "RGB", "PNG")
    lines = (rendered / LABELS / "0018_fog_scenegt_rgb_encoding.txt").read_text().splitlines()
    assert lines[:3] == ["Category(:id) r g b", "Terrain 210 0 200", "Sky 90 200 255"]
    assert any(line.startswith("Car:") for line in lines)
    source = sources.open(rendered)
    assert source.kind == "virtual_kitti_1"
    assert source.sequences() == ["0001/clone", "0018/30-deg-left", "0018/clone", "0018/fog"]
    for frame in source.frames(["0001", "0018/fog"]):
        image, labels = source.read(frame)  # raises DataError at any colour that is not listed
        assert np.asarray(image).std() > 10
        assert np.isin([ROAD, TERRAIN], labels).all()
    with pytest.raises(DataError, match="WORLDS=0006 VARIATIONS=rain"):
        source.frames(["0006/rain"])


def test_the_same_seed_gives_the_same_bytes_and_another_one_another_world(rendered, tmp_path):
    expected, name = contents(rendered), f"{IMAGES}/0018/clone/00000.png"
    roadscenes.render(tmp_path / "again", ["0018"], frames=[0, 9], workers=2, progress=False)
    again = contents(tmp_path / "again")
    assert again == {each: expected[each] for each in again}
    roadscenes.render(tmp_path / "other", ["0018"], frames=1, seed=1, workers=1, progress=False)
    assert (tmp_path / "other" / name).read_bytes() != expected[name]


def test_variations_share_labels_where_the_camera_looks_ahead(rendered):
    clone, fog, left = (rendered / LABELS / "0018" / each / "00009.png" for each in VARIATIONS)
    assert clone.read_bytes() == fog.read_bytes()
    assert clone.read_bytes() != left.read_bytes()  # a turned camera


def test_randomised_frames_show_the_same_things_in_other_light_and_colours(rendered, tmp_path):
    roadscenes.render(tmp_path, ["0018"], ["clone"], [0, 9], randomise=True, progress=False)
    brighter_sky = []
    for frame in ("0018/clone/00000.png", "0018/clone/00009.png"):
        assert (tmp_path / LABELS / frame).read_bytes() == (rendered / LABELS / frame).read_bytes()
        both = [Image.open(each / IMAGES / frame) for each in (rendered, tmp_path)]
        plain, other = (np.asarray(image) / 255 for image in both)
        assert np.abs(plain - other).mean() > 0.02
        brighter_sky.append(other[:40].mean() / plain[:40].mean())
    assert abs(brighter_sky[0] - brighter_sky[1]) > 0.05  # each frame has its own light
    with pytest.raises(DataError, match="randomise"):
        roadscenes.render(tmp_path, ["0018"], frames=2, progress=False)


def test_labels_of_camvid_show_people_pavements_and_fences(tmp_path):
    for world, frame in (("0001", 130), ("0002", 60)):
        roadscenes.render(tmp_path, world, frames=[frame], labels="camvid", workers=1, progress=False)
    source = sources.open(tmp_path)
    assert source.kind == "camvid"
    assert source.sequences() == ["0001/clone", "0002/clone"]
    assert splits.last_drive(source.frames()).validation == (1,)  # a world is a drive
    seen = np.zeros(256, int)
    for frame in source.frames():
        image, labels = source.read(frame)
        assert image.size == (480, 360)
        seen += np.bincount(labels.ravel(), minlength=256)
    counts = dict(zip(source.class_names, seen, strict=False))
    assert min(counts.values()) > 20, counts
    assert counts["Pavement"] > 5000
    assert seen[: len(counts)].sum() > 0.98 * seen.sum()
    with pytest.raises(DataError, match="'labels': 'camvid'"):
        roadscenes.render(tmp_path, frames=1, progress=False)


def test_a_later_rendering_adds_only_what_is_missing(rendered, tmp_path):
    target = tmp_path / "scenes"
    shutil.copytree(rendered, target)
    for name in (f"{IMAGES}/0018/clone/00009.png", f"{LABELS}/0018/fog/00000.png"):
        (target / name).unlink()
    kept = {path: path.stat().st_mtime_ns for path in target.rglob("0001/*/*.png")}
    roadscenes.render(target, ["0018"], ["clone", "fog"], [0, 9], workers=1, progress=False)
    assert kept == {path: path.stat().st_mtime_ns for path in kept}
    found = {name: content for name, content in contents(target).items() if "0001" not in name}
    assert found == {name: content for name, content in contents(rendered).items() if "0001" not in name}


def test_the_command_renders_what_it_is_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers(required=True))
    options = parser.parse_args(["render", "--worlds", "0018", "--frames", "0:8:7", "--seed", "2"])
    options.run(options)
    assert "Complete in Data/scenes" in capsys.readouterr().out
    assert {path.name for path in images(tmp_path / "Data/scenes")} == {"00000.png", "00007.png"}
    for arguments, message in (
        (["--worlds", "0003"], "invalid choice: '0003'"),
        (["--variations", "snow"], "invalid choice: 'snow'"),
        (["--labels", "kitti"], "invalid choice: 'kitti'"),
        (["--frames", "1:2:3:4"], "is neither N nor"),
        (["--frames", "0:9:0"], "is neither N nor"),
    ):
        with pytest.raises(SystemExit):
            parser.parse_args(["render", *arguments])
        assert message in capsys.readouterr().err


def test_unknown_names_and_frames_and_folders_with_anything_else_are_refused(rendered, tmp_path):
    for arguments, message in (
        ({"worlds": "0003"}, "0003"),
        ({"variations": ["snow"]}, "snow"),
        ({"worlds": []}, "choose from"),
        ({"labels": "camvidd"}, "camvidd: choose from virtual_kitti, camvid"),
        ({"frames": [447]}, r"447\.\.447: world 0001 has the frames 0\.\.446"),
        ({"frames": 0}, r"0\.\.446"),
    ):
        with pytest.raises(ValueError, match=message):
            roadscenes.render(tmp_path / "scenes", **arguments)
        assert not (tmp_path / "scenes").exists()
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(DataError, match="other files"):
        roadscenes.render(tmp_path)
    with pytest.raises(DataError, match="cannot be written"):
        roadscenes.render(tmp_path / "thesis.txt" / "scenes")
    with pytest.raises(DataError, match="'seed': 0"):
        roadscenes.render(rendered, seed=5)
    (tmp_path / "roadscenes.json").write_text("{")
    with pytest.raises(DataError, match=r"roadscenes\.json: is damaged"):
        roadscenes.render(tmp_path)


def test_without_a_data_set_scenes_are_rendered_and_with_one_they_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "_DEFAULT_FRAMES", {"0001": [0], "0002": [3]})
    (tmp_path / "Data").mkdir()
    (tmp_path / "Data/.index.json").touch()  # as an interrupted fetch leaves it
    source = roadscenes.open_or_render(tmp_path / "Data")
    found = [(frame.sequence, frame.index) for frame in source.frames()]
    assert found == [("0001/clone", 0), ("0002/clone", 3)]
    assert roadscenes.open_or_render(tmp_path / "Data").frames() == source.frames()
    assert roadscenes.open_or_render(raw_data.camvid(tmp_path / "camvid")).kind == "camvid"
    (tmp_path / "other").mkdir()
    (tmp_path / "other/holiday.jpg").touch()
    with pytest.raises(DataError, match="no known data set"):
        roadscenes.open_or_render(tmp_path / "other")


def test_it_needs_neither_tensorflow_nor_embree_before_it_renders(tmp_path):
    program = (
        "import sys; sys.modules['embreex'] = None\n"
        "import roadscenes, roadscenes.cli\n"
        "print({'keras', 'tensorflow'} & {*sys.modules})\n"
        "roadscenes.render(sys.argv[1], frames=1, workers=1, progress=False)"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == "set()\n"
    assert 'not installed: pip install "roadseg[scenes]"' in done.stderr


def images(target: Path) -> list[Path]:
    return list(target.glob(f"{IMAGES}/0018/clone/[0-9]*.png"))


def killed(task):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_worker_is_one_error_that_says_what_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "render_frames", killed)
    with pytest.raises(DataError, match="is kept, so call again"):
        roadscenes.render(tmp_path, frames=range(0, 400, 10), workers=2, progress=False)
