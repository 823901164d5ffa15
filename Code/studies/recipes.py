"""How recipes were found, and what they give: short comparisons of settings on CamVid.

FORMER_QUICK and FORMER_BEST had a name in roadseg when most stored results were trained.
"""

from dataclasses import replace

from roadseg.data import splits
from roadseg.data.augmentation import Augmentation
from roadseg.training.recipes import RECIPES
from studies.runner import Study, Trial
from studies.runner.data_sets import camvid, hold_out, rendered_default, train_on

# Until the loss was computed at the decoder's size.
FORMER_QUICK = replace(
    RECIPES["quick"],
    epochs=20, class_weight_power=0.35, lovasz=0, upsampled_loss=True, norm_momentum=None,
)  # fmt: skip
# Until trainings were compared on held-out roads.
FORMER_BEST = replace(
    FORMER_QUICK,
    name="best", epochs=160, class_weight_power=0.15, lovasz=1.0, ema_momentum=0.998, validate_every=20,
    augmentation=Augmentation(scale=(0.75, 1.8), brightness=0.4, contrast=0.4, saturation=0.4),
)  # fmt: skip
FIRST_DRAFT = replace(
    FORMER_BEST,
    name="short best", epochs=24, validate_every=1000,
    class_weight_power=FORMER_QUICK.class_weight_power, lovasz=0,
)  # fmt: skip
# `best`, made short: with Lovász-Softmax, and classes weighted less beside it.
SHORT_BEST = replace(FIRST_DRAFT, lovasz=1.0, class_weight_power=0.15)
MILDEST = Augmentation(scale=(0.9, 1.25), brightness=0.2, contrast=0.2, saturation=0.2)

SIMPLE = Study(
    name="simple_recipes",
    description="""The original network with the original recipe, and with a present-day one.

`simple` for 60 epochs on CamVid at 240 x 320, with the recipe `original` (RMSprop, batches of 16, no
augmentation) and with `quick` (AdamW, warm-up and cosine, batches of 4, augmentation, weighted
classes, averaged weights). One seed. `original` was made for 250 epochs and lowers its learning rate
after 75, so here it never did, and its validation score jumps.

Result: pixel accuracy / mean IoU 0.880 / 0.478 (`original`), 0.890 / 0.566 (`quick`).""",
    trials=(
        Trial("original recipe", "simple", replace(RECIPES["original"], epochs=60)),
        Trial("quick recipe", "simple", replace(FORMER_QUICK, epochs=60)),
    ),
    frames=camvid(scale=1.5),
    split=hold_out("val"),
)

NOTEBOOK = Study(
    name="rendered_example",
    description="""The example of train_network.ipynb, as it was: two networks on a rendered world.

125 x 414, 76 frames of world 0001 train and 39 of world 0002 validate; 14 frames drawn at random from
the same drive as the training frames are left out, as in the notebook. Recipe `quick`, 20 epochs, one
training each, in bfloat16.

Result: pixel accuracy / mean IoU 0.701 / 0.279 (`simple`), 0.764 / 0.349 (`edgesegnet`).""",
    trials=tuple(
        Trial(name, name, FORMER_QUICK, policy="mixed_bfloat16") for name in ("simple", "edgesegnet")
    ),
    frames=rendered_default,
    split=lambda frames: splits.hold_out_random(splits.last_drive(frames))[0],
)

DRAFT, SHORTENED = "first draft", "best made short"
_NO_CONTEXT = {"context": False}


def _draft(name: str, **settings) -> Trial:
    return Trial(name, "simple_plus", replace(FIRST_DRAFT, **settings))


def _short_best(name: str, **settings) -> Trial:
    return Trial(name, "simple_plus", replace(SHORT_BEST, **settings))


SEARCH = Study(
    name="recipe_search",
    description="""The search for the recipe `best`: its first draft with one setting changed at a time.

`simple_plus`, 24 epochs, CamVid at 120 x 160, one seed, so that differences of a point may be chance.
"batches of 8" makes half the steps. "best made short" is the outcome: Lovász-Softmax, and classes
weighted less beside it; in its last two trials a third thing changes.

Result: mean IoU 0.527 (first draft), 0.547 with Lovász-Softmax, 0.543 with classes weighted less
beside it, which has the highest pixel accuracy of these three (0.870).""",
    trials=(
        _draft(DRAFT),
        _draft("Lovász-Softmax", lovasz=1.0),
        _draft("Lovász-Softmax, classes not weighted", lovasz=1.0, class_weight_power=0.0),
        _draft("twice as much Lovász-Softmax", lovasz=2.0),
        _draft("classes not weighted", class_weight_power=0.0),
        _draft("classes weighted more", class_weight_power=0.5),
        _draft("label smoothing", label_smoothing=0.1),
        _draft("hardest half", ohem_share=0.5),
        _draft("twice the learning rate", learning_rate=FIRST_DRAFT.learning_rate * 2),
        _draft("half the learning rate", learning_rate=FIRST_DRAFT.learning_rate / 2),
        _draft("milder augmentation", augmentation=FORMER_QUICK.augmentation),
        _draft("no augmentation", augmentation=None),
        _draft("five times the weight decay", weight_decay=FIRST_DRAFT.weight_decay * 5),
        _draft("no weight decay", weight_decay=0.0),
        _draft("batches of 8", batch_size=8),
        _draft("no averaged weights", ema_momentum=None),
        _short_best(SHORTENED),
        Trial("best made short, no context", "simple_plus", SHORT_BEST, _NO_CONTEXT),
        _short_best("best made short, mildest augmentation", augmentation=MILDEST),
    ),
    frames=camvid(scale=3),
    split=hold_out("val"),
)

NEW_DRIVE, OTHER_DRIVES = "train/0006R0", ("train/0001TP", "train/0016E5")
COLOURS = replace(RECIPES["transfer"].augmentation, scale=FIRST_DRAFT.augmentation.scale)
NEW_ROADS = Study(
    name="new_roads",
    description="""Changes to the recipe `best`, on a held-out drive.

`simple_plus` with the recipe `best`, made short (24 epochs): augmentation, weight decay, no global
context. CamVid at 120 x 160, trained on two drives, validated on the third, two seeds.

Result: no change clearly helps. 0.323 mean IoU for `best`, 0.300 with stronger colours, 0.299 with
stronger scales as well, 0.329 with the mildest augmentation, 0.322 with more weight decay, 0.333
without context.""",
    trials=(
        _short_best(SHORTENED),
        _short_best("mildest augmentation", augmentation=MILDEST),
        _short_best("stronger colours", augmentation=COLOURS),
        _short_best("stronger colours and scales", augmentation=replace(COLOURS, scale=(0.5, 2.0))),
        _short_best("five times the weight decay", weight_decay=SHORT_BEST.weight_decay * 5),
        Trial("no context", "simple_plus", SHORT_BEST, _NO_CONTEXT),
    ),
    frames=camvid(scale=3),
    split=train_on(OTHER_DRIVES, [NEW_DRIVE]),
    seeds=(0, 1),
)
