"""The weights that ship are trained, evaluated and saved, here on a few frames."""

from dataclasses import replace

import joblib
import numpy as np
import pytest

from roadscenes import dataset
from roadseg import evaluation, networks, training
from roadseg.data import preprocess, sources, store
from studies import camvid_weights, fine_tuning, pretrained_weights
from studies.runner import data_sets
from tests import raw_data

pytestmark = pytest.mark.usefixtures("eager")
SHIPPED = networks.pretrained.FOLDER


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(networks.pretrained, "FOLDER", tmp_path / "weights")
    monkeypatch.setattr(data_sets, "DATA", tmp_path / "Data")
    monkeypatch.setattr(data_sets, "PREPROCESSED", tmp_path / "Data_compressed")


def test_weights_for_rendered_scenes_are_loaded_by_name(tmp_path, monkeypatch):
    def render(target, worlds, variations, *_, **__):
        if worlds == ["0018"]:
            raw_data.virtual_kitti_1(target, [f"0018/{variations[0]}"], frames=1)

    monkeypatch.setattr(dataset, "render", render)
    for name, seeds in (("TRAIN", (0,)), ("RANDOMISED", (1,)), ("VALIDATE", (2,)), ("HELD_OUT", (3,))):
        monkeypatch.setattr(pretrained_weights, name, seeds)
    recipe = replace(training.RECIPES["original"], epochs=1)
    with joblib.parallel_config(backend="sequential"):
        pretrained_weights.train_weights(["simple_plus"], [], recipe, tmp_path / "Runs")
    card = networks.model_card("simple_plus")
    assert card.frames == 2 * 3
    (result,) = card.results.values()
    assert 0 < result["pixel_accuracy"] < 1
    start = networks.build("simple_plus", card.image_shape, 14)
    trained = networks.load_pretrained("simple_plus")
    assert not np.array_equal(trained.get_weights()[0], start.get_weights()[0])


def test_weights_for_photographs_start_from_those_for_rendered_scenes(tmp_path, monkeypatch):
    photographs, scenes = (raw_data.camvid(tmp_path / name) for name in ("photographs", "scenes"))
    real = raw_data.virtual_kitti_1(tmp_path / "kitti", ["0001/clone"], frames=1)
    start = networks.build("simple_plus", (63, 96, 3), 14, seed=3)
    monkeypatch.setattr(networks, "load_pretrained", lambda name: start)
    recipe = camvid_weights.RECIPE
    small = replace(recipe.augmentation, crop=(40, 48))
    recipe = replace(recipe, augmentation=small, learning_rate=1e-6)
    rendered = sources.open(scenes)
    camvid_weights.train_weights(photographs, rendered, [real], recipe, (1, 1), tmp_path / "run")
    card = networks.model_card("simple_plus", "camvid")
    assert (card.frames, card.class_names) == (4 + 6, rendered.class_names)
    plain, blue, kitti = (np.array(result["confusion"]) for result in card.results.values())
    frames = data_sets.preprocessed(sources.open(real), camvid_weights.REAL_SCALE)
    trained = networks.pretrained.load_pretrained("simple_plus", frames.image_shape, weights="camvid")
    table = sources.load_table("virtual_kitti_to_camvid")
    again = evaluation.evaluate_transfer(trained, card.class_names, frames, table)
    np.testing.assert_array_equal(kitti, again.confusion)
    rounds = "photographs", "and-rendered-scenes"
    ends = (training.load_best(tmp_path / "run" / name) for name in rounds)
    for mean, *both in zip(trained.get_weights(), *(each.get_weights() for each in ends), strict=True):
        np.testing.assert_allclose(mean, np.mean(both, axis=0), atol=1e-7)
    assert 0 < plain.trace() < plain.sum()
    np.testing.assert_array_equal(plain.sum(1), blue.sum(1))  # the same pixels
    assert not np.array_equal(plain, blue)
    trained = networks.pretrained.load_pretrained("simple_plus", weights="camvid")
    before, after = (each.get_layer("encoder2_reduce").get_weights()[0] for each in (start, trained))
    np.testing.assert_allclose(after, before, atol=1e-4)
    assert not np.array_equal(after, before)


def test_fine_tuning_starts_from_four_networks(tmp_path, monkeypatch):
    monkeypatch.setattr(networks.pretrained, "FOLDER", SHIPPED)
    for name, value in (("OTHER_DRIVES", ["train/0001TP"]), ("POOL", 3), ("MEASURED", 1)):
        monkeypatch.setattr(fine_tuning, name, value)
    source = sources.open(raw_data.camvid(tmp_path / "raw", frames=4))
    preprocess.to_hdf5(source, tmp_path / "store", ["train"], 1, progress=False)
    frames, runs = store.open(tmp_path / "store"), tmp_path / "runs"
    base = replace(fine_tuning.BASE, epochs=1, augmentation=None)
    quick = replace(training.RECIPES["quick"], learning_rate=1e-9, norm_momentum=0.9999)
    rows = [*fine_tuning.measure(frames, base, quick, {2: (1,)}, runs)]
    assert [row["images"] for row in rows] == [0, 2, 2, 2, 2]
    scores = {row["start"]: row["mean IoU"] for row in rows[1:]}
    assert list(scores) == [
        "random weights", "rendered scenes", "photographs", "photographs, other classes"
    ]  # fmt: skip
    assert scores["photographs"] == pytest.approx(rows[0]["mean IoU"], abs=0.02)
    split = training.open_run(runs / "photographs-2-1").split
    assert (split.train, split.validation) == ((4, 6), (7,))  # the first and the last of the pool
