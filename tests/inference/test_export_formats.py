"""Every format in its own runtime. Needs the packages of `pip install -e ".[dev,export]"`."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from benchmarks.exported_networks import TARGETS
from roadseg.errors import DataError
from roadseg.inference import export, export_runtimes
from roadseg.inference.export_target import Target
from tests.test_docs import ROOT, blocks

NEEDED = 'not installed: pip install -e ".[dev,export]" brings it, and these tests need it'
for package in ("tf2onnx", "onnxruntime", "openvino", "ai_edge_litert", "litert_quantizer"):
    pytest.importorskip(package, reason=f"{package} is {NEEDED}")

every_target = pytest.mark.parametrize("target", TARGETS, ids=str)


@pytest.fixture(scope="module")
def exported(frames, tmp_path_factory):
    """File and table by target."""
    folder = tmp_path_factory.mktemp("exported")
    return {
        target: export.export("simple_plus", target, frames.path, folder=folder) for target in TARGETS
    }


@every_target
def test_it_labels_as_keras_does(exported, target):
    _, table = exported[target]
    assert table.loc[str(target), "agreement"] >= (0.999 if target.precision == "float32" else 0.9)


@every_target
def test_it_says_what_it_is(exported, frames, target):
    path, _ = exported[target]
    opened = export_runtimes.open_exported(path)
    assert (opened.description.name, opened.precision) == ("simple_plus", target.precision)
    assert opened.class_names == frames.class_names
    assert np.array_equal(opened.palette, frames.palette)
    assert opened.size == frames.image_shape[:2]
    assert len(opened.digest) == 16


@every_target
def test_logits_and_labels_belong_together_and_stay(exported, frames, target):
    opened = export_runtimes.open_exported(exported[target][0])
    (first, second), _ = frames.read([0, 9])
    logits = opened.logits(first)
    kept = logits.copy()
    opened.logits(second)
    assert np.array_equal(logits, kept)
    assert np.array_equal(opened.label(first), logits.argmax(-1))
    keras = export_runtimes.open_exported(exported[Target("saved_model")][0]).logits(first)
    assert np.corrcoef(logits.ravel(), keras.ravel())[0, 1] > 0.99


def test_int8_is_smaller(exported):
    for name in ("onnx", "litert"):
        sizes = [exported[Target(name, precision)][1]["MB"].iloc[1] for precision in ("float32", "int8")]
        assert sizes[1] < sizes[0] / 2


def test_no_temporary_file_is_left(exported):
    paths = {path for path, _ in exported.values()}
    (folder,) = {path.parent for path in paths}
    weights = {path.with_suffix(".bin") for path in paths if path.suffix == ".xml"}
    assert set(folder.iterdir()) == paths | weights


@pytest.mark.parametrize("suffix", [".onnx", ".tflite", ".xml"])
def test_a_damaged_file_is_reported_with_its_name(suffix, tmp_path):
    (tmp_path / f"bad{suffix}").write_bytes(b"nothing that a runtime knows")
    with pytest.raises(DataError, match=rf"bad\{suffix}: not a file that `roadseg export` wrote"):
        export_runtimes.open_exported(tmp_path / f"bad{suffix}")


def test_an_onnx_file_is_opened_without_keras(exported):
    program = (
        "import sys; from roadseg.inference.export_runtimes import open_exported\n"
        f"open_exported({str(exported[Target('onnx')][0])!r})\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_lines_of_the_page_use_every_file(exported, frames, tmp_path, monkeypatch):
    made, _ = exported[Target("onnx")]
    for path in made.parent.iterdir():
        copy = tmp_path / path.name.replace("21x32", "125x414")
        if path.is_dir():
            shutil.copytree(path, copy)
        else:
            shutil.copy(path, copy)
    (image,), _ = frames.read([0])
    Image.fromarray(image).save(tmp_path / "road.png")
    monkeypatch.chdir(tmp_path)
    first, *others = blocks(ROOT / "docs/export.md", "python")
    exec(first, variables := {})
    assert len(others) == 4
    for code in others:
        exec(code, variables)
        assert variables["names"] == list(frames.class_names)
        assert variables["ids"].shape == (1, *image.shape[:2])
