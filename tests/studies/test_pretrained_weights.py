"""The scripts behind the weights and pictures that ship, on a few scenes and away from the project."""

import json
from dataclasses import replace

import joblib
import make_pictures
import numpy as np
from PIL import Image

from roadseg import networks, training
from studies import pretrained_weights


def test_weights_are_trained_measured_and_loaded_by_name(tmp_path, monkeypatch):
    few = {
        "LAYOUTS": {"0018": pretrained_weights.LAYOUTS["0018"]},
        "_LEARNED": range(1),
        "_RANDOMISED": range(1, 2),
        "_VALIDATED": range(2, 3),
        "_HELD_OUT": range(3, 4),
        "_VARIATIONS": 1,
        "_EVERY": 250,
        "_HERE": tmp_path,
    }
    for name, value in few.items():
        monkeypatch.setattr(pretrained_weights, name, value)
    monkeypatch.setattr(networks, "PRETRAINED", tmp_path / "pretrained")
    once = replace(training.RECIPES["transfer"], epochs=1)
    monkeypatch.setitem(training.RECIPES, "transfer", once)
    monkeypatch.setattr("sys.argv", ["pretrained_weights.py", "--networks", "simple_plus"])
    with joblib.parallel_config(backend="sequential"):  # another process would not know of all that
        pretrained_weights.main()
    card = json.loads((tmp_path / "pretrained/simple_plus.json").read_text("utf-8"))
    assert card["frames"] == 4
    (result,) = card["results"].values()
    assert 0 < result["pixel_accuracy"] < 1
    trained = networks.load_pretrained("simple_plus")
    start = networks.build("simple_plus", trained.input_shape[1:], 14)
    assert not np.array_equal(trained.get_weights()[0], start.get_weights()[0])


def test_pictures_of_scenes_and_of_a_drive_are_made(tmp_path, monkeypatch):
    few = {
        "VARIATIONS": ("clone",),
        "_DRIVE": range(100, 102),
        "_HERE": tmp_path,
        "_PICTURES": tmp_path / "pictures",
    }
    for name, value in few.items():
        monkeypatch.setattr(make_pictures, name, value)
    make_pictures.main()
    written = {path.name: Image.open(path) for path in (tmp_path / "pictures").iterdir()}
    assert written.keys() == {"variations.jpg", "strip.png", "drive.webp"}
    assert written["drive.webp"].n_frames == 2
    assert written["drive.webp"].size == (414, 3 * 125)
    assert all(len(np.unique(picture.convert("L"))) > 50 for picture in written.values())
