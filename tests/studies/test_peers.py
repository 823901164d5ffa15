"""Networks that a user might choose instead."""

import numpy as np
import pytest

from roadseg.training.losses import CrossEntropy
from studies import peers

pytestmark = pytest.mark.usefixtures("eager")


def test_fast_scnn_has_the_papers_size_and_trains():
    network = peers.build("fast_scnn", (66, 97, 3), 19, 0, "float32")
    assert network.output_shape == (None, 66, 97, 19)
    assert network.count_params() == pytest.approx(1.11e6, rel=0.1)  # table 1 of the paper's results
    image, labels = np.zeros((2, 66, 97, 3), np.uint8), np.zeros((2, 66, 97), np.uint8)
    network.compile("adam", CrossEntropy())
    assert 0 < network.train_on_batch(image, labels) < 10


def test_inference_is_timed_by_network(monkeypatch):
    monkeypatch.setattr(peers, "_ROUNDS", 1)
    measured = peers.inference_ms(peers.PEERS.trials[:2], (32, 48))
    assert list(measured) == ["simple", "simple_plus"]
    assert min(measured.values()) > 0
    assert peers.frames_per_second()["simple_plus"] == 97
