"""`roadseg export` without further packages: SavedModel, bad requests, and the verdict."""

import importlib.util

import numpy as np
import pandas as pd
import pytest

from roadseg import networks, training
from roadseg.cli import main
from roadseg.data import preprocess, sources, store
from roadseg.errors import DataError
from roadseg.inference import export, export_proof, export_source
from roadseg.inference.export_runtimes import open_exported
from roadseg.inference.export_target import Target
from tests.training import runs


@pytest.fixture(scope="module")
def run(frames, tmp_path_factory) -> training.Run:
    """Of a network in mixed bfloat16."""
    network = networks.build(
        "simple_plus", frames.image_shape, frames.num_classes, policy="mixed_bfloat16"
    )
    return runs.train(frames, tmp_path_factory.mktemp("runs") / "run", network=network)


@pytest.fixture(scope="module")
def saved_model(run, frames, tmp_path_factory):
    """File and table."""
    folder = tmp_path_factory.mktemp("exported")
    return export.export(run.folder, Target("saved_model"), frames.path, folder=folder)


def test_the_file_labels_as_the_run_does(run, frames, saved_model):
    path, table = saved_model
    exported = open_exported(path)
    images, _ = frames.read(range(3))
    expected = export_source.open_trained(run.folder, frames).network.predict_on_batch(images)
    logits = np.array([exported.logits(image) for image in images])
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)
    assert logits.dtype == np.float32
    assert np.array_equal([exported.label(image) for image in images], logits.argmax(-1))
    assert table["agreement"].tolist() == pytest.approx([1, 1], abs=1e-3)
    assert table["mean IoU"].iloc[1] == pytest.approx(run.result.mean_iou, abs=0.05)  # in bfloat16
    assert table["frames/s"].min() > 0


def test_several_formats_are_measured_in_one_table(run, frames, tmp_path):
    targets = [Target("saved_model")]
    paths, table = export.export_all(run.folder, targets, frames.path, folder=tmp_path)
    assert [path.name for path in paths] == ["simple_plus-21x32.saved_model"]
    assert table.index.tolist() == [export_proof.KERAS, "saved_model float32"]


@pytest.mark.parametrize("target", [Target("onnx"), Target("litert", "int8")])
def test_a_target_is_installed_when_all_its_packages_are(target, monkeypatch):
    there = {"onnxruntime", "onnx", "tf2onnx", "ai_edge_litert", "litert_quantizer"}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name in there or None)
    assert target.is_installed
    there -= {"tf2onnx", "litert_quantizer"}
    assert not target.is_installed
    with pytest.raises(ValueError, match=r"not installed \((tf2onnx|litert_quantizer)\)"):
        target.check_packages()


def test_the_file_says_what_it_is(run, frames, saved_model):
    path, table = saved_model
    exported = open_exported(path)
    assert exported.class_names == frames.class_names
    assert np.array_equal(exported.palette, frames.palette)
    assert exported.size == frames.image_shape[:2]
    assert (exported.description.name, exported.precision) == ("simple_plus", "float32")
    assert exported.description.scale == frames.attributes["scale"]
    assert str(len(run.split.train)) in exported.description.trained_on
    assert exported.megabytes == pytest.approx(table["MB"].iloc[1])
    assert exported.digest == open_exported(path).digest


def test_other_images_are_refused(saved_model):
    exported = open_exported(saved_model[0])
    with pytest.raises(ValueError, match=r"takes an image uint8 \(21, 32, 3\), not uint8 \(21, 33, 3\)"):
        exported.label(np.zeros((21, 33, 3), np.uint8))
    with pytest.raises(ValueError, match="not float64"):
        exported.logits(np.zeros((21, 32, 3)))


def test_nothing_is_replaced_unless_asked(run, frames, saved_model):
    path, _ = saved_model
    before = sorted(path.parent.iterdir())
    with pytest.raises(ValueError, match="exists; --overwrite replaces it"):
        export.export(run.folder, Target("saved_model"), frames.path, folder=path.parent)
    export.export(run.folder, Target("saved_model"), frames.path, folder=path.parent, overwrite=True)
    assert sorted(path.parent.iterdir()) == before


def test_a_run_is_measured_on_its_own_validation_frames(run, frames, raw, tmp_path):
    source = export_source.open_trained(run.folder, frames)
    assert source.held_out.positions == run.split.validation
    assert set(source.calibration.positions) <= set(run.split.train)
    with pytest.raises(ValueError, match="leave out --validation"):
        export_source.open_trained(run.folder, frames, ["0002"])
    preprocess.to_hdf5(sources.open(raw), tmp_path, scale=2, progress=False)
    other = export_source.open_trained(run.folder, store.open(tmp_path))
    assert other.held_out.positions == tuple(range(8, 16))  # the last world


def test_an_export_for_another_size_has_resized_frames(run, frames):
    source = export_source.open_trained(run.folder, frames, size=(42, 64))
    ((image, labels),) = list(source.held_out)[:1]
    assert (image.shape, labels.shape) == ((42, 64, 3), (42, 64))
    (original,), (original_labels,) = frames.read(source.held_out.positions[:1])
    assert image.mean() == pytest.approx(original.mean(), abs=2)
    assert np.array_equal(labels[::2, ::2], original_labels)
    assert source.network.input_shape == (None, 42, 64, 3)
    assert source.description.scale == frames.attributes["scale"] / 2
    given, copied = run.load_best().get_weights(), source.network.get_weights()
    assert all(np.array_equal(*pair) for pair in zip(given, copied, strict=True))


@pytest.mark.parametrize("size", [(21, 32), (42, 64)])
def test_a_network_with_options_of_its_own_is_exported_at_any_size(frames, tmp_path, size):
    network = networks.build("simple", frames.image_shape, frames.num_classes, width=0.5)
    run = runs.train(frames, tmp_path / "run", network=network)
    exported = export_source.open_trained(run.folder, frames, size=size).network
    assert exported.input_shape == (None, *size, 3)
    assert exported.count_params() < 200_000


def test_a_network_of_other_layers_is_exported_at_its_own_size_alone(frames, tmp_path):
    run = runs.train(frames, tmp_path / "run", network=runs.tiny_for(frames))
    assert export_source.open_trained(run.folder, frames).network.input_shape == (None, 21, 32, 3)
    with pytest.raises(ValueError, match="tiny: cannot be built for another size"):
        export_source.open_trained(run.folder, frames, size=(42, 64))


def test_weights_are_measured_on_the_worlds_asked_for(frames):
    source = export_source.open_trained("simple_plus", frames, ["0001"])
    assert source.held_out.positions == tuple(range(8))
    assert set(source.calibration.positions) == set(range(8, 16))
    assert source.description.trained_on == "trained on 756 rendered frames"


def test_the_command_prints_file_and_table(run, frames, tmp_path, capsys):
    arguments = ["--format", "saved_model", "--frames", str(frames.path), "--output", str(tmp_path)]
    assert main(["export", str(run.folder), *arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == str(tmp_path / "simple_plus-21x32.saved_model")
    assert lines[1].split() == ["MB", "frames/s", "agreement", "mean", "IoU"]
    assert [line.split()[0] for line in lines[3:]] == ["keras", "saved_model"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["simple", "--format", "saved_model", "--int8"], "no int8 form; onnx, litert have"),
        (["simple", "--format", "onnx", "--precision", "bf16"], "no bfloat16 form; openvino has"),
        (["simple", "--format", "onnx", "--int8", "--precision", "bf16"], "exclude one another"),
        (["nowhere", "--format", "saved_model"], "nowhere: neither the folder of a run nor"),
        (["edgesegnet", "--format", "saved_model"], "edgesegnet: neither the folder of a run nor"),
        (["simple", "--format", "saved_model", "--size", "8", "8"], "at least 16"),
    ],
)
def test_a_bad_request_is_one_line(arguments, message, frames, tmp_path, capsys):
    folders = ["--frames", str(frames.path), "--output", str(tmp_path)]
    assert main(["export", *arguments, *folders]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert len(error.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("format", ["onnx", "litert", "openvino"])
def test_a_missing_package_is_named_with_its_remedy(format, frames, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    folders = ["--frames", str(frames.path), "--output", str(tmp_path)]
    assert main(["export", "simple_plus", "--format", format, *folders]) == 1
    assert 'pip install "roadseg[export]"' in capsys.readouterr().err


def test_what_was_not_exported_is_not_opened(tmp_path):
    with pytest.raises(DataError, match=r"network\.onnx: no exported network"):
        open_exported(tmp_path / "network.onnx")
    (tmp_path / "other.saved_model").mkdir()
    with pytest.raises(DataError, match=r"other\.saved_model: not a file that `roadseg export` wrote"):
        open_exported(tmp_path / "other.saved_model")


@pytest.mark.parametrize(
    ("precision", "agreement", "mean_iou", "problem"),
    [
        ("float32", 0.9995, 0.59, None),
        ("float32", 0.9985, 0.60, "agrees in 99.85% of the pixels; 99.9% are needed"),
        ("bfloat16", 0.99, 0.599, None),
        ("bfloat16", 0.99, 0.597, "loses 0.30 points of mean IoU; 0.2 are allowed"),
        ("int8", 0.95, 0.591, None),
        ("int8", 0.95, 0.589, "loses 1.10 points of mean IoU; 1.0 are allowed"),
    ],
)
def test_the_verdict_depends_on_the_precision(precision, agreement, mean_iou, problem):
    table = pd.DataFrame(
        {"precision": ["float32", precision], "agreement": [1, agreement], "mean IoU": [0.6, mean_iou]},
        [export_proof.KERAS, "the file"],
    )
    assert export_proof.shortfalls(table) == ([f"the file {problem}"] if problem else [])


def test_a_file_that_labels_too_differently_fails_the_command(frames, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(export_proof, "MINIMUM_AGREEMENT", {"float32": 1.1})
    folders = ["--frames", str(frames.path), "--output", str(tmp_path)]
    assert main(["export", "simple_plus", "--format", "saved_model", *folders]) == 1
    assert "Not good enough: saved_model float32 agrees" in capsys.readouterr().out
