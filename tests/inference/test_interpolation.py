import numpy as np

from roadseg.inference import interpolation
from roadseg.inference.interpolation import decide, entropy_of, probabilities


def bilinear(values, rows, columns):
    """The same by NumPy's own interpolation, (H, W, C)."""
    inner = np.apply_along_axis(lambda each: np.interp(columns, np.arange(len(each)), each), 1, values)
    return np.apply_along_axis(lambda each: np.interp(rows, np.arange(len(each)), each), 0, inner)


def decided(probable, rows, columns):
    shape = len(rows), len(columns)
    maps = {name: np.empty(shape, np.float32) for name in interpolation.MAPS}
    ids = np.empty(shape, np.uint8)
    decide(probable, rows, columns, ids, maps)
    return ids, maps["confidence"], maps["entropy"]


def test_probabilities_are_the_softmax_and_entropy_is_0_to_ln_c():
    logits = np.array([[[0, 1, 1000]], [[5, 5, 5]]], np.float32)
    np.testing.assert_allclose(probabilities(logits)[:, 0], [[0, 0, 1], 3 * [1 / 3]], atol=1e-6)
    probable = np.array([[1, 0, 0, 0], [0.25, 0.25, 0.25, 0.25]], np.float32)
    np.testing.assert_allclose(entropy_of(probable), [0, np.log(4)], atol=1e-6)


def test_classes_and_confidence_are_those_of_interpolated_probabilities(monkeypatch):
    monkeypatch.setattr(interpolation, "_BAND", 50)
    blocks = np.kron(np.random.default_rng(1).normal(0, 4, (3, 4, 5)), np.ones((4, 4, 1)))
    probable = probabilities(blocks.astype(np.float32) + 0.1)
    rows, columns = np.linspace(-0.4, 11.4, 37), np.linspace(-0.4, 15.4, 50)
    ids, confidence, entropy = decided(probable, rows, columns)
    expected = bilinear(probable, rows, columns)
    np.testing.assert_array_equal(ids, expected.argmax(-1))
    np.testing.assert_allclose(confidence, expected.max(-1), atol=1e-5)
    too_low = entropy_of(expected) - entropy  # between pixels that agree on the class
    assert too_low.min() > -1e-4
    assert (too_low > 1e-4).mean() < 0.1
