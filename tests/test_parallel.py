"""Calls in threads, processes and on a cluster; what is lost is one clear error."""

import os
import signal
import sys
import warnings
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


class OfAnotherVersion:
    """Its copy cannot be read, as that of a function that the worker's version does not have."""

    def __reduce__(self):
        return refuse, (7,)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with clusters.running(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.mark.parametrize("options", [{"workers": 1}, {"threads": True}, {"workers": 2, "batch_size": 3}])
def test_results_come_in_order(options):
    assert list(spread(neg, range(20), **options)) == [-number for number in range(20)]
    assert sorted(spread(neg, range(20), ordered=False, **options)) == list(range(-19, 1))


def test_here_there_are_as_many_workers_as_cores_or_as_asked_for():
    assert (cores(), cores(7)) == (joblib.cpu_count(), 7)


def test_a_killed_process_is_told():
    with pytest.raises(LostWorkersError, match="try fewer workers"):
        list(spread(kill_the_worker, range(4), workers=2))


def test_whoever_stops_in_the_middle_is_not_warned():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results = spread(neg, range(1000), workers=2, threads=True)
        assert next(results) == 0
        results.close()


def test_a_cluster_works_for_whoever_configures_joblib_for_it(cluster):
    with Client(cluster.address, set_as_default=False) as client:
        with joblib.parallel_config("dask", client=client):
            assert cores() == 2
            assert list(spread(neg, range(20), threads=True)) == [-number for number in range(20)]
            workers = set(spread(worker_of, range(20), threads=True))
        with joblib.parallel_config(
            "dask", client=client, workers=client.scheduler_info()["workers"].popitem()[0]
        ):
            assert len(set(spread(worker_of, range(20)))) == 1  # options of the user's stay
    assert workers == {process.pid for process in cluster.workers}


def test_errors_of_a_call_come_back_from_a_cluster(cluster):
    with on_cluster(cluster.address), pytest.raises(DataError, match="7: refused"):
        list(spread(refuse, [7]))


def test_a_call_that_no_worker_can_read_is_told(cluster):
    with on_cluster(cluster.address), pytest.raises(LostWorkersError, match="gave up"):
        list(spread(neg, [OfAnotherVersion()]))


def test_without_a_scheduler_or_dask_the_message_says_what_to_do(monkeypatch):
    monkeypatch.setattr(parallel, "_CONNECT", 1)
    for address in ("tcp://127.0.0.1:1", "nonsense://", "tcp://127.0.0.1:text"):
        with (
            pytest.raises(DataError, match=r"no Dask scheduler answers .*`dask scheduler`"),
            on_cluster(address),
        ):
            pass
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(DataError, match=r"pip install .*\[dask\]"), on_cluster("tcp://127.0.0.1:1"):
        pass


def test_a_cluster_that_loses_its_workers_is_told(tmp_path):
    with clusters.running(tmp_path) as cluster, Client(cluster.address, set_as_default=False) as client:
        client.run_on_scheduler(give_up_at_once)
        config = joblib.parallel_config("dask", client=client, wait_for_workers_timeout=0.5)
        with config, pytest.raises(LostWorkersError, match=r"gave up \(KilledWorker"):
            list(spread(kill_the_worker, range(2)))  # as with too little memory
        for worker in cluster.workers:
            worker.kill()
        clusters.wait_until(lambda: not client.ncores())
        config = joblib.parallel_config("dask", client=client, wait_for_workers_timeout=0.5)
        with config, pytest.raises(LostWorkersError, match="has no worker"):
            list(spread(neg, range(2)))


def give_up_at_once(dask_scheduler) -> None:
    dask_scheduler.allowed_failures = 0
