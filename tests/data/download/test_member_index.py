"""The index of an archive spares reading its headers again, and is never believed blindly."""

import io
import json
import tarfile

import pytest

from benchmarks.archive_server import ArchiveServer, archive_of
from roadseg.errors import DataError
from tests.data.download.helpers import IMAGES, MEMBER, expected, extra, fetch, files, rebuilt


def test_the_next_sequence_starts_at_once(archives_1, tree_1, tmp_path):
    with ArchiveServer(archives_1) as server:
        fetch(server, tmp_path, "0020/sunset")  # the last of the archives
        before = server.requests[IMAGES]
        fetch(server, tmp_path, "0002/clone")
        assert server.requests[IMAGES] - before == 1 + 3  # its state, and three images
    assert expected(tree_1, "0002/clone").items() <= files(tmp_path).items()


def test_reading_stops_with_the_last_wanted_file(archives_1, tmp_path):
    with ArchiveServer(archives_1) as server:
        fetch(server, tmp_path, "0001/clone")
        assert server.sent < sum(map(len, archives_1.values())) / 2


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
        lambda text: json.dumps(json.loads(text) | {"places": {MEMBER: [512.5, 100]}}),
        lambda text: json.dumps(json.loads(text) | {"read_to": 10**30, "places": {MEMBER: [10**29, 5]}}),
        lambda text: json.dumps(json.loads(text) | {"read_to": 1e6}),
        lambda text: json.dumps(json.loads(text) | {"read_to": True, "places": {}}),
        lambda text: json.dumps(json.loads(text) | {"read_to": -512, "places": {}}),
        lambda _: '{"read_to": 0, "places": {}}',
        lambda _: "[" * 100_000,
        lambda _: '{"a":' * 100_000,
        lambda text: text.replace('"read_to": ', '"read_to": ' + 5000 * "9"),
    ],
)
def test_a_damaged_index_is_made_again(damage, archives_1, tree_1, tmp_path):
    with ArchiveServer(archives_1) as server:
        fetch(server, tmp_path, "0001/clone")
        index = tmp_path / f".{IMAGES}.index.json"
        index.write_text(damage(index.read_text()))
        fetch(server, tmp_path)
    assert expected(tree_1).items() <= files(tmp_path).items()


def test_a_wrong_index_is_thrown_away_with_an_error(archives_1, tree_1, tmp_path):
    with ArchiveServer(archives_1) as server:
        fetch(server, tmp_path, "0002/sunset")
        index = tmp_path / f".{IMAGES}.index.json"
        saved = json.loads(index.read_text())
        saved["places"] = {name: [begin - 512, size] for name, (begin, size) in saved["places"].items()}
        index.write_text(json.dumps(saved))
        with pytest.raises(DataError, match="no longer where it was noted"):
            fetch(server, tmp_path)
        fetch(server, tmp_path)
    assert expected(tree_1).items() <= files(tmp_path).items()


def test_the_index_of_another_archive_is_not_used(archives_1, tree_1, tmp_path):
    with ArchiveServer(archives_1) as server:
        fetch(server, tmp_path, "0002/sunset")
    shifted = rebuilt(archives_1[IMAGES], extra("a/file/more"))
    newer = {IMAGES: shifted}
    with ArchiveServer(
        archives_1 | newer, answer=lambda request: request.send_part(ETag='"2"')
    ) as server:
        fetch(server, tmp_path)
    assert expected(tree_1).items() <= files(tmp_path).items()


def test_an_archive_that_was_replaced_unnoticed_costs_one_error(archives_1, tree_1, tmp_path):
    """Length and state are the same, so the index is believed once."""
    with tarfile.open(fileobj=io.BytesIO(archives_1[IMAGES])) as archive:
        turned_round = archive_of(tree_1, archive.getnames()[::-1])
    assert len(turned_round) == len(archives_1[IMAGES])
    with ArchiveServer(archives_1) as server:
        fetch(server, tmp_path, "0020/sunset")
    with ArchiveServer(archives_1 | {IMAGES: turned_round}) as server:
        with pytest.raises(DataError, match="no longer where it was noted"):
            fetch(server, tmp_path)
        fetch(server, tmp_path)
    assert expected(tree_1).items() <= files(tmp_path).items()
