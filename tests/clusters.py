"""Shared by the tests on a Dask cluster: a scheduler and two workers, each a process of its own."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from distributed import Client

_DASK = (sys.executable, "-m", "dask")
_PATIENCE = 60  # seconds


@dataclass
class Cluster:
    address: str
    scheduler: subprocess.Popen
    workers: list[subprocess.Popen]


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """On the loopback address; a worker that is killed does not come back."""
    file = folder / "scheduler.json"
    processes = [_start(folder, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")]
    try:
        for _ in range(2):
            processes.append(_start(folder, "worker", "--nthreads", "1", "--no-nanny", "--no-dashboard"))
        wait_until(file.is_file)
        address = json.loads(file.read_text())["address"]
        with Client(address, timeout=_PATIENCE, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=_PATIENCE)
        yield Cluster(address, processes[0], processes[1:])
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _start(folder: Path, what: str, *options: str) -> subprocess.Popen:
    command = [*_DASK, what, "--scheduler-file", str(folder / "scheduler.json"), *options]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with (folder / "log").open("a") as log:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.005)
