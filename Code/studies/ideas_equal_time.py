"""The ideas that change what a step of the simple network costs, in equal time.

    .venv/bin/python Code/studies/run_study.py ideas_equal_time --camvid FOLDER

One minute of training steps each, the plain recipe of ideas_one_by_one, CamVid at 120 x 160, two seeds.

Result: mean IoU 0.258 unchanged, 0.276 with the bilinear decoder, 0.380 with batch normalisation, 0.440
with `simple_plus`, 0.474 with `simple_plus` without its global context.
"""

from studies.ideas_one_by_one import ARCHITECTURES
from studies.runner import Study
from studies.runner.data_sets import camvid, hold_out

STUDY = Study(
    name="ideas_equal_time",
    trials=ARCHITECTURES,
    frames=camvid(scale=3),
    split=hold_out("val"),
    seeds=(0, 1),
    minutes=1.0,
)
