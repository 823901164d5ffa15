"""The six ideas that the original repository lists without trying them, each alone.

(1) Depthwise convolutions in the encoder, (2) upsampling instead of transposed convolutions, (3) sizes
that need no zero padding, (4) a loss weighted towards rare classes, (5) more images, (6) more layers.
"""

from dataclasses import replace

from studies.recipes import FORMER_QUICK
from studies.runner import Study, Trial
from studies.runner.data_sets import camvid, hold_out, rendered, train_on

BASELINE = "simple"
# The recipe `quick` without the ideas that are measured; validated once, at the end.
PLAIN = replace(FORMER_QUICK, name="plain", epochs=8, class_weight_power=0, validate_every=1000)
# The drive that the validation clip is a part of comes first, so that it does not count as more images.
DRIVES = ("train/0016E5", "train/0006R0", "train/0001TP")
# The world most like the held-out one comes first: both are streets.
WORLDS, HELD_OUT_WORLD = ("0001", "0018", "0020", "0006"), "0002"


def _variant(group: str, name: str, **options) -> Trial:
    return Trial(name, "simple", PLAIN, options, group)


def _loss(name: str, **settings) -> Trial:
    return Trial(name, "simple", replace(PLAIN, **settings), group="4")


def _fewer_images(name: str, train: tuple[str, ...], held_out: str) -> Trial:
    """Trains on some of the sequences, with each frame seen more often."""
    return Trial(name, "simple", PLAIN, group="5", split=train_on(train, [held_out]))


def _redesign(name: str, **options) -> Trial:
    return Trial(name, "simple_plus", PLAIN, options)


def _by_idea(*trials: Trial) -> tuple[Trial, ...]:
    """Sorts trials: the baseline, the ideas by their numbers, then combinations."""
    return tuple(sorted(trials, key=lambda trial: (trial.name != BASELINE, trial.group or "7")))


_BILINEAR, _NORMALISED = {"bilinear_decoder": True}, {"batch_normalisation": True}
# Everything that changes the cost of a step.
ARCHITECTURES = (
    _variant("", BASELINE),
    _variant("1", "depthwise-separable encoder", separable_encoder=True),
    _variant("2", "bilinear decoder", **_BILINEAR),
    _variant("3", "no zero padding", zero_padding=False),
    _variant("6", "two layers a stage", encoder_layers=2),
    _variant("6", "half as wide again", width=1.5),
    _variant("", "batch normalisation", **_NORMALISED),
    _variant("", "1 + 2 + batch normalisation", separable_encoder=True, **_BILINEAR, **_NORMALISED),
    _variant("", "2 + 6 + batch normalisation", encoder_layers=2, **_BILINEAR, **_NORMALISED),
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

ONE_BY_ONE = Study(
    name="ideas_one_by_one",
    description="""The original author's six ideas for the simple network, one at a time, on CamVid.

Equal steps (736 of four images), a plain recipe, CamVid at 120 x 160, two seeds, evaluated after the
last epoch.

Result: mean IoU 0.290 unchanged, 0.310 with the bilinear decoder, 0.317 with Lovász-Softmax, and 0.388
with batch normalisation, which is not on the list. `simple_plus`, which redesigns the network, has
0.393.""",
    trials=_by_idea(
        *ARCHITECTURES,
        *LOSSES,
        _fewer_images("one drive alone", DRIVES[:1], "val"),
        _fewer_images("two drives", DRIVES[:2], "val"),
    ),
    frames=camvid(scale=3),
    split=train_on(DRIVES, ["val"]),
    seeds=(0, 1),
    time_steps=True,
)

EQUAL_TIME = Study(
    name="ideas_equal_time",
    description="""The ideas that change what a step of the simple network costs, in equal time.

One minute of training steps each, the plain recipe of ideas_one_by_one, CamVid at 120 x 160, two seeds.

Result: mean IoU 0.258 unchanged, 0.276 with the bilinear decoder, 0.380 with batch normalisation, 0.440
with `simple_plus`, 0.474 with `simple_plus` without its global context.""",
    trials=ARCHITECTURES,
    frames=camvid(scale=3),
    split=hold_out("val"),
    seeds=(0, 1),
    minutes=1.0,
)

ON_RENDERED = replace(
    ONE_BY_ONE,
    name="ideas_one_by_one_rendered",
    description="""The original author's six ideas, one at a time, on a held-out rendered world.

The trials of ideas_one_by_one on rendered scenes at 62 x 207: every eighth frame of four worlds
trains, world 0002 is held out, 480 steps, two seeds. These scores chose nothing.

Result: mean IoU 0.227 unchanged, 0.254 with the bilinear decoder, 0.240 with Lovász-Softmax, 0.272 with
batch normalisation, 0.271 with `simple_plus`; 0.305 from the one world alone that is most like the
held-out one.""",
    trials=_by_idea(
        *ARCHITECTURES,
        *LOSSES,
        _fewer_images("one world alone", WORLDS[:1], HELD_OUT_WORLD),
        _fewer_images("two worlds", WORLDS[:2], HELD_OUT_WORLD),
        _fewer_images("three worlds", WORLDS[:3], HELD_OUT_WORLD),
    ),
    frames=rendered(scale=6),
    split=train_on(WORLDS, [HELD_OUT_WORLD]),
)

# For ideas.ipynb, with the recipe `quick`.
EXAMPLE = tuple(Trial(name, name, FORMER_QUICK) for name in ("simple", "simple_plus"))
