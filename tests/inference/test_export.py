"""`roadseg export` without further packages: SavedModel, bad requests, and the verdict."""

import importlib.util
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import roadscenes
from roadseg import networks, training
from roadseg.cli import main
from roadseg.data import preprocess, sources
from roadseg.errors import DataError
from roadseg.inference import export, export_formats
from roadseg.inference.export_formats import open_exported
from roadseg.networks.model_card import ModelCard
from tests import raw_data
from tests.training import runs

SAVED_MODEL = export_formats.get("saved_model")


@pytest.fixture(scope="module", autouse=True)
def one_turn():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "_TURNS", 1)
        yield


@pytest.fixture(scope="module")
def run(frames, tmp_path_factory) -> training.Run:
    """Of a network with an option, in mixed bfloat16."""
    shape, classes = frames.image_shape, frames.num_classes
    network = networks.build("simple", shape, classes, policy="mixed_bfloat16", width=0.25)
    with runs.eagerly():
        folder, recipe = tmp_path_factory.mktemp("runs") / "run", replace(runs.TINY, epochs=1)
        return runs.train_tiny(frames, folder, recipe, network)


@pytest.fixture(scope="module")
def tiny(frames, tmp_path_factory) -> training.Run:
    """Of a network that `networks.build` does not know."""
    with runs.eagerly():
        return runs.train_tiny(frames, tmp_path_factory.mktemp("runs") / "tiny")


@pytest.fixture(scope="module")
def saved_model(run, frames, tmp_path_factory):
    """File and table."""
    folder = tmp_path_factory.mktemp("exported")
    (path,), table = export.export(run.folder, [SAVED_MODEL], frames.path, folder=folder)
    return path, table


def test_the_file_labels_as_the_run_does_and_its_card_lies_beside_it(run, frames, saved_model):
    path, table = saved_model
    exported = open_exported(path)
    images, _ = frames.read(range(3))
    network = networks.fixed_size(run.load_best(), frames.image_shape, policy="float32")
    logits = np.array([exported.logits(image) for image in images])
    np.testing.assert_allclose(logits, network.predict_on_batch(images), rtol=1e-4, atol=1e-4)
    assert logits.dtype == np.float32
    assert table.index.tolist() == [export.KERAS, "saved_model float32"]
    assert table["agreement"].tolist() == pytest.approx([1, 1], abs=1e-3)
    assert table["mean IoU"].iloc[1] == pytest.approx(run.result.mean_iou, abs=0.05)  # in bfloat16
    assert table["frames/s"].min() > 0
    assert table["MB"].tolist()[1] == pytest.approx(exported.megabytes)
    assert {each.name for each in path.parent.iterdir()} == {"simple-21x32.json", path.name}
    assert path.name == "simple-21x32.saved_model"
    card = exported.card
    assert card == ModelCard.load(path.with_suffix(".json"))
    assert card == replace(run.card, precision="float32", results={})
    assert (card.class_names, card.image_shape) == (frames.class_names, frames.image_shape)


def test_other_images_are_refused(saved_model):
    exported = open_exported(saved_model[0])
    assert not exported.resizable
    with pytest.raises(ValueError, match=r"takes an image uint8 \(21, 32, 3\), not uint8 \(21, 33, 3\)"):
        exported.logits(np.zeros((21, 33, 3), np.uint8))
    with pytest.raises(ValueError, match="not float64"):
        exported.logits(np.zeros((21, 32, 3)))


def test_a_run_is_measured_on_frames_that_it_held_out(run, frames, saved_model, tmp_path):
    assert saved_model[1].index.name.endswith(f" {len(run.split.validation)} frames")
    with pytest.raises(ValueError, match="leave out --validation"):
        export.export(run.folder, [SAVED_MODEL], frames.path, validation=["0002"], folder=tmp_path)


def test_other_frames_are_resized_to_the_size_asked_for(run, raw, tmp_path):
    store = tmp_path / "store"
    preprocess.to_hdf5(sources.open(raw), store, scale=2, progress=False)
    (path,), table = export.export(run.folder, [SAVED_MODEL], store, size=(42, 64), folder=tmp_path)
    card = open_exported(path).card
    assert (card.image_shape, card.scale) == ((42, 64, 3), run.card.scale / 2)
    assert table.index.name.endswith(" 8 frames")  # the last world
    assert table["mean IoU"].iloc[0] == pytest.approx(table["mean IoU"].iloc[1])


def test_the_command_exports_a_network_of_other_layers_and_replaces_nothing(
    tiny, frames, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(export, "MINIMUM_AGREEMENT", 1.1)
    arguments = ["export", str(tiny.folder), "--format", "saved_model", "--frames", str(frames.path)]
    arguments += ["--output", str(tmp_path)]
    replace(tiny.card, frames=1).save(tmp_path / "tiny-21x32.json")  # another run's
    assert main(arguments) == 1
    assert "tiny-21x32.json exists; --overwrite replaces it" in capsys.readouterr().err
    assert main([*arguments, "--overwrite"]) == 1
    path, columns, _, *rows, verdict = capsys.readouterr().out.splitlines()
    assert path == str(tmp_path / "tiny-21x32.saved_model")
    assert open_exported(path).card == replace(tiny.card, precision="float32", results={})
    assert columns.split() == ["MB", "frames/s", "agreement", "mean", "IoU"]
    assert [row.split()[0] for row in rows] == ["keras", "saved_model"]
    assert verdict.startswith("Not good enough: saved_model float32 agrees")
    assert main(arguments) == 1
    assert "tiny-21x32.saved_model exists; --overwrite replaces it" in capsys.readouterr().err


def test_weights_are_exported_without_frames(tmp_path, capsys):
    arguments = ["--format", "saved_model", "--size", "32", "48", "--output", str(tmp_path)]
    assert main(["export", "simple_plus-camvid", *arguments]) == 0
    path = tmp_path / "simple_plus-32x48.saved_model"
    assert capsys.readouterr().out.splitlines()[0] == str(path)
    card = networks.model_card("simple_plus", "camvid")
    assert open_exported(path).card == replace(
        card, image_shape=(32, 48, 3), scale=card.scale * card.image_shape[1] / 48, results={}
    )


def test_without_frames_scenes_are_rendered(tmp_path, monkeypatch):
    pytest.importorskip("embreex", reason="rendering needs embreex, of the extra scenes")
    monkeypatch.setattr(roadscenes, "render", raw_data.render)
    monkeypatch.setattr(export, "_RENDERED", {"worlds": ("0001", "0002"), "frames": 1})
    _, table = export.export("simple_plus", [SAVED_MODEL], size=(32, 96), folder=tmp_path)
    assert table.index.name.endswith(" 1 frames")
    assert not export.shortfalls(table)


def test_a_bad_request_is_one_line(frames, tmp_path, capsys, monkeypatch):
    wrong = {
        "no format saved_model int8": ["simple", "--format", "saved_model", "--int8"],
        "no format onnx bfloat16": ["simple", "--format", "onnx", "--precision", "bf16"],
        "nowhere: no file, no folder of a run": ["nowhere", "--format", "saved_model"],
        "the network knows": ["simple_plus-camvid", "--format", "saved_model"],
        "of at least 16": ["simple", "--format", "saved_model", "--size", "8", "8"],
        'onnx, onnxruntime, tf2onnx not installed: pip install "roadseg[export]"': (
            ["simple", "--format", "onnx"]
        ),
    }
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if "onnx" in name else find_spec(name)
    )
    for message, arguments in wrong.items():
        folders = ["--frames", str(frames.path), "--output", str(tmp_path)]
        assert main(["export", *arguments, *folders]) == 1
        error = capsys.readouterr().err
        assert message in error
        assert len(error.strip().splitlines()) == 1
    quantized = replace(SAVED_MODEL, precision="int8", quantize=print)
    with pytest.raises(ValueError, match="int8 needs frames"):
        export.export("simple_plus-camvid", [quantized], folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_was_not_exported_is_not_opened(run, tmp_path):
    with pytest.raises(DataError, match=r"network\.onnx: no exported network"):
        open_exported(tmp_path / "network.onnx")
    (tmp_path / "other.saved_model").mkdir()
    with pytest.raises(DataError, match=r"other\.json"):
        open_exported(tmp_path / "other.saved_model")
    run.card.save(tmp_path / "other.json")
    with pytest.raises(DataError, match=r"other\.saved_model: cannot be opened .*export it again"):
        open_exported(tmp_path / "other.saved_model")


def test_the_verdict_depends_on_the_precision():
    cases = (
        ("float32", 0.9995, 0.59, None),
        ("float32", 0.9985, 0.60, "agrees in 99.85% of the pixels; 99.9% are needed"),
        ("bfloat16", 0.99, 0.599, None),
        ("bfloat16", 0.99, 0.597, "loses 0.30 points of mean IoU; 0.2 are allowed"),
        ("int8", 0.95, 0.591, None),
        ("int8", 0.95, 0.589, "loses 1.10 points of mean IoU; 1.0 are allowed"),
    )
    for precision, agreement, mean_iou, problem in cases:
        columns = {"precision": ["float32", precision], "agreement": [1, agreement]}
        table = pd.DataFrame(columns | {"mean IoU": [0.6, mean_iou]}, [export.KERAS, "the file"])
        assert export.shortfalls(table) == ([f"the file {problem}"] if problem else [])
