"""fetch against a real HTTP server: whole and verified files, or one clear error, whatever happens."""

import gzip
import hashlib
import io
import itertools
import json
import shutil
import signal
import ssl
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
import trustme

import roadscenes
from benchmarks.archive_server import ArchiveServer, Request, archive_of
from roadseg.data import download, preprocess, sources, store
from roadseg.data.download import RetryPolicy, catalogue, remote
from roadseg.errors import DataError
from tests import raw_data

LABELS, PICTURES = "vkitti_1.3.1_scenegt.tar", "vkitti_1.3.1_rgb.tar"
QUICK = RetryPolicy(attempts=4, timeout=0.3, pause=0.001, longest_pause=0.02)
WANTED = "0001/sunset"


def fetch(server: ArchiveServer | Path, target: Path, sequences=WANTED, **options) -> None:
    url = server if isinstance(server, Path) else server.address
    options = {"accept_licence": True, "progress": False, "retries": QUICK} | options
    download.fetch(sequences, target, url=url, **options)


def files(folder: Path) -> dict[str, bytes]:
    """Everything with a final name, but for the licence."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith((".", "LICENCE"))
    }


def expected(tree: Path, sequence: str = WANTED) -> dict[str, bytes]:
    """What a sequence consists of."""
    return {
        name: content
        for name, content in files(tree).items()
        if f"/{sequence}/" in name or f"/{sequence.replace('/', '_')}_" in name
    }


# What a server may do, and still everything comes ------------------------------------------------


def breaks_once(request: Request):
    request.send_part(request.data[request.start : request.stop][:100] if request.number == 3 else None)


def breaks_every_second(request: Request):
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


def moves(request: Request):
    if "moved" in request.handler.path:
        request.send_part()
    else:
        request.send(302, Location=f"/moved/{request.name}")


def moves_to_a_place_that_expires(request: Request):
    if "moved" not in request.handler.path:
        request.send(302, Location=f"/moved/{request.name}")
    elif request.number % 5 == 4:
        request.send(403)
    else:
        request.send_part()


def moves_to_nonsense_once(request: Request):
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
    breaks_once, breaks_every_second, sends_nothing_first, is_busy, fails_inside,
    stalls_once, stalls_inside_once, drips, tells_too_great_a_length, tells_too_small_a_length,
    sends_more_than_asked, gives_the_whole_file_once, gives_another_part_once,
    forgets_to_name_the_part_once, moves, moves_to_a_place_that_expires, moves_to_nonsense_once,
    speaks_gibberish_once, has_no_ranges,
    has_no_ranges_and_breaks, has_no_ranges_and_no_length, sends_chunks, breaks_its_chunks_once,
]  # fmt: skip


@pytest.mark.parametrize("answer", PASSING, ids=lambda answer: answer.__name__)
def test_a_server_with_this_fault_still_gives_everything(answer, first, first_tree, tmp_path):
    with ArchiveServer(first, answer=answer) as server:
        fetch(server, tmp_path)
    assert files(tmp_path) == expected(first_tree)


def test_a_broken_answer_is_continued_where_it_was(first, tmp_path):
    starts = []

    def answer(request):
        if request.name == LABELS:
            starts.append(request.start)
        breaks_once(request)

    with ArchiveServer(first, answer=answer) as server:
        fetch(server, tmp_path)
    assert starts[4] == starts[3] + 100


# What a server may do, so that there is an error -------------------------------------------------


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


def turns_in_circles(request: Request):
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
    "redirects in circles": (turns_in_circles, "more than 5 times"),
    "another length": (changes_its_length, "changed"),
    "another state": (changes_its_state, "changed"),
    "another date": (changes_its_date, "changed"),
}


@pytest.mark.parametrize(("answer", "message"), FAILING.values(), ids=FAILING)
def test_a_server_with_this_fault_gives_one_clear_error(answer, message, first, first_tree, tmp_path):
    with ArchiveServer(first, answer=answer) as server, pytest.raises(DataError, match=message):
        fetch(server, tmp_path)
    assert files(tmp_path).items() <= expected(first_tree).items()
    with ArchiveServer(first) as server:  # and later all comes
        fetch(server, tmp_path)
    assert files(tmp_path) == expected(first_tree)


def test_pauses_double_and_the_server_may_ask_for_longer_ones(first, tmp_path, monkeypatch):
    pauses = []
    monkeypatch.setattr(remote.time, "sleep", pauses.append)

    def answer(request):
        if request.name == LABELS and request.number < 4:
            request.send(503, **({"Retry_After": "7"} if request.number == 3 else {}))
        else:
            request.send_part()

    with ArchiveServer(first, answer=answer) as server:
        fetch(server, tmp_path, retries=RetryPolicy(attempts=6, timeout=5, pause=1, longest_pause=30))
    assert pauses == [1, 2, 4, 8]
    pauses.clear()
    with (
        ArchiveServer(first, answer=lambda request: request.send(429, Retry_After="7")) as server,
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


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_a_certificate_is_checked(first, first_tree, tls, authority, tmp_path, monkeypatch):
    with ArchiveServer(first, tls=tls) as server:
        with pytest.raises(DataError, match="certificate is not valid"):
            fetch(server, tmp_path)
        with authority.cert_pem.tempfile() as known:
            monkeypatch.setenv("SSL_CERT_FILE", known)
            fetch(server, tmp_path)
    assert files(tmp_path) == expected(first_tree)


def test_https_does_not_lead_to_http(first, tls, authority, tmp_path, monkeypatch):
    with (
        ArchiveServer(first) as plain,
        ArchiveServer(first, tls=tls, answer=only(302, Location=f"{plain.address}{LABELS}")) as server,
        authority.cert_pem.tempfile() as known,
    ):
        monkeypatch.setenv("SSL_CERT_FILE", known)
        with pytest.raises(DataError, match="not as safe; refused"):
            fetch(server, tmp_path)
    assert plain.requests[LABELS] == 0
    assert not files(tmp_path)


# What may be in an archive -----------------------------------------------------------------------

MEMBER = "vkitti_1.3.1_rgb/0001/sunset/00001.png"


def rebuilt(data: bytes, change) -> bytes:
    """The archive with every member as `change` yields it: (TarInfo, content)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(data)) as old, tarfile.open(fileobj=buffer, mode="w") as new:
        for member in old:
            content = old.extractfile(member).read() if member.isfile() else b""
            for info, body in change(member, content):
                new.addfile(info, io.BytesIO(body))
    return buffer.getvalue()


def extra(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", body: bytes = b"evil"):
    """One more member before the wanted ones."""

    def change(member, content, outside=""):
        if member.name == "vkitti_1.3.1_rgb/0001":
            info = tarfile.TarInfo(name.replace("{outside}", str(outside)))
            info.type, info.linkname = kind, link
            info.size = len(body) if kind == tarfile.REGTYPE else 0
            yield info, body
        yield member, content

    return change


def with_dots(member, content, outside):
    member.name = f"./{member.name}"
    yield member, content


def twice(member, content, outside):
    """Only the first of two members with one name counts."""
    yield member, content
    if member.isfile():
        yield member, bytes(len(content))


HARMLESS = {
    "absolute name": extra("/{outside}/roadseg_evil"),
    "parent folder": extra("../roadseg_evil"),
    "parent folder inside": extra("vkitti_1.3.1_rgb/../../roadseg_evil"),
    "unexpected file": extra("vkitti_1.3.1_rgb/0001/sunset/evil.sh"),
    "unexpected number": extra("vkitti_1.3.1_rgb/0001/sunset/00099.png"),
    "symbolic link": extra("vkitti_1.3.1_rgb/0001/link", tarfile.SYMTYPE, "/etc"),
    "hard link": extra("vkitti_1.3.1_rgb/0001/link", tarfile.LNKTYPE, "/etc/passwd"),
    "link for a folder": extra("vkitti_1.3.1_rgb", tarfile.SYMTYPE, "/tmp"),
    "device": extra("vkitti_1.3.1_rgb/zero", tarfile.CHRTYPE),
    "pipe": extra("vkitti_1.3.1_rgb/pipe", tarfile.FIFOTYPE),
    "long name": extra("vkitti_1.3.1_rgb/" + 60 * "long/" + "name"),
    "names with a dot": with_dots,
    "names twice": twice,
}


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "stream"])
def test_nothing_but_the_wanted_files_is_taken(change, ranges, first, first_tree, tmp_path):
    target = tmp_path / "a" / "target"
    archive = rebuilt(first[PICTURES], lambda *member: change(*member, outside=tmp_path))
    with ArchiveServer(first | {PICTURES: archive}, ranges) as server:
        fetch(server, target)
    assert files(target) == expected(first_tree)
    assert [path.name for path in tmp_path.rglob("*evil*")] == []
    assert not any(path.is_symlink() for path in target.rglob("*"))


def instead(kind: bytes = tarfile.REGTYPE, link: str = "", body=lambda content: content):
    """Another thing under the name of a wanted file."""

    def change(member, content):
        if member.name == MEMBER:
            member.type, member.linkname = kind, link
            content = body(content) if kind == tarfile.REGTYPE else b""
            member.size = len(content)
        yield member, content

    return change


def leave_out(member, content):
    if member.name != MEMBER:
        yield member, content


def turned(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def forged(name: str, size: bytes):
    """Another size (12 bytes) in the header of a member, with the checksum right."""

    def change(data: bytes) -> bytes:
        start = data.index(name.encode() + b"\0")
        header = bytearray(data[start : start + 512])
        header[124:136], header[148:156] = size, 8 * b" "
        header[148:156] = b"%06o\0 " % sum(header)
        return data[:start] + bytes(header) + data[start + 512 :]

    return change


def giant_extension(data: bytes) -> bytes:
    """An extended header that asks for 8 GB."""
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 8 << 30
    return info.tobuf(tarfile.GNU_FORMAT) + data


def extended(records: bytes):
    """An extended header with these records, before a member with another name."""

    def change(data: bytes) -> bytes:
        info, after = tarfile.TarInfo("pax"), tarfile.TarInfo("a")
        info.type, info.size = tarfile.XHDTYPE, len(records)
        padding = bytes(-len(records) % 512)
        return info.tobuf(tarfile.GNU_FORMAT) + records + padding + after.tobuf() + data

    return change


def names_upon_names(data: bytes) -> bytes:
    """1,500 long names in a row."""
    info = tarfile.TarInfo("long")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 5
    return 1500 * (info.tobuf(tarfile.GNU_FORMAT) + b"name\0" + bytes(507)) + data


def changed(change):
    return lambda data: rebuilt(data, change)


BELOW_ZERO = b"\xff" * 10 + b"\xfc\x00"  # -1024 in base 256
HARMFUL = {
    "symbolic link": (changed(instead(tarfile.SYMTYPE, "/etc/passwd")), "not a plain file"),
    "hard link": (changed(instead(tarfile.LNKTYPE, "/etc/passwd")), "not a plain file"),
    "device": (changed(instead(tarfile.BLKTYPE)), "not a plain file"),
    "folder": (changed(instead(tarfile.DIRTYPE)), "not a plain file"),
    "sparse file": (changed(instead(tarfile.GNUTYPE_SPARSE)), "not a plain file|not a readable"),
    "bit turned": (changed(instead(body=turned)), "not a complete PNG"),
    "picture cut short": (changed(instead(body=lambda content: content[:-20])), "not a complete PNG"),
    "only its beginning": (changed(instead(body=lambda content: content[:9])), "not a complete PNG"),
    "text": (changed(instead(body=lambda _: b"<html>sorry</html>")), "not a complete PNG"),
    "empty": (changed(instead(body=lambda _: b"")), "has 0 bytes"),
    "too large": (changed(instead(body=lambda _: bytes(9_000_000))), "9000000 bytes; refused"),
    "missing": (changed(leave_out), "1 of the 4 files .* are not in it, such as .*00001.png"),
    "cut within a member": (
        lambda data: data[: data.index(MEMBER.encode()) + 700],
        "ends within|not a re",
    ),
    "cut within a header": (
        lambda data: data[: data.index(MEMBER.encode()) + 100],
        "not in it|not a re",
    ),
    "forged size": (forged(MEMBER, b"77777777777\0"), "bytes; refused"),
    "size below zero": (
        forged("vkitti_1.3.1_rgb/0001/clone/00002.png", BELOW_ZERO),
        "below zero|not in",
    ),
    "giant extension": (giant_extension, "forged or damaged"),
    "many digits": (extended(2_000_000 * b"1"), "forged or damaged"),
    "odd sparse size": (extended(b"26 GNU.sparse.size=x1234567\n"[:26] + b"\n"), "not a readable"),
    "names upon names": (names_upon_names, "forged or damaged"),
    "far beyond": (
        forged("vkitti_1.3.1_rgb/0001/clone/00002.png", b"\x80\0\0\0\x7f" + 7 * b"\xff"),
        "forged|not in",
    ),
    "no archive": (lambda data: 1000 * b"<html>", "not a readable archive"),
    "nothing": (lambda _: b"", "not a readable archive|no byte 0|4 tries"),
    "zeros": (lambda data: bytes(len(data)), "not in it"),
}


@pytest.mark.parametrize(("change", "message"), HARMFUL.values(), ids=HARMFUL)
@pytest.mark.parametrize("where", ["ranges", "stream", "disk"])
def test_a_damaged_archive_gives_one_clear_error(change, message, where, first, first_tree, tmp_path):
    served, target = first | {PICTURES: change(first[PICTURES])}, tmp_path / "target"
    for name, content in served.items():
        (tmp_path / name).write_bytes(content)
    with (
        ArchiveServer(served, where == "ranges") as server,
        pytest.raises(DataError, match=message),
    ):
        fetch(tmp_path if where == "disk" else server, target)
    assert files(target).items() < expected(first_tree).items()


def test_an_encoding_file_is_checked(first, tmp_path):
    def change(member, content):
        member.size = 5 if member.name.endswith(".txt") else member.size
        yield member, b"sorry" if member.name.endswith(".txt") else content

    with (
        ArchiveServer(first | {LABELS: rebuilt(first[LABELS], change)}) as server,
        pytest.raises(DataError, match="line 1 must be"),
    ):
        fetch(server, tmp_path)


# The way it goes ---------------------------------------------------------------------------------


def test_the_licence_must_be_accepted_and_is_shown_once(first, tmp_path, capsys):
    with ArchiveServer(first) as server:
        with pytest.raises(DataError, match=r"BY-NC-SA 3.0[\s\S]*accept_licence=True"):
            fetch(server, tmp_path / "target", accept_licence=False)
        assert set(server.requests.values()) == {0}
        assert not (tmp_path / "target").exists()
        fetch(server, tmp_path / "target")
        fetch(server, tmp_path / "target", "0001/clone")
    assert capsys.readouterr().out.count("BY-NC-SA 3.0") == 1


def test_what_is_there_is_not_fetched_again(first, tmp_path):
    with ArchiveServer(first) as server:
        fetch(server, tmp_path)
        before = dict(server.requests)
        fetch(server, tmp_path)
        assert server.requests == before


def test_the_next_sequence_starts_at_once(first, first_tree, tmp_path):
    with ArchiveServer(first) as server:
        fetch(server, tmp_path, "0020/sunset")  # the last of the archives
        before = server.requests[PICTURES]
        fetch(server, tmp_path, "0002/clone")
        assert server.requests[PICTURES] - before == 1 + 3  # its state, and three pictures
    assert expected(first_tree, "0002/clone").items() <= files(tmp_path).items()


def test_reading_stops_with_the_last_wanted_file(first, tmp_path):
    with ArchiveServer(first) as server:
        fetch(server, tmp_path, "0001/clone")
        assert server.sent < sum(map(len, first.values())) / 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda _: "{}",
        lambda _: "[1, 2]",
        lambda text: json.dumps(json.loads(text) | {"places": {"a": 1}}),
        lambda text: json.dumps(json.loads(text) | {"read_to": "far"}),
        lambda text: json.dumps(json.loads(text) | {"read_to": 100}),
        lambda text: json.dumps(json.loads(text) | {"places": {MEMBER: ["x", 3]}}),
        lambda text: json.dumps(json.loads(text) | {"places": {MEMBER: [-5, 3]}}),
        lambda text: json.dumps(json.loads(text) | {"places": {MEMBER: [1024, 0]}}),
    ],
)
def test_a_damaged_index_is_made_again(damage, first, first_tree, tmp_path):
    with ArchiveServer(first) as server:
        fetch(server, tmp_path, "0001/clone")
        index = tmp_path / f".{PICTURES}.index.json"
        index.write_text(damage(index.read_text()))
        fetch(server, tmp_path)
    assert expected(first_tree).items() <= files(tmp_path).items()


def test_a_wrong_index_is_thrown_away_with_an_error(first, first_tree, tmp_path):
    with ArchiveServer(first) as server:
        fetch(server, tmp_path, "0002/sunset")
        index = tmp_path / f".{PICTURES}.index.json"
        saved = json.loads(index.read_text())
        saved["places"] = {name: [first - 512, size] for name, (first, size) in saved["places"].items()}
        index.write_text(json.dumps(saved))
        with pytest.raises(DataError, match="no longer where it was noted"):
            fetch(server, tmp_path)
        fetch(server, tmp_path)
    assert expected(first_tree).items() <= files(tmp_path).items()


def test_the_index_of_another_archive_is_not_used(first, first_tree, tmp_path):
    with ArchiveServer(first) as server:
        fetch(server, tmp_path, "0002/sunset")
    shifted = rebuilt(first[PICTURES], extra("a/file/more"))
    newer = {PICTURES: shifted}
    with ArchiveServer(first | newer, answer=lambda request: request.send_part(ETag='"2"')) as server:
        fetch(server, tmp_path)
    assert expected(first_tree).items() <= files(tmp_path).items()


def test_an_archive_that_was_replaced_unnoticed_costs_one_error(first, first_tree, tmp_path):
    """Length and state are the same, so the index is believed once."""
    with tarfile.open(fileobj=io.BytesIO(first[PICTURES])) as archive:
        turned_round = archive_of(first_tree, archive.getnames()[::-1])
    assert len(turned_round) == len(first[PICTURES])
    with ArchiveServer(first) as server:
        fetch(server, tmp_path, "0020/sunset")
    with ArchiveServer(first | {PICTURES: turned_round}) as server:
        with pytest.raises(DataError, match="no longer where it was noted"):
            fetch(server, tmp_path)
        fetch(server, tmp_path)
    assert expected(first_tree).items() <= files(tmp_path).items()


@pytest.mark.parametrize("where", ["in the target", "in a folder"])
def test_archives_on_disk_are_used(where, first, first_tree, tmp_path):
    folder = tmp_path / ("target" if where == "in the target" else "usb")
    folder.mkdir()
    for name, content in first.items():
        (folder / name).write_bytes(content)
    with ArchiveServer({}) as server:
        fetch(server if where == "in the target" else folder, tmp_path / "target")
    taken = {name: c for name, c in files(tmp_path / "target").items() if not name.endswith(".tar")}
    assert taken == expected(first_tree)


def test_a_folder_without_the_archive(tmp_path):
    with pytest.raises(DataError, match=r"no vkitti_1.3.1_scenegt.tar in this folder"):
        fetch(tmp_path / "usb", tmp_path / "target")


def test_after_a_fetch_in_vain_the_folder_counts_as_empty(tmp_path, monkeypatch):
    with ArchiveServer({}) as server, pytest.raises(DataError, match="404"):
        fetch(server, tmp_path)
    rendered = []
    monkeypatch.setattr(roadscenes.rendering, "render_default", rendered.append)
    with pytest.raises(DataError):
        roadscenes.open_or_render(tmp_path)
    assert rendered == [tmp_path / "scenes"]


def test_a_proxy_of_the_environment_is_used(first, tmp_path, monkeypatch):
    with ArchiveServer(first) as server:
        monkeypatch.setenv("http_proxy", server.address.removesuffix("data/"))
        monkeypatch.delenv("no_proxy", raising=False)
        download.fetch(
            WANTED, tmp_path, url="http://nowhere.invalid/data", accept_licence=True, progress=False,
            retries=QUICK,
        )  # fmt: skip
    assert len(files(tmp_path)) == 9


def test_a_full_disk_is_seen_first(first, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with ArchiveServer(first) as server:
        with pytest.raises(DataError, match="are needed, 0 MB are free"):
            fetch(server, tmp_path)
        assert set(server.requests.values()) == {0}


def test_a_disk_that_fills_up(first, first_tree, tmp_path, monkeypatch):
    written, write = itertools.count(), Path.write_bytes

    def fill(path, content):
        if next(written) == 6:
            write(path, content[:10])
            raise OSError(28, "No space left on device", str(path))
        return write(path, content)

    with ArchiveServer(first) as server:
        monkeypatch.setattr(Path, "write_bytes", fill)
        with pytest.raises(DataError, match="No space left on device"):
            fetch(server, tmp_path)
        monkeypatch.undo()
        assert 0 < len(files(tmp_path)) < len(expected(first_tree))
        assert files(tmp_path).items() <= expected(first_tree).items()


def test_a_target_that_is_a_file(first, tmp_path):
    (tmp_path / "target").write_text("mine")
    with ArchiveServer(first) as server, pytest.raises(DataError, match="target"):
        fetch(server, tmp_path / "target")
    assert (tmp_path / "target").read_text() == "mine"


@pytest.mark.parametrize(
    ("sequences", "version", "message"),
    [
        ("0001/winter", "1.3.1", "no sequence '0001/winter'"),
        ([], "1.3.1", "empty list"),
        ("0001", "1.3", "no version '1.3'"),
        ("0001", "2.0.3", "no sequence '0001'"),
    ],
)
def test_unknown_names(sequences, version, message, tmp_path):
    with pytest.raises(DataError, match=message):
        download.plan(sequences, tmp_path, version)


def test_the_plan_says_how_much(tmp_path, monkeypatch):
    monkeypatch.undo()  # the real lengths of the drives
    said = str(download.plan("0001/sunset", tmp_path))
    assert "895 files, about 305 MB" in said
    assert "Scene01/fog/Camera_0, Scene01/fog/Camera_1: 1,789 files" in str(
        download.plan("Scene01/fog", tmp_path, "2.0.3")
    )


PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, {code!r})
from roadseg.data.download import RetryPolicy, catalogue, fetch
catalogue.FRAME_COUNTS = {drives!r}
print("ready", flush=True)
fetch(["0001/clone", "0001/sunset"], Path({target!r}), url={url!r}, accept_licence=True, progress=False,
      retries=RetryPolicy(attempts=4, timeout=1, pause=0.001))
"""


def test_twenty_kills_change_nothing(first, first_tree, tmp_path):
    """The server is slow, so that about every place is met."""
    random, kills, wanted = np.random.default_rng(0), 0, {}
    for sequence in ("0001/clone", "0001/sunset"):
        wanted |= expected(first_tree, sequence)

    def slowly(request):
        time.sleep(0.01)
        request.send_part()

    with ArchiveServer(first, answer=slowly) as server:
        for target in map(tmp_path.joinpath, map(str, itertools.count())):
            while kills < 20 and files(target) != wanted:
                program = PROGRAM.format(
                    code=str(Path(download.__file__).parents[2]),
                    drives=catalogue.FRAME_COUNTS,
                    target=str(target),
                    url=server.address,
                )
                process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
                assert process.stdout.readline() == b"ready\n"
                time.sleep(random.uniform(0, 0.4))
                process.send_signal(signal.SIGKILL)
                process.communicate()
                kills += process.returncode == -signal.SIGKILL
                assert files(target).items() <= wanted.items()
            fetch(server, target, ["0001/clone", "0001/sunset"])
            assert files(target) == wanted
            if kills == 20:
                break


# Version 2.0.3 -----------------------------------------------------------------------------------

TEXTS, SUMS = "vkitti_2.0.3_textgt.tar.gz", "vkitti_2.0.3_md5_checksums.txt"


@pytest.fixture(scope="module")
def second_tree(tmp_path_factory) -> Path:
    return raw_data.virtual_kitti_2(tmp_path_factory.mktemp("second"), frames=4)


@pytest.fixture(scope="module")
def second(second_tree) -> dict[str, bytes]:
    every = sorted(str(path.relative_to(second_tree)) for path in second_tree.rglob("*"))

    def packed(part: str) -> bytes:
        return archive_of(second_tree, [name for name in every if part in name])

    archives = {
        TEXTS: gzip.compress(packed("colors.txt")),
        "vkitti_2.0.3_classSegmentation.tar": packed("classSegmentation"),
        "vkitti_2.0.3_rgb.tar": packed("frames/rgb"),
    }
    sums = "".join(f"{hashlib.md5(data).hexdigest()}  {name}\n" for name, data in archives.items())
    return archives | {SUMS: sums.encode()}


CAMERA = "Scene01/clone/Camera_0"


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "stream"])
def test_version_2_comes_and_its_reader_reads_it(ranges, second, second_tree, tmp_path):
    with ArchiveServer(second, ranges) as server:
        fetch(server, tmp_path, CAMERA, version="2.0.3")
    assert {name: c for name, c in files(tmp_path).items() if name != TEXTS} == files(second_tree)
    assert len(sources.open(tmp_path).frames(CAMERA)) == 4


def test_an_interrupted_whole_archive_is_continued(second, tmp_path):
    (tmp_path / f".{TEXTS}.part").write_bytes(second[TEXTS][:100])
    starts = []

    def noting(request):
        if request.name == TEXTS:
            starts.append(request.start)
        request.send_part()

    with ArchiveServer(second, answer=noting) as server:
        fetch(server, tmp_path, CAMERA, version="2.0.3")
    assert starts == [0, 100]
    assert (tmp_path / TEXTS).read_bytes() == second[TEXTS]


def test_a_whole_archive_that_was_only_not_renamed(second, tmp_path):
    (tmp_path / f".{TEXTS}.part").write_bytes(second[TEXTS])
    with ArchiveServer(second) as server:
        fetch(server, tmp_path, CAMERA, version="2.0.3")
        assert server.requests[TEXTS] == 1  # its size


@pytest.mark.parametrize("begun", [b"something else", bytes(10_000_000)])
def test_the_beginning_of_another_archive_is_thrown_away(begun, second, tmp_path):
    (tmp_path / f".{TEXTS}.part").write_bytes(begun)
    with ArchiveServer(second) as server:
        fetch(server, tmp_path, CAMERA, version="2.0.3")
    assert (tmp_path / TEXTS).read_bytes() == second[TEXTS]


def test_a_wrong_md5_sum_is_an_error(second, tmp_path):
    with (
        ArchiveServer(second | {TEXTS: turned(second[TEXTS])}) as server,
        pytest.raises(DataError, match=r"md5 sum is .*, the published one"),
    ):
        fetch(server, tmp_path, CAMERA, version="2.0.3")
    assert not files(tmp_path)


@pytest.mark.parametrize("change", [turned, lambda data: data[:-30], lambda _: b"text"])
def test_a_damaged_archive_without_a_sum_is_an_error(change, second, tmp_path):
    served = {name: data for name, data in second.items() if "md5" not in name}
    with (
        ArchiveServer(served | {TEXTS: change(second[TEXTS])}) as server,
        pytest.raises(DataError, match="not a complete gzip file"),
    ):
        fetch(server, tmp_path, CAMERA, version="2.0.3")
    assert not files(tmp_path)


@pytest.mark.parametrize("line", ["{md5} *{name}", "MD5 ({name}) = {md5}", "{MD5}  ./{name}"])
def test_lists_of_sums_are_read_in_any_usual_form(line, second, tmp_path):
    md5 = hashlib.md5(second[TEXTS]).hexdigest()
    listed = {SUMS: line.format(md5=md5, MD5=md5.upper(), name=TEXTS).encode()}
    with ArchiveServer(second | listed) as server:
        fetch(server, tmp_path, CAMERA, version="2.0.3")


@pytest.mark.parametrize("listed", [b"", b"no such thing", bytes(2_000_000)])
def test_a_list_without_the_sum_is_an_error(listed, second, tmp_path):
    with (
        ArchiveServer(second | {SUMS: listed}) as server,
        pytest.raises(DataError, match=r"has no sum for|not a list of checksums|no byte 0"),
    ):
        fetch(server, tmp_path, CAMERA, version="2.0.3")


def test_two_data_sets_do_not_share_a_folder(first, second, tmp_path):
    with ArchiveServer(first | second) as server:
        fetch(server, tmp_path)
        with pytest.raises(DataError, match="holds virtual_kitti_1 already"):
            fetch(server, tmp_path, CAMERA, version="2.0.3")
        (tmp_path / "own" / "vkitti_2.0.3_rgb" / "Scene01").mkdir(parents=True)
        with pytest.raises(DataError, match="folders of their own already"):
            fetch(server, tmp_path / "own", CAMERA, version="2.0.3")


def test_a_damaged_jpeg_is_an_error(second, tmp_path):
    def change(member, content):
        content = content[:-2] if member.name.endswith("00002.jpg") else content
        member.size = len(content)
        yield member, content

    pictures = "vkitti_2.0.3_rgb.tar"
    with (
        ArchiveServer(second | {pictures: rebuilt(second[pictures], change)}) as server,
        pytest.raises(DataError, match="not a complete JPEG"),
    ):
        fetch(server, tmp_path, CAMERA, version="2.0.3")


def test_what_came_can_be_trained_on(first, tmp_path):
    with ArchiveServer(first) as server:
        fetch(server, tmp_path / "raw", ["0001/sunset", "0002/clone"])
    preprocess.to_hdf5(sources.open(tmp_path / "raw"), tmp_path / "store", progress=False)
    assert len(store.open(tmp_path / "store")) == 4 + 3
