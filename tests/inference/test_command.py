"""`roadseg predict`, with a network that needs no Keras."""

import numpy as np
import pytest
from PIL import Image

from roadseg import inference
from roadseg.cli import main
from tests.inference.conftest import BrightnessModel


@pytest.fixture
def folder(tmp_path, monkeypatch, halves):
    """Two images in the working folder."""
    monkeypatch.chdir(tmp_path)
    opened = []

    def open_brightness(network, **options):
        opened.append((network, options))
        return inference.Labeller(BrightnessModel(), **options)

    monkeypatch.setattr(inference, "open", open_brightness)
    for name in ("a.png", "b.png"):
        Image.fromarray(halves).save(tmp_path / name)
    return opened


def test_it_labels_files_and_says_what_it_did(folder, tmp_path, capsys):
    assert main(["predict", "simple", "*.png", "--output", "out"]) == 0
    assert "out: 2 labelled" in capsys.readouterr().out
    names = sorted(path.name for path in (tmp_path / "out").glob("a-*"))
    assert names == ["a-ids.png", "a-overlay.jpg", "a-shares.json"]
    assert main(["predict", "simple", "*.png", "--output", "out"]) == 0
    assert "0 labelled, 2 were there already" in capsys.readouterr().out
    assert folder[0] == ("simple", {"scale": None, "tile": False, "flip": False})


def test_options_reach_the_network_and_the_results(folder, tmp_path):
    options = ["--save", "ids", "confidence", "--classes", "Bright", "--scale", "2", "--tile"]
    options += ["--tta", "flip", "--opacity", "0.3"]
    assert main(["predict", "Runs/mine", "a.png", "--output", "out", *options]) == 0
    assert folder == [("Runs/mine", {"scale": 2, "tile": True, "flip": True})]
    names = sorted(path.name for path in (tmp_path / "out").glob("a-*"))
    assert names == ["a-confidence.png", "a-ids.png"]
    with Image.open("out/a-ids.png") as ids:
        assert np.unique(ids).tolist() == [2, 255]


def test_bad_files_are_listed_at_the_end(folder, tmp_path, capsys):
    for number in range(25):
        (tmp_path / f"bad{number:02d}.png").touch()
    assert main(["predict", "simple", "*.png", "--output", "out"]) == 1
    said = capsys.readouterr()
    assert "out: 2 labelled" in said.out
    assert "25 could not be labelled:" in said.err
    assert "bad00.png: empty; copy it again" in said.err
    assert "bad20.png" not in said.err
    assert "and 5 more" in said.err
    assert main(["predict", "simple", "bad*.png", "--output", "out", "--strict"]) == 1
    assert "bad00.png: empty" in capsys.readouterr().err


def test_a_mistyped_class_is_named(folder, capsys):
    assert main(["predict", "simple", "a.png", "--output", "out", "--classes", "Bike"]) == 1
    assert "unknown class 'Bike'" in capsys.readouterr().err
