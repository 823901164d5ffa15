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
