"""fetch: whole and checked files out of archives on a server or on disk, or one clear error."""

import gzip
import io
import itertools
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from roadseg.cli import main
from roadseg.data import catalogue, fetch, sources
from roadseg.errors import DataError
from tests import raw_data
from tests.archive_server import ArchiveServer, archive_of

DRIVES = {"0001": 4, "0002": 3, "0006": 2, "0018": 2, "0020": 2}  # frames
LABELS, IMAGES = "vkitti_1.3.1_scenegt.tar", "vkitti_1.3.1_rgb.tar"
TEXTS = "vkitti_2.0.3_textgt.tar.gz"
WANTED, CAMERA = "0001/sunset", "Scene01/clone/Camera_0"
RETRIES = fetch.RETRIES.new(total=3, backoff_factor=0.001)


@pytest.fixture(autouse=True)
def short_drives_and_waits(monkeypatch):
    monkeypatch.setattr(catalogue, "FRAME_COUNTS", DRIVES)
    monkeypatch.setattr(fetch, "RETRIES", RETRIES)
    monkeypatch.setattr(fetch, "TIMEOUT", 0.3)


@pytest.fixture(scope="module")
def tree_1(tmp_path_factory) -> Path:
    """1.3.1: two variations of each world."""
    root = tmp_path_factory.mktemp("version-1")
    for world, frames in DRIVES.items():
        raw_data.virtual_kitti_1(root / world, (f"{world}/clone", f"{world}/sunset"), frames=frames)
        shutil.copytree(root / world, root / "all", dirs_exist_ok=True)
    return root / "all"


def packed(tree: Path, part: str) -> bytes:
    names = sorted(str(path.relative_to(tree)) for path in tree.rglob("*"))
    return archive_of(tree, [name for name in names if part in name])


@pytest.fixture(scope="module")
def archives_1(tree_1) -> dict[str, bytes]:
    return {LABELS: packed(tree_1, "scenegt"), IMAGES: packed(tree_1, "vkitti_1.3.1_rgb")}


@pytest.fixture(scope="module")
def tree_2(tmp_path_factory) -> Path:
    return raw_data.virtual_kitti_2(tmp_path_factory.mktemp("version-2"), frames=4)


@pytest.fixture(scope="module")
def archives_2(tree_2) -> dict[str, bytes]:
    return {
        TEXTS: gzip.compress(packed(tree_2, "colors.txt")),
        "vkitti_2.0.3_classSegmentation.tar": packed(tree_2, "classSegmentation"),
        "vkitti_2.0.3_rgb.tar": packed(tree_2, "frames/rgb"),
    }


def get(place: ArchiveServer | Path, target: Path, sequences=WANTED, **options) -> None:
    url = place.address if isinstance(place, ArchiveServer) else place
    options = {"accept_licence": True, "progress": False} | options
    fetch.fetch(sequences, target, url=url, **options)


def files(folder: Path) -> dict[str, bytes]:
    """Everything with a final name, but for archives."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith((".", "vkitti"))
    }


def expected(tree: Path, sequence: str = WANTED) -> dict[str, bytes]:
    """What a sequence consists of."""
    names = f"/{sequence}/", f"/{sequence.replace('/', '_')}_"
    return {
        name: content for name, content in files(tree).items() if any(each in name for each in names)
    }


def test_the_plan_says_how_much_and_knows_the_names(tmp_path, monkeypatch):
    for sequences, version, message in (
        ("0001/winter", "1.3.1", "no sequence '0001/winter'"),
        ([], "1.3.1", "empty list"),
        ("0001", "1.3", "no version '1.3'"),
        ("0001", "2.0.3", "no sequence '0001'"),
    ):
        with pytest.raises(DataError, match=message):
            fetch.plan(sequences, tmp_path, version)
    monkeypatch.undo()  # the real lengths of the drives
    assert "0001/sunset: 895 files, about 305 MB" in str(fetch.plan(WANTED, tmp_path))
    assert "Scene01/fog/Camera_0, Scene01/fog/Camera_1: 1,789 files" in str(
        fetch.plan("Scene01/fog", tmp_path, "2.0.3")
    )


def test_the_command_shows_its_plan_and_fetches(archives_1, tree_1, tmp_path, capsys):
    with ArchiveServer(archives_1) as server:
        command = ["fetch", WANTED, "0002/clone", "--url", server.address, "--output", str(tmp_path)]
        assert main(command) == 0
        said = capsys.readouterr().out
        assert "0001/sunset, 0002/clone: 16 files" in said
        assert "BY-NC-SA 3.0" in said
        with pytest.raises(DataError, match=r"BY-NC-SA 3.0[\s\S]*accept_licence=True"):
            get(server, tmp_path / "target", accept_licence=False)
        assert not files(tmp_path)
        assert set(server.requests.values()) == {0}
        assert main([*command, "--accept-licence"]) == 0
    assert "100%" in capsys.readouterr().out
    assert files(tmp_path) == expected(tree_1) | expected(tree_1, "0002/clone")


def test_little_more_than_the_wanted_files_is_sent_and_only_once(archives_1, tree_1, tmp_path):
    with ArchiveServer(archives_1) as server:
        get(server, tmp_path, "0001/clone")
        wanted, requests = sum(map(len, files(tmp_path).values())), sum(server.requests.values())
        assert server.sent < wanted + 2000 * requests
        assert server.sent < sum(map(len, archives_1.values())) / 2
        get(server, tmp_path, "0001/clone")
        assert sum(server.requests.values()) == requests
        get(server, tmp_path, "0020/sunset")  # the last of the archives
        before = server.requests[IMAGES]
        get(server, tmp_path, "0002/clone")
        assert server.requests[IMAGES] - before == 1 + 2 * 3  # size; headers and images
    assert expected(tree_1, "0002/clone").items() <= files(tmp_path).items()


def test_archives_on_disk_and_of_version_2_are_used(archives_1, archives_2, tree_1, tree_2, tmp_path):
    with ArchiveServer(archives_2) as server:
        get(server, tmp_path / "served", CAMERA, version="2.0.3")
    assert files(tmp_path / "served") == files(tree_2)
    assert (tmp_path / "served" / TEXTS).read_bytes() == archives_2[TEXTS]
    assert len(sources.open(tmp_path / "served").frames(CAMERA)) == 4
    for name, content in (archives_1 | archives_2).items():
        (tmp_path / name).write_bytes(content)
    get(tmp_path, tmp_path / "1")
    get(tmp_path, tmp_path / "2", CAMERA, version="2.0.3")
    assert files(tmp_path / "1") == expected(tree_1)
    assert files(tmp_path / "2") == files(tree_2)
    (tmp_path / "own").mkdir()
    for name in archives_1:
        shutil.copy(tmp_path / name, tmp_path / "own" / name)
    with ArchiveServer({}) as server:  # the target comes first
        get(server, tmp_path / "own")
    assert files(tmp_path / "own") == expected(tree_1)
    with pytest.raises(DataError, match=r"No such file.*usb/vkitti_1.3.1_scenegt.tar"):
        get(tmp_path / "usb", tmp_path / "target")


def test_a_failing_server_is_asked_again(archives_1, tree_1, tmp_path):
    """Errors, silence, and connections that break within the header or the body."""
    random = itertools.cycle(["error", "part", "busy", "part", "cut", "part", "empty", "silence"])

    def badly(request):
        fault = next(random)
        if fault == "silence":
            time.sleep(0.5)
        elif fault == "error" or fault == "busy":
            request.send(500 if fault == "error" else 429)
        elif fault == "part":
            request.send_part()
        else:
            request.send_part((request.stop - request.start) // 2 if fault == "cut" else 0)

    with ArchiveServer(archives_1, badly) as server:
        get(server, tmp_path)
    assert files(tmp_path) == expected(tree_1)


def test_a_server_that_fails_for_good_is_one_clear_error(archives_1, tree_1, tmp_path):
    for answer, message in (
        (lambda request: request.send(503), "503"),
        (lambda request: request.send(200, request.data), "status 200 OK in place of a part"),
        (lambda request: request.send_part(0 if request.number > 5 else None), "call again to continue"),
    ):
        target = tmp_path / message
        with ArchiveServer(archives_1, answer) as server, pytest.raises(DataError, match=message):
            get(server, target)
        assert files(target).items() < expected(tree_1).items()
    with pytest.raises(DataError, match="status 404"), ArchiveServer({}) as server:
        get(server, tmp_path / "none")
    with pytest.raises(DataError, match=f"{LABELS}: .*Failed to (establish|connect|resolve)"):
        get(server, tmp_path / "none")


def test_damaged_archives(archives_1, archives_2, tree_1, tree_2, tmp_path):
    """Nothing damaged gets its final name; which file and what to do is said."""
    with tarfile.open(fileobj=io.BytesIO(archives_1[IMAGES])) as archive:
        middle = archive.getmember("vkitti_1.3.1_rgb/0001/sunset/00002.png").offset_data + 300
    images = {
        "changed": archives_1[IMAGES][:middle] + b"?" + archives_1[IMAGES][middle + 1 :],
        "other": b"<html>" + bytes(5000),
    }
    for name, content in images.items():
        server = ArchiveServer(archives_1 | {IMAGES: content})
        with server, pytest.raises(DataError, match=f"{IMAGES}: "):
            get(server, tmp_path / name)
        assert files(tmp_path / name).items() < expected(tree_1).items()
    server = ArchiveServer(archives_2 | {TEXTS: archives_2[TEXTS][:-20]})
    with server, pytest.raises(DataError, match=f"{TEXTS}: .*end-of-stream"):
        get(server, tmp_path / "2", CAMERA, version="2.0.3")
    assert not (tmp_path / "2" / TEXTS).exists()


PROGRAM = """
import sys
from roadseg.data import catalogue, fetch
catalogue.FRAME_COUNTS = {"0001": 4, "0002": 3, "0006": 2, "0018": 2, "0020": 2}
print("ready", flush=True)
fetch.fetch(["0001/clone", "0001/sunset"], sys.argv[1], url=sys.argv[2], accept_licence=True)
"""


def test_a_killed_fetch_continues_and_one_at_a_time_writes(archives_1, tree_1, tmp_path):
    wanted, pause = expected(tree_1, "0001/clone") | expected(tree_1), 0.1  # seconds

    def slowly(request):
        time.sleep(pause)
        request.send_part()

    with ArchiveServer(archives_1, slowly) as server:
        command = [sys.executable, "-c", PROGRAM, str(tmp_path), server.address]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.5)
        with pytest.raises(DataError, match="another process is writing into this folder"):
            get(server, tmp_path, "0002/clone")
        process.kill()
        process.communicate()
        assert files(tmp_path).items() < wanted.items()
        pause = 0
        get(server, tmp_path, ["0001/clone", "0001/sunset"])
    assert files(tmp_path) == wanted
