from itertools import pairwise

import keras
import numpy as np
import pytest

from roadseg.data.classes import IGNORE
from roadseg.training.losses import (
    CrossEntropy,
    CrossEntropyAndLovasz,
    LovaszSoftmax,
    effective_number_weights,
    median_frequency_weights,
)


def reference(labels, logits, weights):
    """Pixel by pixel, in float64."""
    total = weight = 0.0
    for label, row in zip(labels.ravel(), logits.reshape(-1, logits.shape[-1]), strict=True):
        if label != IGNORE:
            row = row.astype(np.float64)
            total += weights[label] * (np.log(np.exp(row - row.max()).sum()) + row.max() - row[label])
            weight += weights[label]
    return total / weight


def test_agrees_with_a_slow_reference_and_is_blind_to_ignored_pixels(case):
    labels, logits = case
    for weights in (None, [1.0, 0.5, 4.0, 2.0]):
        loss = float(CrossEntropy(weights)(labels, logits))
        assert loss == pytest.approx(reference(labels, logits, weights or [1.0] * 4), rel=1e-5)
        spoilt = np.where((labels == IGNORE)[..., None], 1e6, logits).astype(np.float32)
        assert float(CrossEntropy(weights)(labels, spoilt)) == pytest.approx(loss, rel=1e-5)


def random_case():
    """Labels with two ignored pixels, and logits."""
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 4, (2, 6, 8)).astype(np.uint8)
    labels[0, 0, :2] = IGNORE
    return labels, generator.normal(scale=2, size=(2, 6, 8, 4)).astype(np.float32)


@pytest.fixture
def case():
    return random_case()


def test_focal_loss_and_label_smoothing_agree_with_keras(case):
    labels, logits = case
    known = labels != IGNORE
    targets, logits = np.eye(4, dtype=np.float32)[labels[known]], logits[known]
    focal = keras.losses.categorical_focal_crossentropy(targets, logits, 1, 2, from_logits=True)
    smooth = keras.losses.categorical_crossentropy(
        targets, logits, from_logits=True, label_smoothing=0.2
    )
    for loss, expected in (
        (CrossEntropy(focal_gamma=2), focal),
        (CrossEntropy(label_smoothing=0.2), smooth),
    ):
        assert float(loss(*case)) == pytest.approx(float(np.mean(expected)), rel=1e-4)


def test_the_hardest_pixels_of_each_image_are_those_with_the_largest_loss(case):
    labels, logits = case
    labels = labels.copy()
    labels[0, 1:] = IGNORE  # leaves few labelled pixels in the first image, most in the second
    hardest = []
    for truth, scores in zip(labels, logits, strict=True):
        pixels = zip(truth[truth != IGNORE], scores[truth != IGNORE], strict=True)
        losses = sorted(reference(np.array([a]), b[None], [1.0] * 4) for a, b in pixels)
        hardest += losses[-round(0.25 * len(losses)) :]
    assert float(CrossEntropy(ohem_share=0.25)(labels, logits)) == pytest.approx(
        np.mean(hardest), rel=1e-5
    )
    labels, logits = np.zeros((1, 5, 9), np.uint8), np.zeros((1, 5, 9, 4), np.float32)
    share = 0.7  # of 45 pixels: 31 in float64, 32 in float32
    assert float(CrossEntropy(ohem_share=share)(labels, logits)) == pytest.approx(np.log(4))


def slow_lovasz(labels, logits):
    """The Lovász extension by its definition: each set of wrong pixels, level by level."""
    labels, logits = labels[labels != IGNORE], logits[labels != IGNORE]
    probabilities = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    losses = []
    for class_id in np.unique(labels):
        true = labels == class_id
        errors = np.abs(true - probabilities[:, class_id])
        levels = np.unique(np.append(errors, 0))
        loss = 0.0
        for lower, upper in pairwise(levels):
            wrong = errors >= upper
            predicted = true ^ wrong
            loss += (upper - lower) * (1 - (true & predicted).sum() / (true | predicted).sum())
        losses.append(loss)
    return np.mean(losses)


def test_lovasz_agrees_with_its_definition_and_is_added_to_cross_entropy(case):
    cross_entropy, lovasz = CrossEntropy([1, 2, 3, 4], ohem_share=0.5), float(LovaszSoftmax()(*case))
    assert lovasz == pytest.approx(slow_lovasz(*case), rel=1e-4)
    expected = float(cross_entropy(*case)) + 0.3 * lovasz
    assert float(CrossEntropyAndLovasz(cross_entropy, 0.3)(*case)) == pytest.approx(expected)


def test_lovasz_is_one_minus_mean_iou_for_a_network_that_is_certain():
    labels = np.array([[[0, 0, 1, 1]]], np.uint8)
    logits = 100 * np.eye(3, dtype=np.float32)[[[[0, 1, 1, 1]]]]
    assert float(LovaszSoftmax()(labels, logits)) == pytest.approx(1 - (1 / 2 + 2 / 3) / 2)


LOSSES = [
    CrossEntropy([1, 2, 3, 4], label_smoothing=0.1, focal_gamma=1, ohem_share=0.5),
    LovaszSoftmax(pixels=5),
    CrossEntropyAndLovasz(CrossEntropy(focal_gamma=2), 0.5),
]


def test_every_loss_falls_in_training_with_batches_of_any_length(case):
    labels, logits = case
    for loss in LOSSES:
        network = keras.Sequential([keras.Input((6, 8, 4)), keras.layers.Conv2D(4, 3, padding="same")])
        network.compile(keras.optimizers.Adam(0.02), loss)
        assert np.isfinite(network.train_on_batch(logits[:1], labels[:1]))
        losses = [network.train_on_batch(logits, labels) for _ in range(40)]
        assert losses[-1] < 0.9 * losses[0]


def test_a_loss_without_any_label_is_zero_and_a_saved_one_comes_back_as_it_was(case):
    labels = np.full((1, 4, 4), IGNORE, np.uint8)
    for loss in LOSSES:
        assert float(loss(labels, np.ones((1, 4, 4, 4), np.float32))) == 0
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
        assert again.get_config() == loss.get_config()
        assert float(again(*case)) == float(loss(*case))


def test_median_frequency_weights():
    pixels = np.array([100, 400, 25, 0])
    assert median_frequency_weights(pixels).tolist() == [1, 0.25, 4, 1]
    assert median_frequency_weights(pixels, power=0.5).tolist() == [1, 0.5, 2, 1]


def test_effective_number_weights():
    pixels = np.array([1, 2, 3, 0])
    # With beta 1/2 the effective numbers are 1, 1 + 1/2, 1 + 1/2 + 1/4.
    expected = np.array([1, 2 / 3, 4 / 7]) / (2 / 3)
    assert effective_number_weights(pixels, beta=0.5) == pytest.approx([*expected, 1])
    few, some, many = effective_number_weights(np.array([1000, 10**6, 10**9]), beta=1 - 1e-6)
    assert few / some == pytest.approx(632.4, rel=1e-3)
    assert some / many == pytest.approx(1 / 0.632, rel=1e-3)
