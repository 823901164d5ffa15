"""Describes, runs, stores and reads studies; the studies themselves are the modules beside it."""

from studies.runner.results import Result, load
from studies.runner.study import Study, Trial
from studies.runner.summaries import by_trial, mean_scores, table
from studies.runner.timing import load_step_milliseconds

__all__ = [
    "Result",
    "Study",
    "Trial",
    "by_trial",
    "load",
    "load_step_milliseconds",
    "mean_scores",
    "table",
]
