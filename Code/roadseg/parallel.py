"""Calls spread over threads, processes, or the workers of a Dask cluster; joblib does all of it.

`joblib.parallel_config("dask")` around a call, or `on_cluster`, chooses a cluster.
"""

import argparse
import contextlib
import logging
import socket
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool

import joblib
from joblib.parallel import get_active_backend

from roadseg.errors import DataError

_CONNECT = 5  # seconds

# Joblib's of unused results, beside the error that stopped the work.
warnings.filterwarnings("ignore", message=r"\d+ tasks (have been successfully|which were still)")


class LostWorkersError(DataError):
    """Who should have done the work is gone; the message says who, without a full stop."""


def add_options(parser: argparse.ArgumentParser, workers: str, condition: str) -> None:
    """Adds --workers and --dask: so many `workers`, or a cluster under a `condition`, for the help."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, help=f"{workers}; default: one for each core")
    address = f"scheduler of a Dask cluster, such as tcp://10.0.0.1:8786; {condition}"
    where.add_argument("--dask", metavar="ADDRESS", help=address)


@contextlib.contextmanager
def on_cluster(address: str | None) -> Iterator[None]:
    """Within it, `spread` uses the Dask cluster with this scheduler, such as "tcp://10.0.0.1:8786".

    None: it uses this machine. Raises DataError when Dask is not installed, or no scheduler answers.
    """
    if address is None:
        yield
        return
    try:
        from distributed import Client
        from distributed.comm import parse_address, parse_host_port

        if address.rpartition("://")[0] in ("", "tcp"):  # not with TLS
            host_and_port = parse_host_port(parse_address(address)[1])
            with socket.create_connection(host_and_port, _CONNECT) as connection:
                connection.recv(1)  # a scheduler speaks first; before a web page Dask waits for ever
        # Of a client that looks for its lost scheduler, beside our error.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        client = Client(address, timeout=_CONNECT, set_as_default=False)
    except ImportError:
        raise DataError('a cluster needs Dask, which is not installed: pip install -e ".[dask]"')
    except (OSError, ValueError) as error:
        raise DataError(
            f"{address}: no Dask scheduler answers there ({error}); start one with `dask scheduler`, "
            f"and `dask worker {address}` on each machine"
        )
    with client, joblib.parallel_config("dask", client=client):
        yield


def cores(workers: int | None = None) -> int:
    """How many calls run at once; workers: as in `spread`. Raises LostWorkersError."""
    try:
        return workers or joblib.effective_n_jobs(-1)
    except (OSError, CancelledError) as error:  # TimeoutError is an OSError
        raise LostWorkersError(f"the Dask cluster does not answer, or has no worker ({error})")


def spread(
    function: Callable,
    arguments: Iterable,
    workers: int | None = None,
    threads: bool = False,
    ordered: bool = True,
) -> Iterator:
    """Calls a function with each argument, all of them at once in the queue; yields the results.

    Args:
        function: to be called; its module must be installed where the workers are.
        arguments: one for each call.
        workers: how many calls run at once; None: one for each CPU. A cluster uses all of its own.
        threads: instead of processes, where nothing else is configured.
        ordered: in the order of the arguments, or as results are ready.

    Raises:
        LostWorkersError: the workers died, or the scheduler of the cluster is gone.
    """
    _hear_of_failures(get_active_backend()[0])
    parallel = joblib.Parallel(
        n_jobs=cores(workers),
        prefer="threads" if threads else "processes",
        return_as="generator" if ordered else "generator_unordered",
        pre_dispatch="all",
    )
    try:
        yield from parallel(joblib.delayed(function)(argument) for argument in arguments)
    except BrokenProcessPool:
        raise LostWorkersError("a process was killed, perhaps for lack of memory; try fewer workers")
    except CancelledError:
        raise LostWorkersError("the Dask scheduler is gone")


def _hear_of_failures(backend) -> None:
    """Joblib 1.6 is not told of a call that Dask gives up, and would wait for ever."""
    if type(backend).__name__ != "DaskDistributedBackend":
        return

    def submit(function, callback=None):
        def tell(job):
            if error := job.exception():
                reason = f"{type(error).__name__}: {error}".splitlines()[0]
                callback(LostWorkersError(f"the Dask cluster gave up ({reason})"))

        job = type(backend).submit(backend, function, callback)
        job.add_done_callback(tell)
        return job

    backend.submit = submit
