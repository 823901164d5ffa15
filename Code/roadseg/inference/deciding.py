"""From probabilities at the network's scale to a class for every pixel of the image."""

import numpy as np

_BAND = 400_000  # pixels that are decided at a time, so that memory does not grow with the image


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis, float32."""
    largest = _at(logits, logits.argmax(axis=-1))
    powers = np.exp(logits - largest[..., None])
    return powers / _sum(powers)[..., None]


def entropy_of(probable: np.ndarray) -> np.ndarray:
    """Of each pixel's probabilities (..., C), in nats: 0 when certain, ln C when all are as likely."""
    return -_sum(probable * np.log(np.maximum(probable, 1e-12)))


def decide(
    probable: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The most probable class at points between pixels, where probabilities are interpolated bilinearly.

    Where the four pixels around a point agree on the class, interpolating all classes cannot change it,
    so that only those near a boundary need it: a tenth of the work, with the same classes.

    Args:
        probable: (h, w, C), probabilities of the classes.
        rows, columns: (H,) and (W,), positions in pixels of `probable`; 0 is the centre of the first.

    Returns:
        Class ids uint8 (H, W), the winner's probability float32 (H, W), and the entropy float32 (H, W),
        in nats. Where the four pixels agree, the last two are theirs, interpolated.
    """
    shape = len(rows), len(columns)
    ids = np.empty(shape, np.uint8)
    confidence, entropy = np.empty(shape, np.float32), np.empty(shape, np.float32)
    winner = probable.argmax(axis=-1)
    coarse = winner.astype(np.uint8), _at(probable, winner), entropy_of(probable)
    across = _neighbours(columns, probable.shape[1])
    step = max(1, _BAND // len(columns))
    for start in range(0, len(rows), step):
        band = slice(start, start + step)
        down = _neighbours(rows[band], probable.shape[0])
        ids[band], confidence[band], entropy[band] = _decide_band(probable, *coarse, down, across)
    return ids, confidence, entropy


def _neighbours(positions: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pixels before and after each position, and how near it is to the second: 0..1."""
    inside = np.clip(positions, 0, length - 1)
    before = np.floor(inside).astype(np.intp)
    after = np.minimum(before + 1, length - 1)
    return before, after, (inside - before).astype(np.float32)


def _decide_band(probable, winner, largest, entropies, down, across):
    (upper, lower, v), (left, right, u) = down, across
    above, below = winner[upper], winner[lower]
    ids = above[:, left]
    mixed = (ids != above[:, right]) | (ids != below[:, left]) | (ids != below[:, right])
    confidence, entropy = (_interpolate(each, down, across) for each in (largest, entropies))

    y, x = np.nonzero(mixed)
    upper, lower, v = upper[y], lower[y], v[y, None]
    left, right, u = left[x], right[x], u[x, None]
    above = _between(probable[upper, left], probable[upper, right], u)
    below = _between(probable[lower, left], probable[lower, right], u)
    near_boundary = _between(above, below, v)  # (N, C)
    chosen = near_boundary.argmax(axis=-1)
    ids[y, x], confidence[y, x] = chosen, _at(near_boundary, chosen)
    entropy[y, x] = entropy_of(near_boundary)
    return ids, confidence, entropy


def _interpolate(values: np.ndarray, down, across) -> np.ndarray:
    """(h, w) -> (H, W)."""
    (upper, lower, v), (left, right, u) = down, across
    rows = _between(values[upper], values[lower], v[:, None])
    return _between(rows[:, left], rows[:, right], u)


def _between(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    return first + (second - first) * share


def _at(values: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """The value of each pixel's class; several times faster than a maximum over few classes."""
    return np.take_along_axis(values, ids[..., None], axis=-1)[..., 0]


def _sum(values: np.ndarray) -> np.ndarray:
    """Over the last axis; several times faster than `sum` over few classes."""
    return values @ np.ones(values.shape[-1], values.dtype)
