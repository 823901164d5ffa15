import itertools

import pytest

from roadseg.inference.windows import spans


@pytest.mark.parametrize("length", [1, 30, 31, 32, 33, 56, 57, 100, 1000])
def test_cores_fill_the_length_and_windows_overlap(length):
    windows = spans(length, window=32, overlap=8)
    assert windows[0].core_start == 0
    assert windows[-1].core_stop == windows[-1].stop == length
    for window in windows:
        assert window.stop - window.start == min(length, 32)
        assert window.start <= window.core_start < window.core_stop <= window.stop
    for left, right in itertools.pairwise(windows):
        assert left.core_stop == right.core_start
        assert left.stop - right.start >= 8
        assert abs((left.stop - left.core_stop) - (right.core_start - right.start)) <= 1


def test_no_more_windows_than_needed():
    assert len(spans(32, 32, 8)) == 1
    assert len(spans(56, 32, 8)) == 2
    assert len(spans(57, 32, 8)) == 3
