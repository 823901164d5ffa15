"""Which frames a step shows, and how pixels are counted."""

import numpy as np
import pytest

from roadseg.data.classes import IGNORE
from roadseg.evaluation import metrics
from studies.gpu.training import confusion_matrix, plan

SEQUENCE = np.array(["a", "a", "b", "c", "b"])


def test_every_epoch_shows_every_frame_once_in_an_order_that_the_seed_decides():
    train = np.array([0, 1, 2, 4])
    steps = plan(SEQUENCE, train, steps=4, batch_size=2, seed=0)
    assert steps.shape == (4, 2, 2)
    for epoch in (steps[:2, 0], steps[2:, 0]):
        assert sorted(epoch.ravel()) == train.tolist()
    np.testing.assert_array_equal(steps, plan(SEQUENCE, train, 4, 2, seed=0))
    assert (steps != plan(SEQUENCE, train, 4, 2, seed=1)).any()


def test_objects_come_from_training_frames_of_other_sequences():
    train = np.array([0, 1, 2, 4])
    shown, donors = plan(SEQUENCE, train, steps=50, batch_size=2, seed=0).swapaxes(0, 1)
    assert set(donors.ravel()) == set(train.tolist())
    assert (SEQUENCE[shown] != SEQUENCE[donors]).all()
    shown, donors = plan(SEQUENCE, np.array([2, 4]), steps=2, batch_size=2, seed=0).swapaxes(0, 1)
    np.testing.assert_array_equal(shown, donors)


@pytest.mark.parametrize("void", [0.0, 0.3, 1.0])
def test_pixels_are_counted_as_in_evaluation(void):
    generator = np.random.default_rng(0)
    labels, predictions = generator.integers(0, 5, (2, 3, 7, 9)).astype(np.uint8)
    labels[generator.random(labels.shape) < void] = IGNORE
    expected = metrics.confusion_matrix(labels, predictions, 5)
    np.testing.assert_array_equal(confusion_matrix(labels, predictions, 5), expected)
