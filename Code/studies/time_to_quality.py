"""The time that a redesigned network and recipe need to pass the score of the original ones.

    .venv/bin/python Code/studies/run_study.py time_to_quality --camvid FOLDER

The original network and recipe for 60 of its 250 epochs, and `simple_plus` with the recipe `best`,
made short, one after the other, on CamVid at 240 x 320, one seed. Of the original, every second epoch
is validated, so that the others show the time of its steps.

Result: 0.472 mean IoU after 2.0 minutes on the clock; the original's best epoch has 0.446, and the
steps of its 60 epochs alone take 32.8 minutes: a sixteenth of the time.
"""

from dataclasses import replace

from roadseg.networks import simple, simple_plus
from roadseg.training.recipes import RECIPES
from studies.former_recipes import FORMER_BEST
from studies.recipe_search import MILDEST
from studies.runner import Result, Study, Trial
from studies.runner.data_sets import camvid, hold_out

STUDY = Study(
    name="time_to_quality",
    trials=(
        Trial(
            "original network and recipe",
            simple.build,
            replace(RECIPES["original"], epochs=60, validate_every=2),
        ),
        Trial(
            "simple_plus, best made short",
            simple_plus.build,
            replace(FORMER_BEST, epochs=6, augmentation=MILDEST, ema_momentum=0.99, validate_every=6),
        ),
    ),
    frames=camvid(scale=1.5),
    split=hold_out("val"),
)


def times_faster(original: Result, short: Result) -> float:
    """The original's steps alone, at their fastest, over all of the other's time on the clock."""
    steps = original.record["steps"] * original.record["ms_per_step"] / 60_000
    return steps / short.record["minutes"]
