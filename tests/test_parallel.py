"""Calls in threads, processes and on a cluster; what is lost is one clear error, never a hang."""

import os
import signal
import socket
import sys
import time
from operator import neg

import joblib
import pytest
from distributed import Client

from roadseg import parallel
from roadseg.errors import DataError
from roadseg.parallel import LostWorkersError, cores, on_cluster, spread
from tests import clusters


def worker_of(_) -> int:
    return os.getpid()


def kill_the_worker(_) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(number: int) -> int:
    raise DataError(f"{number}: refused")


def test_results_come_in_order_or_as_they_are_ready():
    for options in ({"workers": 1}, {"threads": True}, {"workers": 2}):
        assert list(spread(neg, range(20), **options)) == [-number for number in range(20)]
        assert sorted(spread(neg, range(20), ordered=False, **options)) == list(range(-19, 1))
    assert (cores(), cores(7)) == (joblib.cpu_count(), 7)


def test_a_killed_process_is_told():
    with pytest.raises(LostWorkersError, match="try fewer workers"):
        list(spread(kill_the_worker, range(4), workers=2))


def test_a_cluster_works_and_tells_errors_and_losses(tmp_path):
    with clusters.running(tmp_path) as cluster, Client(cluster.address, set_as_default=False) as client:
        with joblib.parallel_config("dask", client=client):  # of one's own
            assert cores() == 2
            assert list(spread(neg, range(20), threads=True)) == [-number for number in range(20)]
            workers = set(spread(worker_of, range(20), threads=True))
        assert workers == {process.pid for process in cluster.workers}
        with on_cluster(cluster.address), pytest.raises(DataError, match="7: refused"):
            list(spread(refuse, [7]))
        for worker in cluster.workers:
            worker.kill()
        clusters.wait_until(lambda: not client.ncores())
        config = joblib.parallel_config("dask", client=client, wait_for_workers_timeout=0.5)
        with config, pytest.raises(LostWorkersError, match="has no worker"):
            list(spread(neg, range(2)))


def test_without_a_scheduler_or_dask_the_message_says_what_to_do(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as dashboard:  # waits for a request, says nothing
        port, start = dashboard.getsockname()[1], time.monotonic()
        for address in (
            f"tcp://127.0.0.1:{port}",
            f"http://127.0.0.1:{port}/status",
            "127.0.0.1",
        ):
            monkeypatch.setattr(parallel, "_CONNECT", 1)
            with (
                pytest.raises(DataError, match=r"no Dask scheduler answers .*`dask scheduler`"),
                on_cluster(address),
            ):
                pass
        assert time.monotonic() - start < 10
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(DataError, match=r"pip install .*\[dask\]"), on_cluster("tcp://127.0.0.1:1"):
        pass
