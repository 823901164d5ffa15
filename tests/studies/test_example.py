"""The short trainings of the notebooks."""

import numpy as np
import pytest

from roadseg import evaluation
from roadseg.training.recipes import RECIPES
from studies import example
from studies.runner import Trial

pytestmark = pytest.mark.usefixtures("eager")


def test_a_network_is_trained_for_some_epochs_and_read_the_second_time(raw, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frames, split = example.open_frames(str(raw), 3)
    assert frames.image_shape == (21, 32, 3)
    assert {frames.sequence[index] for index in split.validation} == {"0002/clone"}
    trial = Trial("simple", "simple", RECIPES["quick"])
    networks, runs = example.train([trial], frames, split, epochs=1)
    counted = evaluation.evaluate(networks["simple"], frames, split.validation)
    assert np.array_equal(runs["simple"].result.confusion, counted.confusion)
    (run,) = (tmp_path / "Runs").iterdir()
    written = (run / "metrics.json").stat().st_mtime_ns
    example.train([trial], frames, split, epochs=1)
    assert (run / "metrics.json").stat().st_mtime_ns == written
