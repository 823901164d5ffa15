"""The repaired EdgeSegNet and the simple network in equal time, on CamVid.

    .venv/bin/python Code/studies/run_study.py edgesegnet_equal_time --camvid FOLDER

Seven minutes of training steps each, recipe `quick`, CamVid at 240 x 320, two seeds. The defaults of
`edgesegnet` were chosen by scores on this clip, so part of its lead may come from that choice.

Result: pixel accuracy / mean IoU 0.873 / 0.532 (`edgesegnet`), 0.770 / 0.340 (`simple`), means
of the seeds.
"""

from roadseg.networks import edgesegnet, simple
from studies.former_recipes import FORMER_QUICK
from studies.runner import Study, Trial
from studies.runner.data_sets import camvid, hold_out

STUDY = Study(
    name="edgesegnet_equal_time",
    trials=(
        Trial("simple", simple.build, FORMER_QUICK),
        Trial("edgesegnet", edgesegnet.build, FORMER_QUICK),
    ),
    frames=camvid(scale=1.5),
    split=hold_out("val"),
    seeds=(0, 1),
    minutes=7.0,
)
