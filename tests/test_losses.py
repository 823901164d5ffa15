import keras
import numpy as np
import pytest

from roadseg.classes import IGNORE
from roadseg.losses import CrossEntropy, median_frequency_weights


def reference(labels, logits, weights):
    """Pixel by pixel, in float64."""
    total = weight = 0.0
    for label, row in zip(labels.ravel(), logits.reshape(-1, logits.shape[-1]), strict=True):
        if label != IGNORE:
            row = row.astype(np.float64)
            total += weights[label] * (np.log(np.exp(row - row.max()).sum()) + row.max() - row[label])
            weight += weights[label]
    return total / weight


@pytest.mark.parametrize("weights", [None, [1.0, 0.5, 4.0, 2.0]])
def test_agrees_with_a_slow_reference_and_is_blind_to_ignored_pixels(weights):
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 4, (2, 5, 6)).astype(np.uint8)
    labels[0, :3] = IGNORE
    logits = generator.normal(scale=5, size=(2, 5, 6, 4)).astype(np.float32)
    loss = float(CrossEntropy(weights)(labels, logits))
    assert loss == pytest.approx(reference(labels, logits, weights or [1.0] * 4), rel=1e-5)
    logits[0, :3] = 1e6
    assert float(CrossEntropy(weights)(labels, logits)) == pytest.approx(loss, rel=1e-5)


def test_is_the_logarithm_of_the_classes_for_a_network_that_knows_nothing():
    labels = np.arange(14, dtype=np.uint8).reshape(1, 2, 7)
    assert float(CrossEntropy()(labels, np.zeros((1, 2, 7, 14), np.float32))) == pytest.approx(
        np.log(14)
    )


def test_a_batch_without_any_label_costs_nothing():
    labels = np.full((1, 2, 2), IGNORE, np.uint8)
    assert float(CrossEntropy()(labels, np.zeros((1, 2, 2, 3), np.float32))) == 0


def test_median_frequency_weights():
    pixels = np.array([100, 400, 25, 0])
    assert median_frequency_weights(pixels).tolist() == [1, 0.25, 4, 1]
    assert median_frequency_weights(pixels, power=0.5).tolist() == [1, 0.5, 2, 1]


def test_a_saved_loss_comes_back_with_its_weights():
    loss = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(CrossEntropy([1, 2]))
    )
    assert loss.class_weights == [1, 2]
