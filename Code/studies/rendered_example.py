"""The example of train_network.ipynb with its default settings: two networks on a rendered world.

    .venv/bin/python Code/studies/run_study.py rendered_example

125 x 414, 76 frames of world 0001 train and 39 of world 0002 validate; 14 frames drawn at random from
the same drive as the training frames are left out, as in the notebook. Recipe `quick`, 20 epochs, one
training each, in bfloat16.

Result: pixel accuracy / mean IoU 0.701 / 0.279 (`simple`), 0.764 / 0.349 (`edgesegnet`).
"""

from roadseg.data import splits
from roadseg.data.splits import Split
from roadseg.data.store import FrameStore
from roadseg.networks import edgesegnet, simple
from studies.former_recipes import FORMER_QUICK
from studies.runner import Study, Trial
from studies.runner.data_sets import rendered_default


def _split(frames: FrameStore) -> Split:
    split, _ = splits.hold_out_random(splits.last_drive(frames))
    return split


STUDY = Study(
    name="rendered_example",
    trials=tuple(
        Trial(name, builder, FORMER_QUICK, policy="mixed_bfloat16")
        for name, builder in (("simple", simple.build), ("edgesegnet", edgesegnet.build))
    ),
    frames=rendered_default,
    split=_split,
)
