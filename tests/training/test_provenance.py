import itertools
import json
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType

import keras
import numpy as np
import pytest

from roadseg import networks, training
from roadseg.data import splits
from roadseg.data.augmentation import Augmentation
from roadseg.training import provenance
from tests.training.runs import SHORT, simple_for, split_of, tiny_for


def test_other_networks_splits_and_recipes_have_other_folders(frames):
    dilated, plain = (
        networks.build("simple_plus", frames.image_shape, frames.num_classes, dilations=dilations)
        for dilations in ((1, 2), (1, 1))
    )
    assert dilated.count_params() == plain.count_params()
    both_splits = splits.block(frames, gap=1), splits.by_sequence(frames, ["0002"])
    recipes = SHORT, replace(SHORT, seed=1), replace(SHORT, epochs=5)
    choices = list(itertools.product((dilated, plain), both_splits, recipes))
    assert len({training.folder_name(*choice) for choice in choices}) == len(choices)


def test_a_setting_that_came_later_changes_no_name_unless_it_is_used(frames):
    @dataclass(frozen=True)
    class LaterAugmentation(Augmentation):
        rain: float = 0.0

    @dataclass(frozen=True)
    class LaterRecipe(training.Recipe):
        patience: int = 3

    network, split = simple_for(frames), split_of(frames)
    changes = asdict(SHORT.augmentation)
    same = LaterRecipe(**asdict(SHORT) | {"augmentation": LaterAugmentation(**changes)})
    raining = replace(same, augmentation=LaterAugmentation(**changes, rain=0.5))
    names = [training.folder_name(network, split, recipe) for recipe in (SHORT, same, raining)]
    assert names[0] == names[1] != names[2]


def test_the_settings_name_recipe_network_data_and_versions(frames):
    settings = provenance.describe(simple_for(frames), frames, SHORT)
    assert settings["recipe"]["learning_rate"] == 3e-3
    assert settings["recipe"]["augmentation"]["brightness"] == 0.2
    assert settings["network"]["name"] == "simple"
    assert settings["network"]["parameters"] == 469_430
    assert settings["data"]["digest"] == frames.digest
    assert settings["precision"] in (["float32"], ["bfloat16", "float32"])
    assert settings["versions"]["keras"] == keras.__version__
    assert {"python", "backend", "numpy", "h5py", "pillow"} <= settings["versions"].keys()


@pytest.mark.parametrize(
    ("options", "written"),
    [
        ({}, {}),
        ({"filters": (8, np.int64(8), 8, 8), "context": False}, {"filters": [8] * 4, "context": False}),
        ({"filters": {8: object()}}, None),
    ],
)
def test_options_are_written_as_json(frames, options, written):
    network = simple_for(frames)
    network.build_options = MappingProxyType(options)
    settings = provenance.describe(network, frames, SHORT)
    assert settings["network"]["options"] == written
    assert json.loads(json.dumps(settings["network"])) == settings["network"]


def test_a_network_from_elsewhere_has_no_options(frames):
    assert provenance.describe(tiny_for(frames), frames, SHORT)["network"]["options"] is None


def test_differences_are_named_but_not_those_of_the_machine():
    saved = {"recipe": {"epochs": 4, "name": "short"}, "machine": "one", "versions": {"keras": "3.1"}}
    wanted = {"recipe": {"epochs": 5, "name": "short"}, "machine": "two", "versions": {"keras": "3.2"}}
    assert provenance.differences(saved, saved) == []
    older, newer = {"network": {"name": "simple"}}, {"network": {"name": "simple", "options": {}}}
    assert provenance.differences(older, newer) == []
    assert provenance.differences(saved, wanted) == ["recipe.epochs: 4 there, 5 asked for"]
    assert provenance.differences(saved, wanted | {"data": 1})[0] == "data: None there, 1 asked for"
