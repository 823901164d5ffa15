"""The command on a tiny CamVid: two epochs of every fold, on JAX in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from roadseg import evaluation
from roadseg.data import preprocess, sources, store
from studies.gpu import camvid
from studies.gpu.training import Network
from studies.runner.results import SCHEMA
from tests.raw_data import noisy_image, scene

TRAIN = ("0001TP_007590", "0001TP_007620", "0001TP_007650", "0006R0_f00930", "0016E5_04530")
VAL = ("0016E5_07959", "0016E5_07961")
# Dependencies of roadseg that a machine with a GPU may lack.
ABSENT = ("tensorflow", "embreex", "pandas", "matplotlib", "tqdm", "joblib", "tensorboard")
XLA_FLAGS = "--xla_backend_optimization_level=1"  # compiles faster
PROGRAM = f"""
import sys

class Absent:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in {ABSENT}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent)
from dataclasses import replace
from studies.gpu import camvid
long = camvid.TRIALS["long"]
augmentation = replace(long.recipe.augmentation, crop=(24, 32), transfer=0.5)
tiny = replace(long, recipe=replace(long.recipe, augmentation=augmentation, batch_size=4), scale=1.5)
camvid.TRIALS["long"] = tiny
camvid.main(sys.argv[1:])
"""


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Path:
    """Frames on both sides of all folds; ids 0 Sky, 2 Pole, 3 Road, 5 Tree, 8 Car, 11 void."""
    root = tmp_path_factory.mktemp("camvid")
    for part, names in (("train", TRAIN), ("val", VAL)):
        (root / part).mkdir()
        (root / f"{part}annot").mkdir()
        for number, name in enumerate(names):
            generator = np.random.default_rng(number)
            classes = scene(generator)
            ids = np.zeros(classes.shape, np.uint8)
            for each, class_id in {"Tree": 5, "Road": 3, "Pole": 2, "vehicle": 8}.items():
                ids[classes == each] = class_id
            ids[:3, :3] = 11
            Image.fromarray(noisy_image(classes, generator)).save(root / part / f"{name}.png")
            Image.fromarray(ids).save(root / f"{part}annot" / f"{name}.png")
    return root


@pytest.fixture(scope="module")
def output(raw, tmp_path_factory) -> Path:
    """What the command leaves, on a machine that has only what it needs."""
    folder = tmp_path_factory.mktemp("output")
    options = ["--epochs", "2", "--minutes", "1"]
    environment = os.environ | {"KERAS_BACKEND": "jax", "XLA_FLAGS": XLA_FLAGS}
    subprocess.run(
        [sys.executable, "-c", PROGRAM, "--camvid", raw, "--output", folder, *options],
        env=environment,
        check=True,
    )
    return folder


@pytest.fixture(scope="module")
def records(output) -> list[dict]:
    lines = (output / camvid.RESULTS_FILE).read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_folds_hold_out_what_they_say(raw):
    frames = camvid.read_frames(raw)
    names = [
        f"{sequence} {index}" for sequence, index in zip(frames.sequence, frames.index, strict=True)
    ]
    held_out = {str(fold): [names[i] for i in fold.split(frames)[1]] for fold in camvid.FOLDS}
    assert held_out == {
        "train/0006R0": ["train/0006R0 930"],
        "train/0016E5": ["train/0016E5 4530"],
        "train/0001TP from frame 7620 on": ["train/0001TP 7620", "train/0001TP 7650"],
        "val": ["val/0016E5 7959", "val/0016E5 7961"],
    }
    for fold in camvid.FOLDS:
        train, held_out = fold.split(frames)
        assert set(train) == set(range(len(TRAIN))) - set(held_out)


def test_every_fold_leaves_a_record_and_weights(records, output):
    assert [record["fold"] for record in records] == ["A", "B", "C", "val"]
    assert all(np.isfinite(record["history"]["loss"]).all() for record in records)
    assert {record["schema"] for record in records} == {SCHEMA}
    for record in records:
        frames, batch_size = record["train_frames"], record["recipe"]["batch_size"]
        assert record["recipe"]["epochs"] == 2
        assert record["steps"] == max(1, round(2 * frames / batch_size))
        assert record["history"]["epoch"][-1] == pytest.approx(
            record["steps"] * batch_size / frames, abs=0.05
        )
        assert np.sum(record["validation"]["confusion"]) == record["validation_frames"] * (42 * 64 - 4)
        assert (output / f"long,_{record['fold']},_seed_0.weights.h5").is_file()


def test_counts_are_those_of_evaluate(records, output, raw, tmp_path):
    """The weights that were saved, evaluated with the default backend."""
    preprocess.to_hdf5(sources.open(raw), tmp_path, ["train", "val"], scale=1.5, progress=False)
    frames = store.open(tmp_path)
    network = Network().build(frames.image_shape, 11, seed=0, policy="float32")
    for fold, record in zip(camvid.FOLDS, records, strict=True):
        network.load_weights(output / f"long,_{fold.name},_seed_0.weights.h5")
        _, held_out = fold.split(camvid.read_frames(raw))
        expected = evaluation.confusion_matrix_of(network, frames, held_out)
        # Backends may disagree where two classes are equally likely.
        assert np.abs(expected - record["validation"]["confusion"]).sum() <= 2e-3 * expected.sum()
        np.testing.assert_array_equal(expected.sum(1), np.sum(record["mirrored"]["confusion"], axis=1))


def test_another_backend_is_refused(raw):
    with pytest.raises(SystemExit, match="KERAS_BACKEND=jax"):
        camvid.main(["--camvid", str(raw)])
