"""Faults of a server that end in one clear error, which a later call can make good."""

import time

import pytest

from benchmarks.archive_server import ArchiveServer, Request
from roadseg.data import download
from roadseg.data.download import RetryPolicy, remote
from roadseg.errors import DataError
from tests.data.download.helpers import LABELS, QUICK, WANTED, expected, fetch, files


def only(status: int, **headers: str):
    return lambda request: request.send(status, **headers)


def always_breaks(request: Request):
    request.send_part(b"")


def always_stalls(request: Request):
    time.sleep(2 * QUICK.timeout)
    request.hang_up()


def always_gives_another_part(request: Request):
    request.send_part(Content_Range=f"bytes 7-8/{len(request.data)}")


def never_comes_further(request: Request):
    request.send_whole(request.data[:9000])


def redirects_in_circles(request: Request):
    request.send(301, Location=f"/round/{request.name}")


def changes_its_length(request: Request):
    size = len(request.data) + request.number
    request.send_part(Content_Range=f"bytes {request.start}-{request.stop - 1}/{size}")


def changes_its_state(request: Request):
    request.send_part(ETag=f'"{request.number}"')


def changes_its_date(request: Request):
    request.send_part(ETag="", Last_Modified=f"Sun, 0{min(request.number, 8) + 1} Nov 2026 10:00:00 GMT")


FAILING = {
    "missing": (only(404), "404"),
    "forbidden": (only(403), "403"),
    "needs a password": (only(401), "401"),
    "busy for ever": (only(503), "4 tries.*503"),
    "no such byte": (only(416), "no byte 0"),
    "odd status": (only(204), "204"),
    "endless length": (only(200, Content_Length=5000 * "9"), "4 tries|are not in it|not a readable"),
    "for ever elsewhere": (only(302, Location="http://["), "4 tries"),
    "breaks for ever": (always_breaks, "4 tries"),
    "stalls for ever": (always_stalls, "4 tries"),
    "other part for ever": (always_gives_another_part, "4 tries"),
    "never further": (never_comes_further, "4 tries"),
    "redirects to a file": (only(302, Location="file:///etc/passwd"), "refused"),
    "redirects to ftp": (only(302, Location="ftp://127.0.0.1/a.tar"), "refused"),
    "redirects in circles": (redirects_in_circles, "more than 5 times"),
    "another length": (changes_its_length, "changed"),
    "another state": (changes_its_state, "changed"),
    "another date": (changes_its_date, "changed"),
}


@pytest.mark.parametrize(("answer", "message"), FAILING.values(), ids=FAILING)
def test_a_server_with_this_fault_gives_one_clear_error(answer, message, archives_1, tree_1, tmp_path):
    with ArchiveServer(archives_1, answer=answer) as server, pytest.raises(DataError, match=message):
        fetch(server, tmp_path)
    assert files(tmp_path).items() <= expected(tree_1).items()
    with ArchiveServer(archives_1) as server:  # later everything comes
        fetch(server, tmp_path)
    assert files(tmp_path) == expected(tree_1)


def test_pauses_double_and_the_server_may_ask_for_longer_ones(archives_1, tmp_path, monkeypatch):
    pauses = []
    monkeypatch.setattr(remote.time, "sleep", pauses.append)

    def answer(request):
        if request.name == LABELS and request.number < 4:
            request.send(503, **({"Retry_After": "7"} if request.number == 3 else {}))
        else:
            request.send_part()

    with ArchiveServer(archives_1, answer=answer) as server:
        fetch(server, tmp_path, retries=RetryPolicy(attempts=6, timeout=5, pause=1, longest_pause=30))
    assert pauses == [1, 2, 4, 8]
    pauses.clear()
    with (
        ArchiveServer(archives_1, answer=lambda request: request.send(429, Retry_After="7")) as server,
        pytest.raises(DataError, match="5 tries"),
    ):
        fetch(server, tmp_path, "0001/clone", retries=RetryPolicy(5, 5, 1, 30))
    assert pauses == [7, 7, 7, 8]


def test_nobody_answers(tmp_path):
    with ArchiveServer({}) as server:
        pass
    with pytest.raises(DataError, match="4 tries"):
        fetch(server, tmp_path)


def test_other_schemes_are_refused(tmp_path):
    with pytest.raises(DataError, match="only http and https"):
        download.fetch(WANTED, tmp_path, url="ftp://127.0.0.1/", accept_licence=True, progress=False)


def test_a_server_without_an_address_is_reported_soon_and_names_the_way_out(tmp_path):
    start = time.monotonic()
    with pytest.raises(DataError, match=r"cannot be resolved; .*ARCHIVES=\.\.\., roadseg fetch --url"):
        download.fetch("0001/clone", tmp_path, url="https://no-such-server.invalid", accept_licence=True)
    assert time.monotonic() - start < 8
