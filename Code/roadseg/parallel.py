"""Calls spread over threads, processes, or the workers of a Dask cluster; joblib does all of it.

`joblib.parallel_config("dask")` around a call, or `on_cluster`, chooses a cluster.
"""

import argparse
import contextlib
import logging
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from functools import cache

from roadseg.errors import DataError

_CONNECT = 10  # seconds


class LostWorkersError(Exception):
    """Who should have done the work is gone; the message says who, without a full stop."""


def add_options(parser: argparse.ArgumentParser, workers: str, condition: str) -> None:
    """Adds --workers and --dask: either so many on this machine, or a cluster.

    Args:
        parser: of a command that calls `spread` within `on_cluster(options.dask)`.
        workers: what they are, in the plural.
        condition: of working on a cluster, for the help.
    """
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, help=f"{workers}; default: one for each core")
    where.add_argument(
        "--dask",
        metavar="ADDRESS",
        help=f"scheduler of a Dask cluster, such as tcp://10.0.0.1:8786; {condition}",
    )


@contextlib.contextmanager
def on_cluster(address: str | None) -> Iterator[None]:
    """Within it, `spread` uses the Dask cluster with this scheduler, such as "tcp://10.0.0.1:8786".

    None: it uses this machine. Raises DataError when Dask is not installed, or no scheduler answers.
    """
    if address is None:
        yield
        return
    import joblib

    client = _connect(address)  # configures the log
    with _silent("distributed.client"), client, joblib.parallel_config("dask", client=client):
        yield


@contextlib.contextmanager
def _silent(log: str) -> Iterator[None]:
    """Of a client that looks for its lost scheduler, beside our error."""
    logger = logging.getLogger(log)
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _connect(address: str):
    try:
        from distributed import Client
    except ImportError:
        raise DataError('a cluster needs Dask, which is not installed: pip install -e ".[dask]"')
    try:
        return Client(address, timeout=_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{address}: no Dask scheduler answers there ({error}); start one with `dask scheduler`, "
            f"and `dask worker {address}` on each machine"
        )


def cores(workers: int | None = None) -> int:
    """How many calls run at once; workers: as in `spread`. Raises LostWorkersError."""
    import joblib

    with _lost_at_start():
        return workers or joblib.effective_n_jobs(-1)


def spread(
    function: Callable,
    arguments: Iterable,
    workers: int | None = None,
    threads: bool = False,
    ordered: bool = True,
    batch_size: int = 1,
) -> Iterator:
    """Calls a function with each argument, all of them at once in the queue; yields the results.

    Args:
        function: to be called; its module must be installed where the workers are.
        arguments: one for each call.
        workers: how many calls run at once; None: one for each CPU. A cluster uses all of its own.
        threads: whether threads do it, where nothing else is configured, instead of processes.
        ordered: whether results come in the order of the arguments, or as they are ready.
        batch_size: calls that go to a worker together.

    Raises:
        LostWorkersError: the workers died, or the scheduler of the cluster is gone.
    """
    import joblib

    with _lost_at_start():
        parallel = joblib.Parallel(
            n_jobs=workers or -1,
            backend=_active_cluster(),
            prefer="threads" if threads else "processes",
            return_as="generator" if ordered else "generator_unordered",
            pre_dispatch="all",
            batch_size=batch_size,
        )
        results = parallel(joblib.delayed(function)(argument) for argument in arguments)
    try:
        yield from _closed_quietly(results)
    except BrokenProcessPool:
        raise LostWorkersError("a process was killed, perhaps for lack of memory; try fewer workers")
    except CancelledError:
        raise LostWorkersError("the Dask scheduler is gone")
    except _RefusedError as error:
        raise LostWorkersError(f"the Dask cluster gave up ({error})")


@contextlib.contextmanager
def _lost_at_start() -> Iterator[None]:
    """Before a call runs, only a cluster can fail."""
    try:
        yield
    except (OSError, CancelledError) as error:  # TimeoutError is an OSError
        raise LostWorkersError(f"the Dask cluster does not answer, or has no worker ({error})")


def _closed_quietly(results: Iterator) -> Iterator:
    """Joblib warns of unused results, which whoever stops in the middle knows."""
    try:
        for result in results:  # noqa: UP028 (which would close it, with the warning, before we know)
            yield result
    except GeneratorExit:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results.close()
        raise


class _RefusedError(Exception):
    """Dask could not run a call at all, or lost one worker after the other with it."""


def _active_cluster():
    """Joblib's backend for the Dask cluster in use, with two gaps filled; None where there is none."""
    from joblib.parallel import get_active_backend

    backend, _ = get_active_backend()
    if type(backend).__name__ != "DaskDistributedBackend":
        return None
    made = _cluster_backend(type(backend))(client=backend.client, **backend.submit_kwargs)
    made.wait_for_workers_timeout = backend.wait_for_workers_timeout
    return made


@cache
def _cluster_backend(joblibs: type) -> type:
    class ClusterBackend(joblibs):
        def submit(self, func, callback=None):
            """Joblib's own does not tell what Dask could not run, and its caller waits for ever."""

            def tell(job):
                if error := job.exception():
                    callback(_RefusedError(f"{type(error).__name__}: {error}"))

            job = super().submit(func, callback)
            job.add_done_callback(tell)
            return job

        def effective_n_jobs(self, n_jobs):
            """At least two: with one, joblib would call the function here, not in the cluster."""
            return max(2, super().effective_n_jobs(n_jobs))

    return ClusterBackend
