"""Weights for rare classes, from how often each class occurs."""

import numpy as np


def median_frequency_weights(pixels: np.ndarray, power: float = 1.0) -> np.ndarray:
    """float64 (C): (median frequency / frequency) ** power of each class.

    After Eigen and Fergus 2015, arXiv 1411.4734. Their frequency counts only the frames in which the
    class occurs; this one counts all frames, so that a class of few frames weighs more.
    pixels: int (C), how often each class occurs; absent ones get weight 1. power: 0.5 is milder.
    """
    present = pixels > 0
    weights = np.ones(len(pixels))
    weights[present] = (np.median(pixels[present]) / pixels[present]) ** power
    return weights


def effective_number_weights(pixels: np.ndarray, beta: float = 1 - 1e-6) -> np.ndarray:
    """float64 (C): inverse effective number of pixels, (1 - beta) / (1 - beta ** n), with median 1.

    Cui et al. 2019, arXiv 1901.05555. pixels: int (C), how often each class occurs; absent ones get
    weight 1. beta: beyond about 1 / (1 - beta) pixels, more of them make no difference.
    """
    present = pixels > 0
    weights = np.ones(len(pixels))
    inverse = -1 / np.expm1(pixels[present] * np.log(beta))
    weights[present] = inverse / np.median(inverse)
    return weights


def rare_classes(pixels: np.ndarray, share: float = 0.02) -> np.ndarray:
    """Ids of the classes that occur, but in less than that share of the pixels; pixels: int (C)."""
    return np.flatnonzero((pixels > 0) & (pixels < share * pixels.sum()))
