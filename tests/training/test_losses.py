import itertools
import json
import os
import subprocess
import sys
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


@pytest.fixture
def case():
    """Labels with two ignored pixels, and logits."""
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 4, (2, 6, 8)).astype(np.uint8)
    labels[0, 0, :2] = IGNORE
    return labels, generator.normal(scale=2, size=(2, 6, 8, 4)).astype(np.float32)


def one_hot(labels, logits):
    """Keras' own losses take these, without the ignored pixels."""
    known = labels != IGNORE
    return np.eye(4, dtype=np.float32)[labels[known]], logits[known]


def test_focal_loss_agrees_with_keras(case):
    expected = keras.losses.categorical_focal_crossentropy(
        *one_hot(*case), alpha=1, gamma=2, from_logits=True
    )
    assert float(CrossEntropy(focal_gamma=2)(*case)) == pytest.approx(float(np.mean(expected)), rel=1e-4)


def test_label_smoothing_agrees_with_keras(case):
    expected = keras.losses.categorical_crossentropy(
        *one_hot(*case), from_logits=True, label_smoothing=0.2
    )
    assert float(CrossEntropy(label_smoothing=0.2)(*case)) == pytest.approx(float(np.mean(expected)))


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


def flat(case):
    labels, logits = case
    return labels[labels != IGNORE], logits[labels != IGNORE]


def slow_lovasz(labels, logits):
    """The Lovász extension by its definition: each set of wrong pixels, level by level."""
    labels, logits = flat((labels, logits))
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


def test_lovasz_agrees_with_its_definition(case):
    assert float(LovaszSoftmax()(*case)) == pytest.approx(slow_lovasz(*case), rel=1e-4)


def test_the_place_of_lovasz_grid_depends_on_the_labels_alone_and_every_place_comes(case):
    labels, logits = case
    seen = set()
    for seed in range(40):
        shuffled = np.random.default_rng(seed).permuted(labels[labels != IGNORE])
        changed = np.where(labels == IGNORE, labels, 0)
        changed[labels != IGNORE] = shuffled
        changed[0, 5] = np.random.default_rng(seed).integers(0, 3, 8)
        loss = LovaszSoftmax(pixels=12)  # 12 of 48 pixels: every second row and column
        value = float(loss(changed, logits))
        assert value == float(loss(changed, logits))
        places = [
            (row, column)
            for row, column in itertools.product(range(2), repeat=2)
            if value
            == pytest.approx(
                slow_lovasz(changed[:, row::2, column::2], logits[:, row::2, column::2]), rel=1e-4
            )
        ]
        assert places
        seen |= set(places)
    assert len(seen) == 4


def test_lovasz_is_one_minus_mean_iou_for_a_network_that_is_certain():
    labels = np.array([[[0, 0, 1, 1]]], np.uint8)
    logits = 100 * np.eye(3, dtype=np.float32)[[[[0, 1, 1, 1]]]]
    assert float(LovaszSoftmax()(labels, logits)) == pytest.approx(1 - (1 / 2 + 2 / 3) / 2)


def test_both_losses_are_added(case):
    cross_entropy, lovasz = CrossEntropy([1, 2, 3, 4], ohem_share=0.5), LovaszSoftmax()
    expected = float(cross_entropy(*case)) + 0.3 * float(lovasz(*case))
    assert float(CrossEntropyAndLovasz(cross_entropy, 0.3)(*case)) == pytest.approx(expected)


ALL = [
    CrossEntropy([1, 2, 3, 4], label_smoothing=0.1, focal_gamma=1, ohem_share=0.5),
    LovaszSoftmax(pixels=5),
    CrossEntropyAndLovasz(CrossEntropy(focal_gamma=2), 0.5),
]


def test_every_loss_falls_in_training_with_batches_of_any_length(case):
    labels, logits = case
    for loss in ALL:
        network = keras.Sequential([keras.Input((6, 8, 4)), keras.layers.Conv2D(4, 3, padding="same")])
        network.compile(keras.optimizers.Adam(0.02), loss)
        assert np.isfinite(network.train_on_batch(logits[:1], labels[:1]))
        losses = [network.train_on_batch(logits, labels) for _ in range(40)]
        assert losses[-1] < 0.9 * losses[0]


def test_a_loss_without_any_label_is_zero_and_a_saved_one_comes_back_as_it_was(case):
    labels = np.full((1, 4, 4), IGNORE, np.uint8)
    for loss in ALL:
        assert float(loss(labels, np.ones((1, 4, 4, 4), np.float32))) == 0
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
        assert again.get_config() == loss.get_config()
        assert float(again(*case)) == float(loss(*case))


def test_jax_gives_the_same_losses_and_trains_with_them(case, tmp_path):
    labels, logits = case
    np.savez(tmp_path / "case.npz", labels=labels, logits=logits)
    configs = [keras.saving.serialize_keras_object(loss) for loss in ALL]
    (tmp_path / "losses.json").write_text(json.dumps(configs))
    program = (
        "import json, keras, numpy, roadseg.training.losses\n"
        "assert keras.backend.backend() == 'jax'\n"
        "case = numpy.load('case.npz')\n"
        "labels, logits = case['labels'], case['logits']\n"
        "for config in json.load(open('losses.json')):\n"
        "    loss = keras.saving.deserialize_keras_object(config)\n"
        "    network = keras.Sequential([keras.Input((6, 8, 4)), keras.layers.Conv2D(4, 1)])\n"
        "    network.compile('sgd', loss)\n"
        "    assert numpy.isfinite(network.train_on_batch(logits, labels))\n"
        "    print(float(loss(labels, logits)))\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        check=True,
        env=os.environ | {"KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
    ).stdout
    expected = [float(loss(*case)) for loss in ALL]
    assert [float(line) for line in printed.split()] == pytest.approx(expected, rel=1e-4)


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
