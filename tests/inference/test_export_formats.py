"""Formats in their own runtimes. Needs the packages of `pip install -e ".[dev,export]"`."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from roadseg.errors import DataError
from roadseg.inference import export, export_formats

PAGE = Path(__file__).parents[2] / "docs/export.md"
FORMATS = [
    export_formats.get(*names)
    for names in [
        ("saved_model",),
        ("onnx",),
        ("openvino", "bfloat16"),
        ("onnx", "int8"),
        ("litert", "int8"),
    ]
]
missing = sorted({package for each in FORMATS for package in each.missing})
pytestmark = pytest.mark.skipif(
    bool(missing), reason=f'{", ".join(missing)} not installed: pip install -e ".[dev,export]"'
)


@pytest.fixture(scope="module")
def exported(frames, tmp_path_factory):
    """Files by format, and the table of all."""
    folder = tmp_path_factory.mktemp("exported")
    paths, table = export.export("simple_plus", FORMATS, frames.path, folder=folder)
    return dict(zip(map(str, FORMATS), paths, strict=True)), table


def test_they_label_as_keras_does(exported):
    _, table = exported
    for _, row in table.iterrows():
        assert row["agreement"] >= (0.999 if row["precision"] == "float32" else 0.5)  # on noise
    assert table.loc["onnx int8", "MB"] < table.loc["onnx float32", "MB"] / 2


def test_logits_and_labels_belong_together_and_stay(exported, frames):
    paths, _ = exported
    (first, second), _ = frames.read([0, 9])
    keras = export_formats.open_exported(paths["saved_model float32"]).logits(first)
    for name, path in paths.items():
        opened = export_formats.open_exported(path)
        assert str(name).endswith(opened.card.precision)
        logits = opened.logits(first)
        kept = logits.copy()
        opened.logits(second)
        assert np.array_equal(logits, kept)
        assert np.corrcoef(logits.ravel(), keras.ravel())[0, 1] > 0.9


def test_only_files_and_their_cards_are_left(exported):
    paths, _ = exported
    (folder,) = {path.parent for path in paths.values()}
    beside = {path.with_suffix(".json") for path in paths.values()}
    weights = paths["openvino bfloat16"].with_suffix(".bin")
    assert set(folder.iterdir()) == {*paths.values(), *beside, weights}


def test_a_damaged_file_is_reported_with_its_name(exported, tmp_path):
    card = exported[0]["onnx float32"].with_suffix(".json").read_bytes()
    (tmp_path / "bad.json").write_bytes(card)
    for suffix in (".onnx", ".tflite", ".xml"):
        (tmp_path / f"bad{suffix}").write_bytes(b"nothing that a runtime knows")
        with pytest.raises(DataError, match=rf"bad\{suffix}: cannot be opened"):
            export_formats.open_exported(tmp_path / f"bad{suffix}")


def test_the_lines_of_the_page_use_every_file(exported, frames, tmp_path, monkeypatch):
    for path in exported[0]["onnx float32"].parent.iterdir():
        (tmp_path / path.name.replace("21x32", "125x414")).symlink_to(path)
    (image,), _ = frames.read([0])
    Image.fromarray(image).save(tmp_path / "road.png")
    monkeypatch.chdir(tmp_path)
    first, *others = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    exec(first, variables := {})
    assert variables["names"] == list(frames.class_names)
    assert len(others) == 4
    for code in others:
        exec(code, variables)
        assert variables["ids"].shape == (1, *image.shape[:2])
