"""Each benchmark measures, on little data, and tells how it is run."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import benchmarks
from benchmarks import (
    exported_networks,
    harness,
    labelling_speed,
    preprocessing,
    training_speed,
)
from roadseg import inference, networks
from roadseg.data import sources
from roadseg.training.recipes import RECIPES
from tests.inference.conftest import BrightnessModel

FOLDER = Path(benchmarks.__path__[0])

pytestmark = pytest.mark.usefixtures("eager")


def test_every_script_tells_how_it_is_run_and_imports_roadseg_before_keras():
    for script in (*FOLDER.glob("*.py"), *FOLDER.with_name("studies").glob("*.py")):
        if "__main__" in (text := script.read_text("utf-8")):
            assert f".venv/bin/python Code/{script.parent.name}/{script.name}" in text
            first, _, _ = text.partition("import keras")
            assert first == text or "from benchmarks" in first


def test_functions_are_timed_in_turns_and_the_first_round_does_not_count():
    calls = []
    functions = {name: lambda name=name: calls.append(name) for name in "ab"}
    times = harness.ms_in_turns(functions, rounds=2)
    assert "".join(calls) == "ababab"
    assert [len(each) for each in times.values()] == [2, 2]
    measured = training_speed.measure(["simple_plus"], (32, 48), RECIPES["quick"], "float32", 2)
    assert list(measured["simple_plus"]) == ["step", "plain step", "image"]
    assert all(0 < each["minimum"] <= each["median"] for each in measured["simple_plus"].values())


def test_preprocessing_is_compared_with_decoding_and_with_the_original(raw):
    source = sources.open(raw)
    frames = preprocessing.repeat(source.frames(), 12)
    assert [frame.index for frame in frames] == list(range(12))
    measured = preprocessing.measure(source, frames, rounds=1)
    assert measured["frames"] == 12
    assert measured["times_smaller"] > 1
    assert measured["class_ids_times_faster"] > 1


def test_files_and_each_step_of_labelling_are_timed(tmp_path):
    Image.new("RGB", (64, 41), "grey").save(tmp_path / "grey.png")
    files = labelling_speed.write_files([tmp_path / "grey.png"], tmp_path / "in", 3)
    labellers = (inference.Labeller(BrightnessModel(), flip=flip) for flip in (False, True))
    measured = labelling_speed.measure(*labellers, files, tmp_path / "out")
    assert min(measured["frames_per_second"].values()) > 0
    assert list(measured["milliseconds"])[:2] == ["read JPEG", "shrink"]


def test_the_page_on_export_has_the_measured_table():
    stored = json.loads((FOLDER / "results/exported_networks.json").read_text("utf-8"))
    page = Path(__file__).parents[2] / "docs/export.md"
    assert exported_networks.as_markdown(stored["networks"]) in page.read_text("utf-8")


def test_the_yardstick_in_pytorch_gives_the_same_logits():
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
    from benchmarks.torch_network import TorchNetwork, labelling

    images = np.random.default_rng(0).integers(0, 256, (2, 45, 70, 3), np.uint8)
    for name in networks.NETWORKS:
        network = networks.build(name, (45, 70, 3), 5, policy="float32")
        logits = labelling(TorchNetwork(network), images, "float32")().permute(0, 2, 3, 1)
        np.testing.assert_allclose(logits, network.predict_on_batch(images), atol=1e-5)
