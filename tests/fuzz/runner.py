"""Runs fuzzers in processes of their own, so that a hang, a crash or a hunger for memory is seen."""

import multiprocessing
import resource
import tempfile
import threading
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.fuzz import fuzzers

_MEMORY = 1 << 30  # bytes that an input may ask for
_START = 120  # seconds that a process may take to be ready


@dataclass(frozen=True)
class Input:
    """What makes an input again: fuzz.run([the input], ...)."""

    room: str
    fuzzer: str
    seed: int
    number: int


@dataclass
class Report:
    """How many inputs of each fuzzer had each outcome, and what happened to the others."""

    outcomes: dict[str, Counter] = field(default_factory=dict)
    faults: list[tuple[Input, str]] = field(default_factory=list)

    @property
    def inputs(self) -> int:
        return sum(map(Counter.total, self.outcomes.values()))

    def __str__(self) -> str:
        lines = [
            f"{name}: {counts.total()} inputs, "
            + ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
            for name, counts in sorted(self.outcomes.items())
        ]
        lines += [f"\n{each}\n{what}" for each, what in self.faults[:20]]
        return "\n".join([*lines, f"{self.inputs} inputs, {len(self.faults)} faults"])


def inputs(room: str, count: int, seed: int) -> list[Input]:
    """About `count` inputs, the same number for each fuzzer of the room."""
    names = list(fuzzers(room))
    return [Input(room, names[i % len(names)], seed, i // len(names)) for i in range(count)]


def run(every: Sequence[Input], processes: int = 2, seconds: float = 20) -> Report:
    """Runs all inputs; seconds: within which each must end."""
    report, left, lock = Report(), list(reversed(every)), threading.Lock()

    def work() -> None:
        with _Process(seconds, folder) as process:
            while True:
                with lock:
                    if not left:
                        return
                    one = left.pop()
                outcome, fault = process.run(one)
                with lock:
                    name = f"{one.room}/{one.fuzzer}"
                    report.outcomes.setdefault(name, Counter())[outcome] += 1
                    if fault:
                        report.faults.append((one, fault))

    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        threads = [threading.Thread(target=work) for _ in range(processes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return report


class _Process:
    """A process that runs one input after the other; it is replaced when it ends or hangs."""

    def __init__(self, seconds: float, folder: str):
        self._seconds, self._folder = seconds, folder
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._folder), daemon=True)
        self._process.start()
        theirs.close()

    def run(self, one: Input) -> tuple[str, str | None]:
        """The outcome, and what went wrong."""
        self._pipe.send(one)
        try:
            if self._pipe.poll(_START):
                self._pipe.recv()  # the imports are done
            if self._pipe.poll(self._seconds):
                return self._pipe.recv()
            fault = "hang", f"no end within {self._seconds} s"
        except EOFError:
            self._process.join()
            fault = "crash", f"the process ended with {self._process.exitcode}"
        self._process.kill()
        self._start()
        return fault

    def __enter__(self) -> "_Process":
        return self

    def __exit__(self, *_):
        self._pipe.close()
        self._process.join(_START)
        self._process.kill()


def _serve(pipe, folder: str) -> None:
    """In the process: answers each input with its outcome; all files lie below the folder."""
    tempfile.tempdir = folder
    is_limited = False
    while True:
        try:
            one = pipe.recv()
        except EOFError:
            return
        fuzzer = fuzzers(one.room)[one.fuzzer]
        if not is_limited:  # after the imports
            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + _MEMORY, used + _MEMORY))
            is_limited = True
        pipe.send("begun")
        names = sorted(fuzzers(one.room))
        rng = np.random.default_rng([one.seed, names.index(one.fuzzer), one.number])
        try:
            pipe.send((str(fuzzer(rng)), None))
        except Exception as error:
            pipe.send((f"fault: {type(error).__name__}", traceback.format_exc()))
