"""fetch from the licence to the last file: whole and checked files, or one clear error."""

import itertools
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks.archive_server import ArchiveServer
from roadseg.data import preprocess, sources, store
from roadseg.data.download import catalogue
from roadseg.errors import DataError
from tests.data.download.helpers import CAMERA, TEXTS, expected, fetch, files


def test_the_licence_must_be_accepted_and_is_shown_once(archives_1, tmp_path, capsys):
    with ArchiveServer(archives_1) as server:
        with pytest.raises(DataError, match=r"BY-NC-SA 3.0[\s\S]*accept_licence=True"):
            fetch(server, tmp_path / "target", accept_licence=False)
        assert set(server.requests.values()) == {0}
        assert not (tmp_path / "target").exists()
        fetch(server, tmp_path / "target")
        fetch(server, tmp_path / "target", "0001/clone")
    assert capsys.readouterr().out.count("BY-NC-SA 3.0") == 1


def test_what_is_there_is_not_fetched_again(archives_1, tmp_path):
    with ArchiveServer(archives_1) as server:
        fetch(server, tmp_path)
        before = dict(server.requests)
        fetch(server, tmp_path)
        assert server.requests == before


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "stream"])
def test_version_2_comes_and_its_reader_reads_it(ranges, archives_2, tree_2, tmp_path):
    with ArchiveServer(archives_2, ranges) as server:
        fetch(server, tmp_path, CAMERA, version="2.0.3")
    assert {name: c for name, c in files(tmp_path).items() if name != TEXTS} == files(tree_2)
    assert len(sources.open(tmp_path).frames(CAMERA)) == 4


def test_what_came_can_be_trained_on(archives_1, tmp_path):
    with ArchiveServer(archives_1) as server:
        fetch(server, tmp_path / "raw", ["0001/sunset", "0002/clone"])
    preprocess.to_hdf5(sources.open(tmp_path / "raw"), tmp_path / "store", progress=False)
    assert len(store.open(tmp_path / "store")) == 4 + 3


@pytest.mark.parametrize("where", ["in the target", "in a folder"])
def test_archives_on_disk_are_used(where, archives_1, tree_1, tmp_path):
    folder = tmp_path / ("target" if where == "in the target" else "usb")
    folder.mkdir()
    for name, content in archives_1.items():
        (folder / name).write_bytes(content)
    with ArchiveServer({}) as server:
        fetch(server if where == "in the target" else folder, tmp_path / "target")
    taken = {name: c for name, c in files(tmp_path / "target").items() if not name.endswith(".tar")}
    assert taken == expected(tree_1)


def test_a_folder_without_the_archive(tmp_path):
    with pytest.raises(DataError, match=r"no vkitti_1.3.1_scenegt.tar in this folder"):
        fetch(tmp_path / "usb", tmp_path / "target")


def test_two_data_sets_do_not_share_a_folder(archives_1, archives_2, tmp_path):
    with ArchiveServer(archives_1 | archives_2) as server:
        fetch(server, tmp_path)
        with pytest.raises(DataError, match="holds virtual_kitti_1 already"):
            fetch(server, tmp_path, CAMERA, version="2.0.3")
        (tmp_path / "own" / "vkitti_2.0.3_rgb" / "Scene01").mkdir(parents=True)
        with pytest.raises(DataError, match="folders of their own already"):
            fetch(server, tmp_path / "own", CAMERA, version="2.0.3")


def test_a_failed_fetch_leaves_only_hidden_files(tmp_path):
    """So that the folder still counts as empty when scenes are to be rendered into it."""
    with ArchiveServer({}) as server, pytest.raises(DataError, match="404"):
        fetch(server, tmp_path)
    assert all(path.name.startswith(".") for path in tmp_path.iterdir())


def test_a_full_disk_is_seen_first(archives_1, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with ArchiveServer(archives_1) as server:
        with pytest.raises(DataError, match="are needed, 0 MB are free"):
            fetch(server, tmp_path)
        assert set(server.requests.values()) == {0}


def test_a_disk_that_fills_up(archives_1, tree_1, tmp_path, monkeypatch):
    written, write = itertools.count(), Path.write_bytes

    def fill(path, content):
        if next(written) == 6:
            write(path, content[:10])
            raise OSError(28, "No space left on device", str(path))
        return write(path, content)

    with ArchiveServer(archives_1) as server:
        monkeypatch.setattr(Path, "write_bytes", fill)
        with pytest.raises(DataError, match="No space left on device"):
            fetch(server, tmp_path)
        monkeypatch.undo()
        assert 0 < len(files(tmp_path)) < len(expected(tree_1))
        assert files(tmp_path).items() <= expected(tree_1).items()


def test_a_target_that_is_a_file(archives_1, tmp_path):
    (tmp_path / "target").write_text("mine")
    with ArchiveServer(archives_1) as server, pytest.raises(DataError, match="target"):
        fetch(server, tmp_path / "target")
    assert (tmp_path / "target").read_text() == "mine"


PROGRAM = """
from pathlib import Path
from roadseg.data.download import RetryPolicy, catalogue, fetch
catalogue.FRAME_COUNTS = {drives!r}
print("ready", flush=True)
fetch(["0001/clone", "0001/sunset"], Path({target!r}), url={url!r}, accept_licence=True, progress=False,
      retries=RetryPolicy(attempts=4, timeout=1, pause=0.001))
"""


def test_twenty_kills_change_nothing(archives_1, tree_1, tmp_path):
    """The server is slow, so that the kills come at about every place."""
    random, kills, wanted = np.random.default_rng(0), 0, {}
    for sequence in ("0001/clone", "0001/sunset"):
        wanted |= expected(tree_1, sequence)

    def slowly(request):
        time.sleep(0.01)
        request.send_part()

    with ArchiveServer(archives_1, answer=slowly) as server:
        for target in map(tmp_path.joinpath, map(str, itertools.count())):
            while kills < 20 and files(target) != wanted:
                program = PROGRAM.format(
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


def test_one_of_two_fetches_waits_or_is_told_of_the_other(archives_2, tree_2, tmp_path):
    def slowly(request):
        time.sleep(0.05)
        request.send_part()

    program = PROGRAM.replace('["0001/clone", "0001/sunset"]', f"{CAMERA!r}")
    program = program.replace("accept_licence", "version='2.0.3', accept_licence")
    with ArchiveServer(archives_2, answer=slowly) as server:
        program = program.format(drives=catalogue.FRAME_COUNTS, target=str(tmp_path), url=server.address)
        command = [sys.executable, "-c", program]
        both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        said = [process.communicate()[1] for process in both]
        assert 0 in [process.returncode for process in both]
        for process, message in zip(both, said, strict=True):
            assert process.returncode == 0 or "another process is writing into this folder" in message
    assert {name: c for name, c in files(tmp_path).items() if name != TEXTS} == files(tree_2)
    assert not list(tmp_path.rglob(".part*"))


def test_fetching_into_the_home_directory(archives_1, tree_1, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with ArchiveServer(archives_1) as server:
        fetch(server, "~/data")
    assert files(tmp_path / "data") == expected(tree_1)


def test_a_target_that_cannot_be_read(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(DataError, match=r"cannot be read \(Permission denied\)"):
        fetch(tmp_path, tmp_path / "target")
