"""The weights for photographs are trained, evaluated and saved, here on a few frames."""

from dataclasses import replace

import numpy as np

from roadseg import networks
from roadseg.data import preprocess, sources, splits, store
from studies import camvid_weights
from tests import raw_data


def test_weights_are_trained_evaluated_and_loaded_by_name(tmp_path, monkeypatch):
    preprocess.to_hdf5(
        sources.open(raw_data.camvid(tmp_path / "raw")), tmp_path / "store", scale=1, progress=False
    )
    frames = store.open(tmp_path / "store")
    start = networks.load_pretrained("simple_plus")
    monkeypatch.setattr(networks.pretrained, "FOLDER", tmp_path / "weights")
    monkeypatch.setattr(networks, "load_pretrained", lambda name: start)
    recipe = camvid_weights.RECIPE
    small = replace(recipe.augmentation, crop=(40, 48))
    recipe = replace(recipe, epochs=1, augmentation=small, learning_rate=1e-6)
    camvid_weights.train_weights(frames, recipe, tmp_path / "run")
    monkeypatch.undo()
    monkeypatch.setattr(networks.pretrained, "FOLDER", tmp_path / "weights")
    card = networks.model_card("simple_plus", "camvid")
    assert card.frames == len(splits.by_sequence(frames, ["val"]).train) == 4
    assert card.class_names == frames.class_names
    plain, blue = (np.array(result["confusion"]) for result in card.results.values())
    assert 0 < plain.trace() < plain.sum()
    np.testing.assert_array_equal(plain.sum(1), blue.sum(1))  # the same pixels
    assert not np.array_equal(plain, blue)
    trained = networks.load_pretrained("simple_plus", weights="camvid")
    layer = "encoder2_reduce"
    started, ended = (net.get_layer(layer).get_weights()[0] for net in (start, trained))
    np.testing.assert_allclose(ended, started, atol=1e-4)  # it started from the rendered weights
    assert not np.array_equal(ended, started)
