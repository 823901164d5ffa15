"""Shared by the benchmarks: a description of the machine, timing, and the result file."""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from roadseg.files import atomic_write

_VECTORS = ("avx512f", "avx2")  # widest first


def parser(description: str) -> argparse.ArgumentParser:
    """A parser with the option of every benchmark: where to write the result file."""
    arguments = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    arguments.add_argument("--output", type=Path, help="JSON file to write")
    return arguments


def machine() -> str:
    """Number of cores, processor, and the widest vector instructions that it has."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    flags = {flag for line in lines if line.startswith("flags") for flag in line.split()}
    vectors = next((f" with {name.upper()}" for name in _VECTORS if name in flags), "")
    return f"{os.cpu_count()} cores of {names[0] if names else platform.processor()}{vectors}"


def median_ms_in_turns(functions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median of `ms_in_turns`, of each function."""
    return {name: float(np.median(times)) for name, times in ms_in_turns(functions, rounds).items()}


def ms_in_turns(functions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each function, in rounds in which each is called once.

    In turns, so that a noisy machine is as noisy for all; a first round is not counted.
    """
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds + 1):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            times[name].append(1000 * (time.perf_counter() - start))
    return {name: counted for name, (_, *counted) in times.items()}


def report(measurements: Mapping[str, object], output: Path | None) -> None:
    """Prints the measurements with the machine, and writes them as JSON."""
    text = json.dumps({"machine": machine(), **measurements}, indent=1)
    print(text)
    if output:
        atomic_write(output, lambda part: part.write_text(text + "\n", "utf-8"))
