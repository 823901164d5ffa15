"""A few inputs of each fuzzer of networks, training and evaluation."""

from tests.fuzz import runner


def test_damaged_runs_are_refused_or_end_as_they_would_have():
    report = runner.run(runner.inputs("training", 150, seed=1), processes=1)
    assert not report.faults, str(report)
    assert report.inputs == 150
