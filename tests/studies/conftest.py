"""A study of two trials that takes seconds."""

from dataclasses import replace

import pytest

from roadseg.training.recipes import RECIPES
from studies.runner import Study, Trial
from studies.runner.data_sets import hold_out

ONE_EPOCH = replace(RECIPES["original"], epochs=1)


@pytest.fixture
def study(frames) -> Study:
    return Study(
        name="tiny",
        description="Two networks.",
        trials=(
            Trial("simple", "simple", ONE_EPOCH),
            Trial("bilinear", "simple", ONE_EPOCH, {"bilinear_decoder": True}, group="2"),
        ),
        frames=lambda _: frames,
        split=hold_out("0002"),
    )


@pytest.fixture
def record() -> dict:
    """A stored training of two classes."""
    return {
        "name": "bilinear",
        "recipe": {"epochs": 3, "seed": 1},
        "machine": "a machine",
        "parameters": 1_234_567,
        "multiply_adds": 2_500_000_000,
        "steps": 6,
        "minutes": 1.5,
        "ms_per_step": 20.4,
        "history": {"epoch": [1, 2], "seconds": [3.0, 2.0], "validation_mean_iou": [None, 0.5]},
        "class_names": ["Road", "Pole"],
        "rare_classes": ["Pole"],
        "validation": {"confusion": [[6, 2], [1, 1]], "boundaries": [[4, 4, 4, 4], [2, 1, 1, 1]]},
        "training": {"confusion": [[8, 0], [0, 2]], "boundaries": [[1, 1, 1, 1], [1, 1, 1, 1]]},
    }
