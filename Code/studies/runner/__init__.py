"""Describes, runs, stores and reads studies; the studies themselves are the modules beside it."""

from studies.runner.results import Result, by_trial, load, load_step_milliseconds, mean_scores, table
from studies.runner.study import Study, Trial

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
