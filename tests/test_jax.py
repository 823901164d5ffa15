"""Networks, losses and a training on JAX, in one process: it takes long to start and to compile."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from roadseg import networks, training
from tests.networks.noise import noise
from tests.training.test_losses import LOSSES, random_case

# JAX compiles in a third of the time, to slower code.
QUICK_COMPILATION = {"KERAS_BACKEND": "jax", "XLA_FLAGS": "--xla_backend_optimization_level=0"}


@pytest.fixture(scope="module")
def folder(frames, tmp_path_factory):
    """What the process was given and what it left; beside it what TensorFlow gives."""
    folder, images, expected = tmp_path_factory.mktemp("jax"), noise((33, 50, 3)), {}
    for name in networks.NETWORKS:
        network = networks.build(name, (33, 50, 3), 5, policy="float32")
        network.save(folder / f"{name}.keras")
        expected[name] = network(images)
    labels, logits = random_case()
    np.savez(folder / "case.npz", images=images, labels=labels, logits=logits)
    expected["losses"] = [float(loss(labels, logits)) for loss in LOSSES]
    configs = [keras.saving.serialize_keras_object(loss) for loss in LOSSES]
    (folder / "losses.json").write_text(json.dumps(configs))
    np.savez(folder / "expected.npz", **expected)
    command = [sys.executable, "-m", "tests.on_jax", folder, frames.path]
    root, environment = Path(__file__).parents[1], os.environ | QUICK_COMPILATION
    subprocess.run(command, cwd=root, env=environment, check=True)
    return folder


def test_networks_and_losses_give_the_same_numbers(folder):
    with np.load(folder / "results.npz") as results, np.load(folder / "expected.npz") as expected:
        assert {*results} == {*expected} == {*networks.NETWORKS, "losses"}
        for name in results:
            np.testing.assert_allclose(results[name], expected[name], rtol=1e-4, atol=1e-4)


def test_an_interrupted_training_is_finished(folder):
    run = training.open_run(folder / "run")
    assert run.history["epoch"] == [1, 2]
    assert len(run.metrics["iou"]) == 14
