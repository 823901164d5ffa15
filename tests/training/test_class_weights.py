import numpy as np
import pytest

from roadseg.training.class_weights import effective_number_weights, median_frequency_weights


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
