"""The best network and recipe on a whole drive that was held out.

    .venv/bin/python Code/studies/run_study.py best_on_new_road --camvid FOLDER

`simple_plus` with the recipe `best`, as in the study `best`, but trained on two of the three training
drives of CamVid (266 frames) and validated on the third, `0006R0`.

Result: pixel accuracy / mean IoU 0.826 / 0.408, after the last epoch 0.398: much of the 0.669 of
`best` comes from knowing the place.
"""

from dataclasses import replace

from roadseg.networks import simple_plus
from studies import best
from studies.former_recipes import FORMER_BEST
from studies.new_roads import NEW_DRIVE, OTHER_DRIVES
from studies.runner import Trial
from studies.runner.data_sets import train_on

STUDY = replace(
    best.STUDY,
    name="best_on_new_road",
    trials=(Trial("best on a new road", simple_plus.build, FORMER_BEST),),
    split=train_on(OTHER_DRIVES, [NEW_DRIVE]),
)
