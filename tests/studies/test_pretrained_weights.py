"""The weights that ship are trained, evaluated and saved, here on a few scenes."""

from dataclasses import replace

import joblib
import numpy as np

from roadseg import networks, training
from studies.pretrained_weights import Settings, train_weights


def test_weights_are_trained_evaluated_and_loaded_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(networks.pretrained, "FOLDER", tmp_path / "weights")
    few = Settings(
        train=(0,),
        randomised=(1,),
        validate=(2,),
        held_out=(3,),
        worlds=("0018",),
        variations=1,
        stride=250,
        recipe=replace(training.RECIPES["transfer"], epochs=1),
        folder=tmp_path,
    )
    with joblib.parallel_config(backend="sequential"):  # starting processes takes longer than rendering
        train_weights(["simple_plus"], [], few)
    card = networks.model_card("simple_plus")
    assert card.frames == 4
    (result,) = card.results.values()
    assert 0 < result["pixel_accuracy"] < 1
    trained = networks.load_pretrained("simple_plus")
    start = networks.build("simple_plus", trained.input_shape[1:], 14)
    assert not np.array_equal(trained.get_weights()[0], start.get_weights()[0])
