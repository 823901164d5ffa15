"""Recipe: everything that decides how a network is trained, and the recipes that have a name."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import keras
import numpy as np

from roadseg.data.augmentation import Augmentation
from roadseg.training.losses import (
    CrossEntropy,
    CrossEntropyAndLovasz,
    effective_number_weights,
    median_frequency_weights,
)
from roadseg.training.optimizers import AdamWOfKernels, AveragedRMSprop

if TYPE_CHECKING:  # pandas comes with the extra "notebook"
    import pandas as pd

_CHOICES = {"optimizer": ("rmsprop", "adamw"), "schedule": ("steps", "cosine")}
_RANGES: dict[str, Callable[[float], bool]] = {
    "epochs": lambda count: count >= 1,
    "batch_size": lambda count: count >= 1,
    "validate_every": lambda count: count >= 1,
    "learning_rate": lambda rate: rate > 0,
    "warm_up_epochs": lambda epochs: epochs >= 0,
    "weight_decay": lambda decay: decay >= 0,
    "class_weight_power": lambda power: power >= 0,
    "effective_number": lambda beta: 0 <= beta < 1,
    "label_smoothing": lambda share: 0 <= share < 1,
    # Between 0 and 1 the gradient is infinite at certainty.
    "focal_gamma": lambda gamma: gamma == 0 or gamma >= 1,
    "ohem_share": lambda share: 0 < share <= 1,
    "lovasz": lambda weight: weight >= 0,
    "ema_momentum": lambda momentum: momentum is None or 0 < momentum < 1,
    "norm_momentum": lambda momentum: momentum is None or 0 < momentum < 1,
}
_WHY = {
    "epochs": "passes over the training frames",
    "batch_size": "small batches make many steps from few frames",
    "optimizer": "each weight gets a step size of its own",
    "learning_rate": "the highest: more jumps, less wastes time",
    "schedule": "large steps get far, small ones settle",
    "warm_up_epochs": "the rate starts low: first gradients are wild",
    "weight_decay": "pulls kernels towards 0, against overfitting",
    "augmentation": "makes many frames of few, against overfitting",
    "class_weight_power": "rare classes count more",
    "effective_number": "rare classes count more, within limits",
    "label_smoothing": "stops the network from being too sure",
    "focal_gamma": "pixels that are right already count less",
    "ohem_share": "only the hardest pixels count",
    "lovasz": "rewards IoU itself, beside the cross-entropy",
    "upsampled_loss": "a loss at the decoder's size saves time",
    "ema_momentum": "moving average of the weights: jitters less",
    "norm_momentum": "normalisation forgets the first weights sooner",
    "validate_every": "epochs, because validating takes time",
    "seed": "of the order of the frames and their augmentation",
}


@dataclass(frozen=True)
class Recipe:
    """Settings of one training.

    Attributes:
        name: for messages and folders.
        epochs: passes over the training frames.
        batch_size: frames a step.
        optimizer: "rmsprop" or "adamw".
        learning_rate: the highest.
        schedule: "steps": the rate is divided by 3 after every 75 epochs; "cosine": it rises during
            warm_up_epochs and then falls along half a cosine to zero.
        warm_up_epochs: may be a fraction.
        weight_decay: decoupled; AdamW only, and not for biases and normalisation.
        augmentation: of the training frames; None: they are trained on as they are.
        class_weight_power: exponent of the median-frequency class weights; 0: equal weights.
        effective_number: beta of the effective-number class weights instead; 0: equal weights.
        label_smoothing: see `losses.CrossEntropy`.
        focal_gamma: see `losses.CrossEntropy`.
        ohem_share: see `losses.CrossEntropy`.
        lovasz: weight of the Lovász-Softmax loss, which is added to the cross-entropy.
        upsampled_loss: whether logits are upsampled to the size of the labels for the loss. False: the
            labels are taken at a random place of each block of pixels that a logit stands for, which
            saves time. It makes no difference to a network whose last convolution has the full size.
        ema_momentum: of the exponential moving average of the weights, at most: it starts with less. The
            average is what is validated and saved as the best network. None: the weights themselves are.
        norm_momentum: of the running means and variances in batch normalisation while training. None: as
            the network was built, in Keras 0.99, which needs a few hundred steps to forget the first
            weights.
        validate_every: epochs from one validation to the next; the last epoch is always validated.
        seed: of the order of the frames and their augmentation, from 0.

    Raises:
        ValueError: an unknown word, a number out of its range, or settings that contradict each other.
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
    upsampled_loss: bool = True
    ema_momentum: float | None = None
    norm_momentum: float | None = None
    validate_every: int = 1
    seed: int = 0

    def __post_init__(self):
        wrong = [name for name, choices in _CHOICES.items() if getattr(self, name) not in choices]
        wrong += [name for name, is_in_range in _RANGES.items() if not is_in_range(getattr(self, name))]
        if wrong:
            raise ValueError(f"{self.name}: {wrong[0]}={getattr(self, wrong[0])!r} is out of range")
        if self.class_weight_power and self.effective_number:
            raise ValueError(f"{self.name}: either class_weight_power or effective_number")
        if self.weight_decay and self.optimizer == "rmsprop":
            raise ValueError(f"{self.name}: only adamw has weight_decay, not rmsprop")

    def table(self) -> "pd.DataFrame":
        """What is not at its default: each setting, its value, and why it is there."""
        import pandas as pd

        used = {field.name: getattr(self, field.name) for field in fields(self)[1:]}
        used = {name: value for name, value in used.items() if value != getattr(type(self), name, None)}
        if self.augmentation:
            ranges = vars(self.augmentation).items()
            used["augmentation"] = ", ".join(name for name, x in ranges if x and x != (1.0, 1.0))
        columns = {"value": used.values(), "why": map(_WHY.get, used)}
        return pd.DataFrame(columns, pd.Index(used, name=self.name))

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
        """With the learning rate of each step, which depends on the steps of an epoch."""
        rate = self.make_schedule(steps_per_epoch)
        average = {"use_ema": True, "ema_momentum": self.ema_momentum} if self.ema_momentum else {}
        if self.optimizer == "rmsprop":
            return AveragedRMSprop(rate, **average)
        return AdamWOfKernels(rate, weight_decay=self.weight_decay, **average)

    def make_schedule(self, steps_per_epoch: int) -> keras.optimizers.schedules.LearningRateSchedule:
        """Step, from 0 -> learning rate."""
        steps = self.epochs * steps_per_epoch
        if self.schedule == "steps":
            # The last step of the old rate: Keras compares with "at most".
            # At least one, so that the optimizer's state has the same form however long the training is.
            drop = 75 * steps_per_epoch
            boundaries = [step - 1 for step in range(drop, max(steps, drop + 1), drop)]
            rates = [self.learning_rate / 3**drops for drops in range(len(boundaries) + 1)]
            return keras.optimizers.schedules.PiecewiseConstantDecay(boundaries, rates)
        warm_up = round(self.warm_up_epochs * steps_per_epoch)
        return keras.optimizers.schedules.CosineDecay(
            self.learning_rate / 100,
            max(1, steps - warm_up),
            warmup_target=self.learning_rate,
            warmup_steps=max(1, warm_up),
        )


_ORIGINAL = Recipe(  # the original repository's
    name="original",
    epochs=250,
    batch_size=16,
    optimizer="rmsprop",
    learning_rate=1e-3,
    schedule="steps",
)
_QUICK = Recipe(
    name="quick",
    epochs=32,
    batch_size=4,
    optimizer="adamw",
    learning_rate=2e-3,
    schedule="cosine",
    warm_up_epochs=1,
    weight_decay=1e-2,
    augmentation=Augmentation(scale=(0.75, 1.5), brightness=0.3, contrast=0.3, saturation=0.3),
    class_weight_power=0.25,
    lovasz=1.0,
    upsampled_loss=False,
    ema_momentum=0.99,
    norm_momentum=0.9,
    validate_every=4,
)
_BEST = replace(  # for long trainings of a small network
    _QUICK,
    name="best",
    epochs=240,
    learning_rate=2.5e-3,
    augmentation=Augmentation(
        scale=(0.75, 1.8),
        brightness=0.4,
        contrast=0.4,
        saturation=0.4,
        gamma=0.3,
        grey=0.1,
        transfer=0.5,
        paste=0.5,
    ),
    class_weight_power=0.3,
    ema_momentum=0.998,
    norm_momentum=None,
    validate_every=20,
)
_TRANSFER = replace(  # for use on images of another kind than the training frames
    _QUICK,
    name="transfer",
    epochs=20,
    augmentation=Augmentation(scale=(0.7, 1.6), brightness=0.5, contrast=0.5, saturation=0.7, gamma=0.5),
    class_weight_power=0.25,
    lovasz=0,
    upsampled_loss=True,
    ema_momentum=0.995,
    norm_momentum=None,
)
RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (_ORIGINAL, _QUICK, _BEST, _TRANSFER)}


def get_recipe(name: str, epochs: int | None = None) -> Recipe:
    """A named recipe, with another number of epochs if given; raises ValueError for an unknown name."""
    if name not in RECIPES:
        raise ValueError(f"unknown recipe {name!r}: one of {', '.join(RECIPES)}")
    return RECIPES[name] if epochs is None else replace(RECIPES[name], epochs=epochs)
