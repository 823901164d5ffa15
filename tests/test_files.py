import pytest

from roadseg.files import atomic_write


def test_a_file_has_its_name_only_when_it_is_complete(tmp_path):
    path = tmp_path / "scores.json"
    path.write_text("old")

    def write(part):
        part.write_text("new")
        assert path.read_text() == "old"
        assert part.suffix == ".json"

    atomic_write(path, write)
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "scores.json"
    path.write_text("old")

    def fail(part):
        part.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        atomic_write(path, fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
