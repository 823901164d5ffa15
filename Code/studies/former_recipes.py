"""Recipes that had a name in roadseg, and that stored results were trained with."""

from dataclasses import replace

from roadseg.data.augmentation import Augmentation
from roadseg.training.recipes import RECIPES

# Until the loss was computed at the decoder's size.
FORMER_QUICK = replace(
    RECIPES["quick"],
    epochs=20,
    class_weight_power=0.35,
    lovasz=0,
    upsampled_loss=True,
    norm_momentum=None,
)
# Until trainings were compared on held-out roads.
FORMER_BEST = replace(
    FORMER_QUICK,
    name="best",
    epochs=160,
    augmentation=Augmentation(scale=(0.75, 1.8), brightness=0.4, contrast=0.4, saturation=0.4),
    class_weight_power=0.15,
    lovasz=1.0,
    ema_momentum=0.998,
    validate_every=20,
)
