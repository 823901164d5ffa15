"""The step that is timed is the step that is trained."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.training_step import training_step
from roadseg import networks
from roadseg.data.augmentation import Augmentation
from roadseg.training import RECIPES


@pytest.mark.parametrize("upsampled", [True, False])
def test_a_step_has_the_size_of_crops_and_loss(upsampled, monkeypatch):
    seen = []
    make_loss = type(RECIPES["quick"]).make_loss

    def recording(recipe, pixels):
        loss = make_loss(recipe, pixels)
        call = loss.call
        loss.call = lambda truth, logits: seen.append(logits.shape[1:3]) or call(truth, logits)
        return loss

    monkeypatch.setattr(type(RECIPES["quick"]), "make_loss", recording)
    crops = Augmentation(scale=(0.75, 1.5), crop=(32, 48))
    recipe = replace(RECIPES["quick"], augmentation=crops, upsampled_loss=upsampled)
    network = networks.build("simple_plus", (64, 80, 3), 3)
    step = training_step(network, recipe)
    assert np.isfinite(step()).all()
    assert set(map(tuple, seen)) == {(32, 48) if upsampled else (8, 12)}
