"""Recipe: everything that decides how a network is trained, and the recipes that have a name."""

from dataclasses import dataclass, replace

import keras
import numpy as np

from roadseg.data.augmentation import Augmentation
from roadseg.training.losses import (
    CrossEntropy,
    CrossEntropyAndLovasz,
    effective_number_weights,
    median_frequency_weights,
)

_WORDS = {"optimizer": ("rmsprop", "adamw"), "schedule": ("steps", "cosine")}


@dataclass(frozen=True)
class Recipe:
    """Settings of one training.

    optimizer: "rmsprop" or "adamw".
    learning_rate: the highest.
    schedule: "steps": the rate is divided by 3 after every 75 epochs; "cosine": it rises over
        warm_up_epochs and falls along half a cosine to zero.
    weight_decay: decoupled, of AdamW alone; not on biases and normalisation.
    class_weight_power: exponent of the median-frequency class weights; 0: all classes weigh the same.
    effective_number: beta of the effective-number class weights, instead; 0: all weigh the same.
    label_smoothing, focal_gamma, ohem_share: of losses.CrossEntropy.
    lovasz: how much of the Lovász-Softmax loss is added to the cross-entropy.
    ema_momentum: of the exponential moving average of the weights that is evaluated and kept; None: the
        weights themselves.
    validate_every: epochs between two validations; the last epoch is always validated.

    Raises ValueError for an unknown word, a number out of its range, and settings that contradict each
    other.
    """

    name: str
    epochs: int
    batch_size: int
    optimizer: str
    learning_rate: float
    schedule: str
    warm_up_epochs: float = 0
    weight_decay: float = 0
    augmentation: Augmentation | None = None
    class_weight_power: float = 0
    effective_number: float = 0
    label_smoothing: float = 0
    focal_gamma: float = 0
    ohem_share: float = 1
    lovasz: float = 0
    ema_momentum: float | None = None
    validate_every: int = 1
    seed: int = 0

    def __post_init__(self):
        if min(self.epochs, self.batch_size, self.validate_every) < 1:
            raise ValueError(f"{self.name}: epochs, batch_size and validate_every must be at least 1")
        for field, known in _WORDS.items():
            if (word := getattr(self, field)) not in known:
                raise ValueError(f"{self.name}: unknown {field} {word!r}: {' or '.join(known)}")
        if self.class_weight_power and self.effective_number:
            raise ValueError(f"{self.name}: either class_weight_power or effective_number")
        if self.weight_decay and self.optimizer == "rmsprop":
            raise ValueError(f"{self.name}: weight_decay is of adamw, not of rmsprop")
        in_range = {
            "learning_rate": self.learning_rate > 0,
            "warm_up_epochs": self.warm_up_epochs >= 0,
            "weight_decay": self.weight_decay >= 0,
            "class_weight_power": self.class_weight_power >= 0,
            "effective_number": 0 <= self.effective_number < 1,
            "label_smoothing": 0 <= self.label_smoothing < 1,
            # Between 0 and 1 the slope is infinite at certainty.
            "focal_gamma": self.focal_gamma == 0 or self.focal_gamma >= 1,
            "ohem_share": 0 < self.ohem_share <= 1,
            "lovasz": self.lovasz >= 0,
            "ema_momentum": self.ema_momentum is None or 0 < self.ema_momentum < 1,
        }
        for field, fine in in_range.items():
            if not fine:
                raise ValueError(f"{self.name}: {field}={getattr(self, field)} is out of range")

    def make_loss(self, pixels: np.ndarray) -> keras.losses.Loss:
        """pixels: int (C), how often each class occurs in the training frames."""
        weights = None
        if self.class_weight_power:
            weights = median_frequency_weights(pixels, self.class_weight_power)
        elif self.effective_number:
            weights = effective_number_weights(pixels, self.effective_number)
        loss = CrossEntropy(weights, self.label_smoothing, self.focal_gamma, self.ohem_share)
        return CrossEntropyAndLovasz(loss, self.lovasz) if self.lovasz else loss

    def make_optimizer(self, steps_per_epoch: int) -> keras.optimizers.Optimizer:
        rate = self._learning_rate(steps_per_epoch)
        average = {"use_ema": True, "ema_momentum": self.ema_momentum} if self.ema_momentum else {}
        if self.optimizer == "rmsprop":
            return keras.optimizers.RMSprop(rate, **average)
        optimizer = keras.optimizers.AdamW(rate, weight_decay=self.weight_decay, **average)
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        return optimizer

    def _learning_rate(self, steps_per_epoch: int):
        steps = self.epochs * steps_per_epoch
        if self.schedule == "steps":
            # The last step of the old rate: Keras compares with "at most".
            boundaries = [step - 1 for step in range(75 * steps_per_epoch, steps, 75 * steps_per_epoch)]
            if not boundaries:
                return self.learning_rate
            rates = [self.learning_rate / 3**drop for drop in range(len(boundaries) + 1)]
            return keras.optimizers.schedules.PiecewiseConstantDecay(boundaries, rates)
        warm_up = round(self.warm_up_epochs * steps_per_epoch)
        return keras.optimizers.schedules.CosineDecay(
            self.learning_rate / 100,
            max(1, steps - warm_up),
            warmup_target=self.learning_rate,
            warmup_steps=max(1, warm_up),
        )


_ORIGINAL = Recipe(  # of the original repository
    name="original",
    epochs=250,
    batch_size=16,
    optimizer="rmsprop",
    learning_rate=1e-3,
    schedule="steps",
)
_QUICK = Recipe(
    name="quick",
    epochs=20,
    batch_size=4,
    optimizer="adamw",
    learning_rate=2e-3,
    schedule="cosine",
    warm_up_epochs=1,
    weight_decay=1e-2,
    augmentation=Augmentation(scale=(0.75, 1.5), brightness=0.3, contrast=0.3, saturation=0.3),
    class_weight_power=0.35,
    ema_momentum=0.99,
    validate_every=4,
)
_BEST = replace(  # for long trainings of a small network
    _QUICK,
    name="best",
    epochs=160,
    augmentation=Augmentation(scale=(0.75, 1.8), brightness=0.4, contrast=0.4, saturation=0.4),
    class_weight_power=0.15,
    lovasz=1.0,
    ema_momentum=0.998,
    validate_every=20,
)
_TRANSFER = replace(  # for other pictures than those it learns from
    _QUICK,
    name="transfer",
    epochs=20,
    augmentation=Augmentation(scale=(0.7, 1.6), brightness=0.5, contrast=0.5, saturation=0.7, gamma=0.5),
    class_weight_power=0.25,
    ema_momentum=0.995,
)
RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (_ORIGINAL, _QUICK, _BEST, _TRANSFER)}


def get_recipe(name: str, epochs: int | None = None) -> Recipe:
    """A named recipe, made shorter or longer; raises ValueError for an unknown name or no epochs."""
    if name not in RECIPES:
        raise ValueError(f"unknown recipe {name!r}: one of {', '.join(RECIPES)}")
    return RECIPES[name] if epochs is None else replace(RECIPES[name], epochs=epochs)
