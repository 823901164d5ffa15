import json

import pytest

from roadseg.errors import TrainingError
from roadseg.training.manifest import FILES, Fingerprint, Manifest


@pytest.fixture
def saved(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    manifest = Manifest(2, dict.fromkeys(FILES, Fingerprint.of(tmp_path / "file")))
    manifest.save(tmp_path / "manifest.json")
    return manifest, tmp_path / "manifest.json"


def test_it_is_read_as_it_was_written(saved, tmp_path):
    manifest, path = saved
    assert Manifest.load(path) == manifest
    assert manifest.is_finished
    assert Manifest.load(tmp_path / "elsewhere") is None


def test_a_fingerprint_knows_size_and_content(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"content")
    fingerprint = Fingerprint.of(path)
    assert fingerprint.is_of(path)
    for content in (b"c0ntent", b"conten", b"content.", b""):
        path.write_bytes(content)
        assert not fingerprint.is_of(path)
    assert not fingerprint.is_of(tmp_path)
    assert not fingerprint.is_of(tmp_path / "none")


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", "null", '{"sha256": 1}', 50_000 * "[", 200_000 * " ", '{"epochs": 2}']
)
def test_what_is_no_manifest_is_refused(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(TrainingError, match=r"manifest\.json: damaged .*delete the folder"):
        Manifest.load(tmp_path / "manifest.json")


def test_a_changed_entry_is_seen(saved):
    _, path = saved
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"epochs": 3}))
    with pytest.raises(TrainingError, match="it was changed"):
        Manifest.load(path)


@pytest.mark.parametrize("names", [FILES[1:], FILES[:3], (*FILES, "../elsewhere")])
def test_other_files_than_those_of_a_run_are_refused(saved, names):
    manifest, path = saved
    Manifest(2, dict.fromkeys(names, manifest.files["history.csv"])).save(path)
    with pytest.raises(TrainingError, match="not those of a run"):
        Manifest.load(path)
