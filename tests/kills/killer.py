"""Starts a job, kills it, starts it again, and so on; then compares."""

import multiprocessing
import os
import signal
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.kills.jobs import JOBS, run

_START = 120  # seconds that a process may take to begin
_SLOW = 30  # times as long as the first, uninterrupted one may take
_MOST = 6  # kills of one piece of work


@dataclass
class Report:
    """kills: that hit before the end; compared: finished pieces of work, killed up to `_MOST` times."""

    name: str
    kills: int = 0
    compared: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [
            f"{self.name}: {self.kills} kills of {self.compared} pieces of work, all of which were "
            f"continued to the end, {len(self.faults)} faults"
        ]
        return "\n".join([*lines, *self.faults])


def kill_often(name: str, kills: int, seed: int = 0) -> Report:
    """Kills the job that often, in several pieces of work."""
    report, rng = Report(name), np.random.default_rng(seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as temporary:
        folder = Path(temporary)
        (folder / "given").mkdir()
        JOBS[name].prepare(folder / "given")
        whole = _run(name, folder / "given", folder / "whole", None)
        if whole.fault:
            return Report(name, faults=[f"uninterrupted: {whole.fault}"])
        expected, seconds = JOBS[name].result(folder / "whole"), whole.seconds
        while report.kills < kills and len(report.faults) < 5:
            target = folder / f"work{report.compared}"
            took = _work(name, target, min(_MOST, kills - report.kills), seconds, rng, report)
            seconds = min(seconds, took)
            found = JOBS[name].result(target) if not report.faults else expected
            report.compared += 1
            if found != expected:
                report.faults.append(f"{target.name}: {found} instead of {expected}")
    return report


def _work(name: str, target: Path, kills: int, seconds: float, rng, report: Report) -> float:
    """One piece of work, killed at most so often; returns how long it takes when nothing kills it."""
    given = target.parent / "given"
    for number in range(kills):
        run = _run(name, given, target, rng.uniform(0, seconds))
        if run.fault:
            report.faults.append(f"{target.name}: {run.fault}")
        if not run.is_killed:
            return seconds if number else run.seconds
        report.kills += 1
    if fault := _run(name, given, target, None, _SLOW * seconds + 60).fault:
        report.faults.append(f"{target.name}: {fault}")
    return seconds


class _Run(NamedTuple):
    seconds: float
    is_killed: bool
    fault: str | None = None


def _run(name: str, given: Path, target: Path, after: float | None, limit: float = 600) -> _Run:
    """Runs the job; kills it `after` seconds."""
    ours, theirs = _context().Pipe()
    process = _context().Process(target=run, args=(name, given, target, theirs), daemon=True)
    process.start()
    theirs.close()
    start = time.monotonic()
    try:
        if not ours.poll(_START) or ours.recv() != "begun":
            return _Run(0, False, "it does not begin")
        start = time.monotonic()
        if ours.poll(limit if after is None else after):
            ours.recv()
            return _Run(time.monotonic() - start, False)
        os.kill(process.pid, signal.SIGKILL)
        hang = f"no end within {limit:.0f} s" if after is None else None
        return _Run(time.monotonic() - start, hang is None, hang)
    except EOFError:
        process.join()
        return _Run(time.monotonic() - start, False, f"it ended with exit code {process.exitcode}")
    finally:
        process.join()
        ours.close()


def _context():
    """Processes start as copies of one that has imported everything, within a fraction of a second."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["roadseg", "tests.kills.jobs"])
    return context
