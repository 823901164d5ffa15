"""A few inputs of each fuzzer of the data room; `python -m tests.fuzz` runs many."""

from tests.fuzz import runner


def test_damaged_data_is_refused_or_read_as_it_was():
    report = runner.run(runner.inputs("data", 420, seed=1), processes=1)
    assert not report.faults, str(report)
    assert report.inputs == 420


def test_a_hang_and_a_crash_are_seen(monkeypatch):
    assert [run_one(name) for name in ("sleeps", "ends", "fails", "eats")] == [
        "hang",
        "crash",
        "fault: KeyError",
        "fault: MemoryError",
    ]


def run_one(name):
    report = runner.run([runner.Input("faulty", name, 0, 0)], processes=1, seconds=2)
    ((outcome, _),) = report.outcomes[f"faulty/{name}"].items()
    assert len(report.faults) == 1
    return outcome
