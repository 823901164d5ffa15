"""Every study can be built and trained, and what it left can be read; nothing is trained here."""

import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from roadseg import networks
from studies.catalogue import MODULES
from studies.runner import Study, load, load_step_milliseconds, table
from studies.runner.results import RESULTS

STUDIES = [module.STUDY for module in MODULES.values()]
# Builders from a package that is not installed with the others.
OF_A_PACKAGE = ("unet_mobilenetv2", "linknet_mobilenetv2")


@pytest.fixture(params=STUDIES, ids=lambda study: study.name)
def study(request) -> Study:
    return request.param


def test_every_module_says_how_it_is_run_and_what_came_out():
    for name, module in MODULES.items():
        assert module.__name__ == f"studies.{name}"
        assert f"Code/studies/run_study.py {name}" in module.__doc__
        assert "\nResult: " in module.__doc__


def test_every_trial_has_a_network_an_optimizer_and_a_loss(study):
    for trial in study.trials:
        if trial.name not in OF_A_PACKAGE:
            assert trial.build((64, 64, 3), 3).output_shape == (None, 64, 64, 3)
        trial.recipe.make_optimizer(10)
        logits = np.zeros((1, 64, 64, 3), np.float32)
        loss = trial.recipe.make_loss(np.array([10, 20, 30]))(np.ones((1, 64, 64), np.uint8), logits)
        assert 0 < float(loss) < 3


def test_results_belong_to_the_trials(study):
    epochs = ("seed", "epochs", "warm_up_epochs")  # may follow from the study
    for trial, result in zip(study.trials * len(study.seeds), load(study), strict=True):
        settings = json.loads(json.dumps({"recipe": asdict(trial.recipe), "options": trial.options}))
        stored = result.record
        assert stored["options"] == settings["options"]
        assert stored["policy"] == trial.policy
        for name, value in settings["recipe"].items():
            assert name in epochs or stored["recipe"][name] == value


def test_networks_are_still_those_that_were_trained(study):
    """One trial a study: the first that changes the network."""
    trial = next((each for each in study.trials if each.options), study.trials[0])
    result = next(each for each in load(study) if each.name == trial.name)
    network = trial.build(result.record["image_shape"], len(result.record["class_names"]))
    assert result.record["architecture"] == networks.architecture_digest(network)
    assert result.record["parameters"] == network.count_params()


def test_summaries_are_those_of_the_results(study):
    shown = table(load(study), load_step_milliseconds(study)).reset_index()
    summary = pd.read_csv(RESULTS / f"{study.name}.csv")
    pd.testing.assert_frame_equal(summary[shown.columns.tolist()], shown, check_dtype=False)
