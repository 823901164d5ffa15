"""`make data` from its arguments to files."""

import get_data

from benchmarks.archive_server import ArchiveServer
from roadseg.data import sources


def test_it_fetches_what_was_asked_for(first, tmp_path, capsys):
    with ArchiveServer(first) as server:
        arguments = ["--sequences", "0001/sunset", "0002/clone", "--url", server.address]
        arguments += ["--target", str(tmp_path)]
        assert get_data.main([*arguments, "--accept-licence"]) == 0
    said = capsys.readouterr()
    assert "0001/sunset, 0002/clone: 16 files" in said.out
    assert said.err.count("100%") == 2  # of each archive
    assert len(sources.open(tmp_path).frames()) == 4 + 3


def test_without_the_licence_it_says_what_it_would_fetch(tmp_path, capsys):
    assert get_data.main(["--sequences", "0001/sunset", "--target", str(tmp_path / "none")]) == 0
    said = capsys.readouterr()
    assert "0001/sunset: 9 files" in said.out
    assert "BY-NC-SA 3.0" in said.out
    assert not (tmp_path / "none").exists()
