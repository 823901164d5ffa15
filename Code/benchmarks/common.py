"""What the benchmarks share: where the package is, the machine, and the result file."""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from roadseg.files import atomic_write

CODE = Path(__file__).resolve().parents[1]


def parser(description: str) -> argparse.ArgumentParser:
    """Arguments of every benchmark: where to write the result file."""
    arguments = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    arguments.add_argument("--output", type=Path, help="JSON file to write")
    return arguments


_VECTORS = ("avx512f", "avx2")  # the first that a processor has is named


def machine() -> str:
    names = [line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")]
    flags = {flag for line in _cpuinfo() if line.startswith("flags") for flag in line.split()}
    vectors = next((f" with {name.upper()}" for name in _VECTORS if name in flags), "")
    return f"{os.cpu_count()} cores of {names[0] if names else platform.processor()}{vectors}"


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def median_ms(function: Callable[[], object], repeats: int = 7) -> float:
    """Milliseconds of one call, after one that is not counted."""
    function()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return 1000 * statistics.median(seconds)


def report(figures: dict[str, object], output: Path | None) -> None:
    """Prints the figures, and writes them as JSON."""
    figures = {"machine": machine(), **figures}
    text = json.dumps(figures, indent=1)
    print(text)
    if output:
        atomic_write(output, lambda part: part.write_text(text + "\n", "utf-8"))
