"""The repaired EdgeSegNet and the simple network in equal time, on a held-out rendered world.

    .venv/bin/python Code/studies/run_study.py edgesegnet_equal_time_rendered

Three minutes of training steps each, recipe `quick`, four rendered worlds at 125 x 414, the fifth
(0002) held out, two seeds. No rendered scene was used to choose the networks.

Result: pixel accuracy / mean IoU 0.786 / 0.355 (`edgesegnet`), 0.718 / 0.272 (`simple`), means of the
seeds.
"""

from dataclasses import replace

from studies import edgesegnet_equal_time
from studies.runner.data_sets import hold_out, rendered

STUDY = replace(
    edgesegnet_equal_time.STUDY,
    name="edgesegnet_equal_time_rendered",
    frames=rendered(),
    split=hold_out("0002"),
    minutes=3.0,
)
