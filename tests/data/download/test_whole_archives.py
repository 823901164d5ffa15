"""The small compressed archive of version 2.0.3, which is fetched whole."""

import gzip
import hashlib

import pytest

from benchmarks.archive_server import ArchiveServer
from roadseg.data import download, sources
from roadseg.errors import DataError
from tests.data.download.helpers import CAMERA, QUICK, SUMS, TEXTS, fetch, files, flip_a_bit


def test_an_interrupted_whole_archive_is_continued(archives_2, tmp_path):
    (tmp_path / f".{TEXTS}.part").write_bytes(archives_2[TEXTS][:100])
    starts = []

    def noting(request):
        if request.name == TEXTS:
            starts.append(request.start)
        request.send_part()

    with ArchiveServer(archives_2, answer=noting) as server:
        fetch(server, tmp_path, CAMERA, version="2.0.3")
    assert starts == [0, 100]
    assert (tmp_path / TEXTS).read_bytes() == archives_2[TEXTS]


def test_a_complete_archive_that_lacks_only_its_name_is_not_fetched_again(archives_2, tmp_path):
    (tmp_path / f".{TEXTS}.part").write_bytes(archives_2[TEXTS])
    with ArchiveServer(archives_2) as server:
        fetch(server, tmp_path, CAMERA, version="2.0.3")
        assert server.requests[TEXTS] == 1  # its size


@pytest.mark.parametrize("begun", [b"something else", bytes(10_000_000)])
def test_the_beginning_of_another_archive_is_thrown_away(begun, archives_2, tmp_path):
    (tmp_path / f".{TEXTS}.part").write_bytes(begun)
    with ArchiveServer(archives_2) as server:
        fetch(server, tmp_path, CAMERA, version="2.0.3")
    assert (tmp_path / TEXTS).read_bytes() == archives_2[TEXTS]


def test_a_wrong_md5_sum_is_an_error(archives_2, tmp_path):
    with (
        ArchiveServer(archives_2 | {TEXTS: flip_a_bit(archives_2[TEXTS])}) as server,
        pytest.raises(DataError, match=r"md5 sum is .*, the published one"),
    ):
        fetch(server, tmp_path, CAMERA, version="2.0.3")
    assert not files(tmp_path)


@pytest.mark.parametrize("change", [flip_a_bit, lambda data: data[:-30], lambda _: b"text"])
def test_a_damaged_archive_without_a_sum_is_an_error(change, archives_2, tmp_path):
    served = {name: data for name, data in archives_2.items() if "md5" not in name}
    with (
        ArchiveServer(served | {TEXTS: change(archives_2[TEXTS])}) as server,
        pytest.raises(DataError, match="not a complete gzip file"),
    ):
        fetch(server, tmp_path, CAMERA, version="2.0.3")
    assert not files(tmp_path)


@pytest.mark.parametrize("line", ["{md5} *{name}", "MD5 ({name}) = {md5}", "{MD5}  ./{name}"])
def test_lists_of_sums_are_read_in_any_usual_form(line, archives_2, tmp_path):
    md5 = hashlib.md5(archives_2[TEXTS]).hexdigest()
    listed = {SUMS: line.format(md5=md5, MD5=md5.upper(), name=TEXTS).encode()}
    with ArchiveServer(archives_2 | listed) as server:
        fetch(server, tmp_path, CAMERA, version="2.0.3")


@pytest.mark.parametrize("listed", [b"", b"no such thing", bytes(2_000_000)])
def test_a_list_without_the_sum_is_an_error(listed, archives_2, tmp_path):
    with (
        ArchiveServer(archives_2 | {SUMS: listed}) as server,
        pytest.raises(DataError, match=r"has no sum for|not a list of checksums|no byte 0"),
    ):
        fetch(server, tmp_path, CAMERA, version="2.0.3")


@pytest.fixture
def local(archives_2, tmp_path):
    """A folder with all archives and the list of sums; the text archive has been changed."""
    folder = tmp_path / "usb"
    folder.mkdir()
    for name, data in archives_2.items():
        (folder / name).write_bytes(data)
    changed = gzip.compress(gzip.decompress(archives_2[TEXTS]).replace(b"Pole 255", b"Pole 254"))
    (folder / TEXTS).write_bytes(changed)
    return folder


def test_an_archive_on_disk_must_have_the_sum_in_the_list_beside_it(local, archives_2, tmp_path):
    with pytest.raises(DataError, match=rf"{TEXTS}: its md5 sum is .*, the published one .*remove it"):
        fetch(local, tmp_path / "target", CAMERA, version="2.0.3")
    assert not files(tmp_path / "target")
    (local / TEXTS).write_bytes(archives_2[TEXTS])
    fetch(local, tmp_path / "target", CAMERA, version="2.0.3")


def test_an_archive_in_the_target_must_have_the_sum_that_the_server_publishes(
    local, archives_2, tmp_path
):
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / TEXTS).write_bytes((local / TEXTS).read_bytes())
    with ArchiveServer(archives_2) as server, pytest.raises(DataError, match="the published one"):
        fetch(server, tmp_path / "target", CAMERA, version="2.0.3")


def test_an_archive_on_disk_without_a_sum_must_be_complete(local, archives_2, tmp_path):
    (local / SUMS).unlink()
    (local / TEXTS).write_bytes(flip_a_bit(archives_2[TEXTS]))
    with pytest.raises(DataError, match="not a complete gzip file"):
        fetch(local, tmp_path / "target", CAMERA, version="2.0.3")
    (local / TEXTS).write_bytes(archives_2[TEXTS])
    fetch(local, tmp_path / "target", CAMERA, version="2.0.3")


def test_without_a_network_the_archives_in_the_target_do(archives_2, tmp_path):
    for name, data in archives_2.items():
        if name != SUMS:
            (tmp_path / name).write_bytes(data)
    with ArchiveServer({}) as server:
        address = server.address
    download.fetch(CAMERA, tmp_path, "2.0.3", address, True, progress=False, retries=QUICK)
    assert len(sources.open(tmp_path).frames()) == 4
