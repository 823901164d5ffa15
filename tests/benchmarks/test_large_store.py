"""The measurements of a large store, on small ones."""

import pytest

from benchmarks import large_store
from roadseg.data import store


def test_a_repeated_pattern_is_a_sound_store(frames, tmp_path):
    large_store.repeat(frames, tmp_path / "store", 120)
    repeated = store.verify(tmp_path / "store")
    assert len(repeated) == 120
    assert len(set(repeated.sequence)) == 50
    assert repeated.checksums.tolist() == [frames.checksums[i % len(frames)] for i in range(120)]


def test_everything_is_measured_and_nothing_is_left(frames, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(large_store, "READ", 16)
    table = {str(count): large_store.measure(frames, tmp_path, count) for count in (60, 120)}
    assert list(tmp_path.iterdir()) == []
    assert all(value >= 0 for column in table.values() for value in column.values())
    size, twice = (table[count]["megabytes"] for count in ("60", "120"))
    assert twice == pytest.approx(2 * size, rel=0.2)
    large_store.print_table(table)
    assert capsys.readouterr().out.count("\n") == 1 + len(table["60"])
