import pytest

from roadseg.data import download
from roadseg.errors import DataError


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
