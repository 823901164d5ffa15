"""The original author's six ideas for the simple network, one at a time, on CamVid.

    .venv/bin/python Code/studies/run_study.py ideas_one_by_one --camvid FOLDER

The original repository lists these ideas without trying them: (1) depthwise convolutions in the encoder,
(2) upsampling instead of transposed convolutions, (3) sizes that need no zero padding, (4) a loss
weighted towards rare classes, (5) more images, (6) more layers. Equal steps (736 of four images), a
plain recipe, CamVid at 120 x 160, two seeds, evaluated after the last epoch.

Result: mean IoU 0.290 unchanged, 0.310 with the bilinear decoder, 0.317 with Lovász-Softmax, and 0.388
with batch normalisation, which is not on the list. `simple_plus`, which redesigns the network, has
0.393.
"""

from dataclasses import replace

from roadseg.networks import simple, simple_plus
from studies.former_recipes import FORMER_QUICK
from studies.runner import Study, Trial
from studies.runner.data_sets import camvid, train_on

BASELINE = "simple"
# The recipe `quick` without the ideas that are measured; validated once, at the end.
PLAIN = replace(FORMER_QUICK, name="plain", epochs=8, class_weight_power=0, validate_every=1000)
# The drive that the validation clip is a part of comes first, so that it does not count as more images.
DRIVES = ("train/0016E5", "train/0006R0", "train/0001TP")


def _variant(group: str, name: str, **options) -> Trial:
    return Trial(name, simple.build, PLAIN, options, group)


def _loss(name: str, **settings) -> Trial:
    return Trial(name, simple.build, replace(PLAIN, **settings), group="4")


def _redesign(name: str, **options) -> Trial:
    return Trial(name, simple_plus.build, PLAIN, options)


# Everything that changes the cost of a step.
ARCHITECTURES = (
    _variant("", BASELINE),
    _variant("1", "depthwise-separable encoder", separable_encoder=True),
    _variant("2", "bilinear decoder", bilinear_decoder=True),
    _variant("3", "no zero padding", zero_padding=False),
    _variant("6", "two layers a stage", encoder_layers=2),
    _variant("6", "half as wide again", width=1.5),
    _variant("", "batch normalisation", batch_normalisation=True),
    _variant(
        "",
        "1 + 2 + batch normalisation",
        separable_encoder=True,
        bilinear_decoder=True,
        batch_normalisation=True,
    ),
    _variant(
        "",
        "2 + 6 + batch normalisation",
        bilinear_decoder=True,
        encoder_layers=2,
        batch_normalisation=True,
    ),
    _redesign("simple_plus"),
    _redesign("simple_plus without context", context=False),
    _redesign("simple_plus without dilation", dilations=(1, 1)),
    _redesign("simple_plus with output stride 2", output_stride=2),
)
LOSSES = (
    _loss("median frequency", class_weight_power=1.0),
    _loss("median frequency, power 0.35", class_weight_power=0.35),
    _loss("effective number", effective_number=1 - 1e-6),
    _loss("focal loss", focal_gamma=2.0),
    _loss("hardest quarter", ohem_share=0.25),
    _loss("with Lovász-Softmax", lovasz=1.0),
)


def fewer_images(name: str, train: tuple[str, ...], held_out: str) -> Trial:
    """Trains on some of the sequences, with each frame seen more often."""
    return Trial(name, simple.build, PLAIN, group="5", split=train_on(train, [held_out]))


def by_idea(*trials: Trial) -> tuple[Trial, ...]:
    """Sorts trials: the baseline, the ideas by their numbers, then combinations."""
    return tuple(sorted(trials, key=lambda trial: (trial.name != BASELINE, trial.group or "7")))


STUDY = Study(
    name="ideas_one_by_one",
    trials=by_idea(
        *ARCHITECTURES,
        *LOSSES,
        fewer_images("one drive alone", DRIVES[:1], "val"),
        fewer_images("two drives", DRIVES[:2], "val"),
    ),
    frames=camvid(scale=3),
    split=train_on(DRIVES, ["val"]),
    seeds=(0, 1),
    time_steps=True,
)
# For ideas.ipynb, with the recipe `quick`.
EXAMPLE = (
    Trial("simple", simple.build, FORMER_QUICK),
    Trial("simple_plus", simple_plus.build, FORMER_QUICK),
)
