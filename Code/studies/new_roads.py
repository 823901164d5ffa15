"""Changes to the recipe `best` on a held-out drive: augmentation, weight decay, no global context.

    .venv/bin/python Code/studies/run_study.py new_roads --camvid FOLDER

`simple_plus` with the recipe `best`, made short (24 epochs), CamVid at 120 x 160: trained on two
drives, validated on the third, two seeds.

Result: no change clearly helps. 0.323 mean IoU for `best`, 0.300 with stronger colours, 0.299 with
stronger scales as well, 0.329 with the mildest augmentation, 0.322 with more weight decay, 0.333
without context.
"""

from dataclasses import replace

from roadseg.networks import simple_plus
from roadseg.training.recipes import RECIPES
from studies.recipe_search import FIRST_DRAFT, MILDEST, SHORT_BEST
from studies.runner import Study, Trial
from studies.runner.data_sets import camvid, train_on

BASELINE = "best made short"
NEW_DRIVE = "train/0006R0"
OTHER_DRIVES = ("train/0001TP", "train/0016E5")
COLOURS = replace(RECIPES["transfer"].augmentation, scale=FIRST_DRAFT.augmentation.scale)


def _change(name: str, **settings) -> Trial:
    return Trial(name, simple_plus.build, replace(SHORT_BEST, **settings))


STUDY = Study(
    name="new_roads",
    trials=(
        _change(BASELINE),
        _change("mildest augmentation", augmentation=MILDEST),
        _change("stronger colours", augmentation=COLOURS),
        _change("stronger colours and scales", augmentation=replace(COLOURS, scale=(0.5, 2.0))),
        _change("five times the weight decay", weight_decay=SHORT_BEST.weight_decay * 5),
        Trial("no context", simple_plus.build, SHORT_BEST, {"context": False}),
    ),
    frames=camvid(scale=3),
    split=train_on(OTHER_DRIVES, [NEW_DRIVE]),
    seeds=(0, 1),
)
