"""docs/images/make.py, on a few scenes and away from the project."""

import importlib.util
from pathlib import Path

import numpy as np
from PIL import Image

SCRIPT = Path(__file__).parents[1] / "docs/images/make.py"


def test_images_of_scenes_and_of_a_drive_are_made(tmp_path):
    spec = importlib.util.spec_from_file_location("make_images", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    target = tmp_path / "images"
    target.mkdir()
    script.make(
        target, tmp_path / "data", tmp_path / "stores", variations=["clone"], drive=range(100, 102)
    )
    images = {path.name: Image.open(path) for path in target.iterdir()}
    notebooks = {f"{path.stem}.jpg" for path in SCRIPT.parents[2].glob("Code/*.ipynb")}
    assert images.keys() == {"simple.png", "variations.jpg", "strip.png", "drive.webp"} | notebooks
    assert images["drive.webp"].n_frames == 2
    assert images["drive.webp"].width == script.WIDTH
    assert {images[name].size for name in notebooks} == {script.SMALL}
    assert all(len(np.unique(image.convert("L"))) > 50 for image in images.values())
