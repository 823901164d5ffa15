import threading

import pytest

from roadseg.inference.pipeline import WORKERS, in_order


def test_results_come_in_order_and_items_are_taken_as_they_are_needed():
    taken = []

    def items():
        for number in range(100):
            taken.append(number)
            yield number

    results = in_order(lambda number: 2 * number, items())
    assert [next(results) for _ in range(3)] == [0, 2, 4]
    assert len(taken) <= 3 + WORKERS + 1
    results.close()
    assert list(in_order(str, range(20))) == [str(number) for number in range(20)]


def test_items_are_worked_on_at_the_same_time():
    all_there = threading.Barrier(WORKERS, timeout=10)
    assert len(list(in_order(lambda _: all_there.wait(), range(WORKERS)))) == WORKERS


def test_an_error_ends_it():
    def fail(number):
        if number == 3:
            raise ValueError("three")
        return number

    done = []
    with pytest.raises(ValueError, match="three"):
        done.extend(in_order(fail, range(1000)))
    assert len(done) < 1000
