"""The recipe `best`: an hour on CamVid, a held-out drive, held-out worlds, and a race of a minute."""

from dataclasses import replace

from roadseg.training.recipes import RECIPES
from studies.recipes import FORMER_BEST, MILDEST, NEW_DRIVE, OTHER_DRIVES
from studies.runner import Result, Study, Trial
from studies.runner.data_sets import camvid, furnished, hold_out, rendered, train_on

_MILD = replace(FORMER_BEST, augmentation=MILDEST)
BEST = Study(
    name="best",
    description="""The best result on CamVid: `simple_plus` with the recipe `best`.

160 epochs at 240 x 320, evaluated there and, with upsampled logits, at 360 x 480; a second training
with the mildest augmentation. One seed. The validation clip chooses the best of eight validations, the
recipe was found with scores on this clip, and the clip lies between two training stretches of one
drive.

Result: pixel accuracy / mean IoU 0.932 / 0.669 (at 360 x 480: 0.933 / 0.670), after the last epoch
0.667; with the mildest augmentation 0.927 / 0.672, after the last epoch 0.657.""",
    trials=(
        Trial("best", "simple_plus", FORMER_BEST),
        Trial("best with the mildest augmentation", "simple_plus", _MILD),
    ),
    frames=camvid(scale=1.5),
    split=hold_out("val"),
    full_size=camvid(scale=1),
)

ON_NEW_ROAD = replace(
    BEST,
    name="best_on_new_road",
    description="""The best network and recipe on a whole drive that was held out.

`simple_plus` with the recipe `best`, as in the study `best`, but trained on two of the three training
drives of CamVid (266 frames) and validated on the third, `0006R0`.

Result: pixel accuracy / mean IoU 0.826 / 0.408, after the last epoch 0.398: much of the 0.669 of
`best` comes from knowing the place.""",
    trials=(Trial("best on a new road", "simple_plus", FORMER_BEST),),
    split=train_on(OTHER_DRIVES, [NEW_DRIVE]),
)

_FORMER, _BEST = (replace(recipe, validate_every=1000) for recipe in (FORMER_BEST, RECIPES["best"]))
_BFLOAT16, _SMALLER = {"policy": "mixed_bfloat16"}, {"output_stride": 2, "context": False}
RENDERED = Study(
    name="best_rendered",
    description="""The recipe `best` as it was and as it is, in equal time, on a held-out rendered world.

Six minutes of training steps each, four rendered worlds at 125 x 414, the fifth (0002) held out, one
seed, evaluated after the last epoch. No rendered scene was used to choose the recipes.

Result: mean IoU 0.436 for `best` as it was, 0.461 for `best`, 0.430 with a decoder that ends at half the
size and no context.""",
    trials=(
        Trial("simple_plus, best as it was", "simple_plus", _FORMER, **_BFLOAT16),
        Trial("simple_plus", "simple_plus", _BEST, **_BFLOAT16),
        Trial("simple_plus to half the size, no context", "simple_plus", _BEST, _SMALLER, **_BFLOAT16),
    ),
    frames=rendered(),
    split=hold_out("0002"),
    minutes=6.0,
)

TRAIN, HELD_OUT = range(8), range(8, 10)  # seeds of the world
STREETS = Study(
    name="held_out_streets",
    description="""The simple networks on held-out rendered streets, of the kind that trains them.

They train on the residential street (world 0001) as eight seeds furnish it, and are evaluated on the
streets of two other seeds after the last epoch of the recipe `best` (160 epochs or 14,400 steps). The
length of the training was chosen after shorter ones had fallen short on these same streets.

Result: pixel accuracy / mean IoU 0.932 / 0.757 (`simple`), 0.928 / 0.770 (`simple_plus`).""",
    trials=tuple(Trial(name, name, _FORMER) for name in ("simple_plus", "simple")),
    frames=furnished("0001", [*TRAIN, *HELD_OUT]),
    split=train_on([f"seed-{seed}" for seed in TRAIN], [f"seed-{seed}" for seed in HELD_OUT]),
)

ORIGINAL, SHORT = "original network and recipe", "simple_plus, three epochs"
_SHORT_RECIPE = replace(
    FORMER_BEST,
    epochs=3, learning_rate=3e-3, warm_up_epochs=0.3, augmentation=None, class_weight_power=0.3,
    upsampled_loss=False, ema_momentum=0.98, norm_momentum=0.9, validate_every=3,
)  # fmt: skip
RACE = Study(
    name="time_to_quality",
    description="""The time that a redesign needs to pass the score of the original network and recipe.

The original network and recipe for 60 of its 250 epochs, and three epochs of `simple_plus` without
context, one after the other, on CamVid at 240 x 320, one seed. Of the original, every second epoch is
validated. The steps of both are also timed in turns, before the short training. Its settings were chosen
by scores on this very clip.

Result: 0.472 mean IoU after 24 seconds on the clock; the original's best epoch has 0.446, and the steps
of its 60 epochs alone take 16.8 minutes: 42 times as long.""",
    trials=(
        Trial(ORIGINAL, "simple", replace(RECIPES["original"], epochs=60, validate_every=2)),
        Trial(SHORT, "simple_plus", _SHORT_RECIPE, {"context": False}, **_BFLOAT16),
    ),
    frames=camvid(scale=1.5),
    split=hold_out("val"),
    time_steps=True,
)


def times_faster(original: Result, short: Result, milliseconds: float) -> float:
    """The original's steps alone over all of the other's time on the clock.

    milliseconds: of a step of the original, on the machine and at the time of the short training.
    """
    return original.record["steps"] * milliseconds / 60_000 / short.record["minutes"]


def at_step_time(result: Result, milliseconds: float) -> Result:
    """The training as if its epochs took their steps alone, of so many milliseconds each."""
    epochs = len(result.record["history"]["epoch"])
    seconds = [result.record["steps"] / epochs * milliseconds / 1000] * epochs
    return replace(
        result, record={**result.record, "history": result.record["history"] | {"seconds": seconds}}
    )
