"""The recipe `best` as it was and as it is, in equal time, on a held-out rendered world.

    .venv/bin/python Code/studies/run_study.py best_rendered

Six minutes of training steps each, four rendered worlds at 125 x 414, the fifth (0002) held out, one
seed, evaluated after the last epoch. No rendered scene was used to choose the recipes.

Result: mean IoU 0.436 for `best` as it was, 0.461 for `best`, 0.430 with a decoder that ends at half the
size and no context.
"""

from dataclasses import replace

from roadseg.networks import simple_plus
from roadseg.training.recipes import RECIPES
from studies.former_recipes import FORMER_BEST
from studies.runner import Study, Trial
from studies.runner.data_sets import hold_out, rendered

_FORMER, _BEST = (replace(recipe, validate_every=1000) for recipe in (FORMER_BEST, RECIPES["best"]))
_HALF = {"output_stride": 2, "context": False}
_BFLOAT16 = {"policy": "mixed_bfloat16"}

STUDY = Study(
    name="best_rendered",
    trials=(
        Trial("simple_plus, best as it was", simple_plus.build, _FORMER, **_BFLOAT16),
        Trial("simple_plus", simple_plus.build, _BEST, **_BFLOAT16),
        Trial("simple_plus to half the size, no context", simple_plus.build, _BEST, _HALF, **_BFLOAT16),
    ),
    frames=rendered(),
    split=hold_out("0002"),
    minutes=6.0,
)
