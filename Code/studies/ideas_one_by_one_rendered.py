"""The original author's six ideas, one at a time, on a held-out rendered world.

    .venv/bin/python Code/studies/run_study.py ideas_one_by_one_rendered

The trials of ideas_one_by_one on rendered scenes at 62 x 207: every eighth frame of four worlds
trains, world 0002 is held out, 480 steps, two seeds. These scores chose nothing.

Result: mean IoU 0.227 unchanged, 0.254 with the bilinear decoder, 0.240 with Lovász-Softmax, 0.272 with
batch normalisation, 0.271 with `simple_plus`; 0.305 from the one world alone that is most like the
held-out one.
"""

from dataclasses import replace

from studies import ideas_one_by_one
from studies.ideas_one_by_one import ARCHITECTURES, LOSSES, by_idea, fewer_images
from studies.runner.data_sets import rendered, train_on

HELD_OUT = "0002"
# The world most like the held-out one comes first: both are streets.
WORLDS = ("0001", "0018", "0020", "0006")

STUDY = replace(
    ideas_one_by_one.STUDY,
    name="ideas_one_by_one_rendered",
    trials=by_idea(
        *ARCHITECTURES,
        *LOSSES,
        fewer_images("one world alone", WORLDS[:1], HELD_OUT),
        fewer_images("two worlds", WORLDS[:2], HELD_OUT),
        fewer_images("three worlds", WORLDS[:3], HELD_OUT),
    ),
    frames=rendered(scale=6),
    split=train_on(WORLDS, [HELD_OUT]),
)
