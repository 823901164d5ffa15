"""A few kills of each job; `python -m tests.kills` kills more often."""

import pytest

from tests.kills.jobs import JOBS
from tests.kills.killer import kill_often


@pytest.mark.parametrize("name", JOBS)
def test_killed_at_any_moment_it_continues_to_the_same_result(name):
    report = kill_often(name, kills=4, seed=3)
    assert not report.faults, str(report)
    assert report.kills == 4
    assert report.compared >= 1
