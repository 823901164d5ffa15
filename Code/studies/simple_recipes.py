"""The original network with the original recipe, and with a present-day one.

    .venv/bin/python Code/studies/run_study.py simple_recipes --camvid FOLDER

`simple` for 60 epochs on CamVid at 240 x 320, with the recipe `original` (RMSprop, batches of 16, no
augmentation) and with `quick` (AdamW, warm-up and cosine, batches of 4, augmentation, weighted
classes, averaged weights). One seed. `original` was made for 250 epochs and lowers its learning rate
after 75, so here it never did, and its validation score jumps.

Result: pixel accuracy / mean IoU 0.880 / 0.478 (`original`), 0.890 / 0.566 (`quick`).
"""

from dataclasses import replace

from roadseg.networks import simple
from roadseg.training.recipes import RECIPES
from studies.former_recipes import FORMER_QUICK
from studies.runner import Study, Trial
from studies.runner.data_sets import camvid, hold_out

STUDY = Study(
    name="simple_recipes",
    trials=(
        Trial("original recipe", simple.build, replace(RECIPES["original"], epochs=60)),
        Trial("quick recipe", simple.build, replace(FORMER_QUICK, epochs=60)),
    ),
    frames=camvid(scale=1.5),
    split=hold_out("val"),
)
