"""The best result on CamVid: `simple_plus` with the recipe `best`.

    .venv/bin/python Code/studies/run_study.py best --camvid FOLDER

160 epochs at 240 x 320, evaluated there and, with upsampled logits, at 360 x 480; a second training
with the mildest augmentation. One seed. The validation clip chooses the best of eight validations, the
recipe was found with scores on this clip, and the clip lies between two training stretches of one
drive.

Result: pixel accuracy / mean IoU 0.932 / 0.669 (at 360 x 480: 0.933 / 0.670), after the last epoch
0.667; with the mildest augmentation 0.927 / 0.672, after the last epoch 0.657.
"""

from dataclasses import replace

from roadseg.networks import simple_plus
from studies.former_recipes import FORMER_BEST
from studies.recipe_search import MILDEST
from studies.runner import Study, Trial
from studies.runner.data_sets import camvid, train_on

STUDY = Study(
    name="best",
    trials=(
        Trial("best", simple_plus.build, FORMER_BEST),
        Trial(
            "best with the mildest augmentation",
            simple_plus.build,
            replace(FORMER_BEST, augmentation=MILDEST),
        ),
    ),
    frames=camvid(scale=1.5),
    split=train_on(["train"], ["val"]),
    full_size=camvid(scale=1),
)
