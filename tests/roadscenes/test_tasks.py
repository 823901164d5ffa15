"""The same seed gives the same bytes; seed, variation and randomisation change what they should."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import roadscenes
from roadseg.errors import DataError
from tests.roadscenes.small_scenes import RENDERED, digests


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_workers(rendered, tmp_path):
    roadscenes.render(tmp_path / "again", **RENDERED, workers=1, progress=False)
    assert digests(tmp_path / "again") == digests(rendered)


@pytest.mark.parametrize("randomise", [False, True])
def test_a_variation_looks_the_same_alone_and_beside_others(tmp_path, randomise):
    for folder, variations in (("alone", ["rain"]), ("together", ["clone", "overcast", "rain"])):
        roadscenes.render(
            tmp_path / folder, ["0018"], variations, [3], randomise=randomise, progress=False
        )
    rain = Path("vkitti_1.3.1_rgb/0018/rain/00003.png")
    alone, together = ((tmp_path / folder / rain).read_bytes() for folder in ("alone", "together"))
    assert alone == together


def test_another_seed_gives_another_world(rendered, tmp_path):
    roadscenes.render(tmp_path / "other", worlds=["0018"], frames=1, seed=1, progress=False)
    name = "vkitti_1.3.1_rgb/0018/clone/00000.png"
    assert (tmp_path / "other" / name).read_bytes() != (rendered / name).read_bytes()


def test_randomised_frames_show_the_same_things_in_other_light_and_colours(rendered, tmp_path):
    asked = {"worlds": ["0018"], "variations": ["clone"], "frames": [0, 9], "randomise": True}
    for folder in ("randomised", "again"):
        roadscenes.render(tmp_path / folder, **asked, progress=False)
    assert digests(tmp_path / "randomised") == digests(tmp_path / "again")
    brighter_sky = []
    for frame in ("0018/clone/00000.png", "0018/clone/00009.png"):
        label, image = (f"{part}/{frame}" for part in ("vkitti_1.3.1_scenegt", "vkitti_1.3.1_rgb"))
        assert (tmp_path / "randomised" / label).read_bytes() == (rendered / label).read_bytes()
        folders = rendered, tmp_path / "randomised"
        plain, randomised = (np.asarray(Image.open(folder / image)) / 255 for folder in folders)
        assert np.abs(plain - randomised).mean() > 0.02
        brighter_sky.append(randomised[:40].mean() / plain[:40].mean())
    assert abs(brighter_sky[0] - brighter_sky[1]) > 0.05  # each frame has its own light
    with pytest.raises(DataError, match="randomise"):
        roadscenes.render(tmp_path / "randomised", ["0018"], frames=2, progress=False)


@pytest.mark.parametrize("name", ["0001/{}/00000.png", "0018/{}/00009.png"])
def test_variations_share_the_labels_and_turned_cameras_do_not(rendered, name):
    clone, fog, left = (
        (rendered / "vkitti_1.3.1_scenegt" / name.format(variation)).read_bytes()
        for variation in RENDERED["variations"]
    )
    assert clone == fog
    assert clone != left
