"""`roadseg fetch` from its arguments to files."""

from benchmarks.archive_server import ArchiveServer
from roadseg.cli import main
from roadseg.data import sources


def test_it_fetches_the_sequences_asked_for(archives_1, tmp_path, capsys):
    with ArchiveServer(archives_1) as server:
        arguments = ["fetch", "0001/sunset", "0002/clone", "--url", server.address]
        assert main([*arguments, "--output", str(tmp_path), "--accept-licence"]) == 0
    said = capsys.readouterr()
    assert "0001/sunset, 0002/clone: 16 files" in said.out
    assert said.out.count("100%") == 2  # of each archive
    assert len(sources.open(tmp_path).frames()) == 4 + 3


def test_without_the_licence_it_says_what_it_would_fetch(tmp_path, capsys):
    assert main(["fetch", "0001/sunset", "--output", str(tmp_path / "none")]) == 0
    said = capsys.readouterr()
    assert "0001/sunset: 9 files" in said.out
    assert "BY-NC-SA 3.0" in said.out
    assert not (tmp_path / "none").exists()


def test_an_unknown_sequence_is_one_line_and_no_traceback(tmp_path, capsys):
    assert main(["fetch", "0009/clone", "--output", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("\nroadseg fetch: ")
    assert "0009/clone" in said
