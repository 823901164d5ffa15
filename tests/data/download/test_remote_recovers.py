"""Faults of a server that cost time, and nothing else."""

import time

import pytest

from benchmarks.archive_server import ArchiveServer, Request
from tests.data.download.helpers import LABELS, QUICK, expected, fetch, files


def breaks_once(request: Request):
    request.send_part(request.data[request.start : request.stop][:100] if request.number == 3 else None)


def breaks_every_other_time(request: Request):
    whole = request.data[request.start : request.stop]
    request.send_part(whole[: len(whole) // 2] if request.number % 2 else None)


def sends_nothing_first(request: Request):
    request.send_part(b"" if request.number in (0, 2) else None)


def is_busy(request: Request):
    if request.number % 3:
        request.send(503)
    else:
        request.send_part()


def fails_inside(request: Request):
    if request.number < 2:
        request.send((500, 502)[request.number])
    else:
        request.send_part()


def stalls_once(request: Request):
    if request.number == 4:
        time.sleep(2 * QUICK.timeout)
        request.hang_up()
    else:
        request.send_part()


def stalls_inside_once(request: Request):
    whole = request.data[request.start : request.stop]
    if request.number == 4:
        request.send(
            206, whole[:50], Content_Length=str(len(whole)),
            Content_Range=f"bytes {request.start}-{request.stop - 1}/{len(request.data)}",
        )  # fmt: skip
        request.handler.wfile.flush()
        time.sleep(2 * QUICK.timeout)
        request.hang_up()
    else:
        request.send_part()


def drips(request: Request):
    request.send_part(b"")
    for start in range(request.start, request.stop, 4000):
        time.sleep(0.002)
        request.handler.wfile.write(request.data[start : min(start + 4000, request.stop)])
    request.handler.close_connection = False


def tells_too_great_a_length(request: Request):
    whole = request.data[request.start : request.stop]
    if request.number == 2:
        request.send_part(Content_Length=str(len(whole) + 10))
        request.hang_up()
    else:
        request.send_part()


def tells_too_small_a_length(request: Request):
    whole = request.data[request.start : request.stop]
    request.send_part(whole, Content_Length=str(min(len(whole), 700)))
    request.hang_up()


def sends_more_than_asked(request: Request):
    request.send_part(request.data[request.start : request.stop] + b"more", Content_Length="")
    request.hang_up()


def gives_the_whole_file_once(request: Request):
    if request.number == 2:
        request.send_whole()
    else:
        request.send_part()


def gives_another_part_once(request: Request):
    if request.number == 2:
        request.send_part(Content_Range=f"bytes 0-5/{len(request.data)}")
    else:
        request.send_part()


def forgets_to_name_the_part_once(request: Request):
    request.send_part(**({"Content_Range": ""} if request.number == 2 else {}))


def redirects(request: Request):
    if "moved" in request.handler.path:
        request.send_part()
    else:
        request.send(302, Location=f"/moved/{request.name}")


def redirects_to_a_place_that_expires(request: Request):
    if "moved" not in request.handler.path:
        request.send(302, Location=f"/moved/{request.name}")
    elif request.number % 5 == 4:
        request.send(403)
    else:
        request.send_part()


def redirects_to_nonsense_once(request: Request):
    if request.number == 2:
        request.send(302, Location="http://[")
    else:
        request.send_part()


def speaks_gibberish_once(request: Request):
    if request.number == 1:
        request.handler.wfile.write(b"\x00\x01\x02 this is not HTTP\r\n\r\n")
        request.hang_up()
    else:
        request.send_part()


def has_no_ranges(request: Request):
    request.send_whole()


def has_no_ranges_and_breaks(request: Request):
    request.send_whole(request.data[: 5000 * request.number] if request.number < 8 else None)


def has_no_ranges_and_no_length(request: Request):
    request.send(200, request.data, Content_Length="", Connection="close")
    request.hang_up()


def sends_chunks(request: Request):
    request.send(200, Content_Length="", Transfer_Encoding="chunked")
    for start in range(0, len(request.data), 3000):
        piece = request.data[start : start + 3000]
        request.handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
    request.handler.wfile.write(b"0\r\n\r\n")


def breaks_its_chunks_once(request: Request):
    if request.number == 1:
        request.send(200, b"400\r\nshort", Content_Length="", Transfer_Encoding="chunked")
        request.hang_up()
    else:
        sends_chunks(request)


PASSING = [
    breaks_once, breaks_every_other_time, sends_nothing_first, is_busy, fails_inside,
    stalls_once, stalls_inside_once, drips, tells_too_great_a_length, tells_too_small_a_length,
    sends_more_than_asked, gives_the_whole_file_once, gives_another_part_once,
    forgets_to_name_the_part_once, redirects, redirects_to_a_place_that_expires,
    redirects_to_nonsense_once, speaks_gibberish_once, has_no_ranges,
    has_no_ranges_and_breaks, has_no_ranges_and_no_length, sends_chunks, breaks_its_chunks_once,
]  # fmt: skip


@pytest.mark.parametrize("answer", PASSING, ids=lambda answer: answer.__name__)
def test_a_server_with_this_fault_still_gives_everything(answer, archives_1, tree_1, tmp_path):
    with ArchiveServer(archives_1, answer=answer) as server:
        fetch(server, tmp_path)
    assert files(tmp_path) == expected(tree_1)


def test_a_broken_answer_is_continued_where_it_was(archives_1, tmp_path):
    starts = []

    def answer(request):
        if request.name == LABELS:
            starts.append(request.start)
        breaks_once(request)

    with ArchiveServer(archives_1, answer=answer) as server:
        fetch(server, tmp_path)
    assert starts[4] == starts[3] + 100
