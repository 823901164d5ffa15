"""What the benchmarks compare can be built and trained, without training it."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from roadseg.training.losses import CrossEntropy
from studies import data_sets, held_out_world, ideas, peer_networks
from studies import edgesegnet as edgesegnet_study

STUDIES = {
    "causes": edgesegnet_study.causes(),
    "equal time": edgesegnet_study.equal_time(0),
    "ideas": [*ideas.architectures(0), *ideas.losses(0), ideas.fewer_images(2, 0.5, 0)],
    "recipe": ideas.recipes(),
    "new roads": ideas.on_new_roads(0),
    "time to quality": ideas.original_and_short(),
    "best": [trial for trial, _ in ideas.long_trainings()],
    "held-out world": held_out_world.TRIALS,
}
BENCHMARKS = Path(__file__).parents[1] / "Code" / "benchmarks"
SCRIPTS = [path for path in BENCHMARKS.glob("*.py") if "__main__" in path.read_text("utf-8")]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_benchmark_tells_how_it_is_run_and_imports_roadseg_before_tensorflow(script):
    command = [sys.executable, script, "--help"]
    switches = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    done = subprocess.run(command, env=switches, capture_output=True, text=True, check=True)
    assert f"benchmarks/{script.name}" in done.stdout
    assert "Import roadseg first" not in done.stderr


@pytest.mark.parametrize("study", STUDIES)
def test_every_trial_has_a_network_a_loss_and_a_file_of_its_own(study):
    frames = SimpleNamespace(image_shape=(32, 48, 3), num_classes=3)
    trials = STUDIES[study]
    for trial in trials:
        assert trial.build(frames).output_shape == (None, 32, 48, 3)
        trial.recipe.make_optimizer(10)
        logits = np.zeros((1, 32, 48, 3), np.float32)
        loss = trial.recipe.make_loss(np.array([10, 20, 30]))(np.ones((1, 32, 48), np.uint8), logits)
        assert 0 < float(loss) < 3
    assert len({trial.file_name for trial in trials}) == len(trials)


def test_an_idea_is_shown_beside_the_network_without_it():
    names = ["simple", "1: narrow", "4: weighted", "1 + 2 + narrow", "simple_plus"]
    results = [{"trial": {"name": name}} for name in names]

    def shown(chosen):
        return [each["trial"]["name"] for each in chosen]

    assert shown(ideas.about(results, "1")) == ["simple", "1: narrow"]
    assert shown(ideas.combined(results)) == ["simple", "1 + 2 + narrow", "simple_plus"]


def test_fewer_images_get_as_many_updates():
    whole, quarter = ideas.PLAIN, ideas.fewer_images(1, 0.25, 0).recipe
    assert quarter.epochs * 10 == whole.epochs * 40
    assert quarter.warm_up_epochs * 10 == whole.warm_up_epochs * 40


def test_a_split_takes_only_what_is_named():
    frames = SimpleNamespace(
        path=Path("camvid"), sequence=["train/a", "train/b", "test/a", "train/a", "val/b"]
    )
    split = data_sets.split(frames, ["train/a"], ["val"])
    assert (split.train, split.validation) == ((0, 3), (4,))
    assert split.description == "trained on train/a, validated on val"


def test_the_time_to_quality_counts_all_of_the_faster_ones_time():
    original = {"updates": 6000, "ms_per_step": 500, "minutes": 90}
    assert ideas.times_faster(original, {"minutes": 2.5}) == pytest.approx(20)


def test_fast_scnn_has_the_papers_size_and_trains():
    network = peer_networks.fast_scnn((64, 96, 3), 19)
    assert network.count_params() == pytest.approx(1.11e6, rel=0.1)  # table 1 of the paper's results
    image, labels = np.zeros((2, 64, 96, 3), np.uint8), np.zeros((2, 64, 96), np.uint8)
    network.compile("adam", CrossEntropy())
    losses = [network.train_on_batch(image, labels) for _ in range(5)]
    assert losses[-1] < losses[0]
