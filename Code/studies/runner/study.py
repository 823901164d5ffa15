"""Study and Trial: describe, as values, which trainings are compared on which frames."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import keras

from roadseg import networks
from roadseg.data.splits import Split
from roadseg.data.store import FrameStore
from roadseg.training.recipes import Recipe

Frames = Callable[[Path | None], FrameStore]  # called with the folder of CamVid, or None
MakeSplit = Callable[[FrameStore], Split]


@dataclass(frozen=True)
class Trial:
    """One training of a study, which each seed of the study repeats.

    Attributes:
        name: unique in the study.
        network: its name in `networks.NETWORKS`, or another that `builder` knows.
        recipe: its seed gives the initial weights as well; the study replaces it.
        options: of the network.
        group: what the trial tries, such as the number of an idea; "" for the baseline and for
            combinations.
        split: of a trial with fewer training frames than the study's; it gets as many steps as the
            others. None: the study's split.
        policy: precision. float32 by default, so that machines with and without bfloat16
            arithmetic give comparable scores.
        builder: a function of the form of `networks.build`.
    """

    name: str
    network: str
    recipe: Recipe
    options: Mapping[str, object] = field(default_factory=dict)
    group: str = ""
    split: MakeSplit | None = None
    policy: str = "float32"
    builder: Callable[..., keras.Model] = networks.build

    @property
    def label(self) -> str:
        """Group and name, for tables and plots."""
        return f"{self.group}: {self.name}" if self.group else self.name

    def build(self, image_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
        """A new network with the initial weights of the recipe's seed."""
        return self.builder(
            self.network, image_shape, num_classes, self.recipe.seed, self.policy, **self.options
        )


@dataclass(frozen=True)
class Study:
    """Trainings that are compared: every trial with every seed, on the same frames.

    Attributes:
        name: of its files in results/.
        description: what is compared, on what, and the result; its first line alone says what it is.
        trials: in the order of tables, with different names.
        frames: opens the frames, and renders or preprocesses them first where that is necessary.
        split: divides the frames.
        seeds: of initial weights, order of frames and augmentation.
        minutes: training steps alone; each trial gets as many epochs as fit. None: the recipe's epochs.
        time_steps: measure the time of each trial's step although no number of epochs follows from it.
        full_size: opens the same frames in a larger size, to evaluate upsampled logits on as well.
    """

    name: str
    description: str
    trials: tuple[Trial, ...]
    frames: Frames
    split: MakeSplit
    seeds: tuple[int, ...] = (0,)
    minutes: float | None = None
    time_steps: bool = False
    full_size: Frames | None = None

    @property
    def has_step_times(self) -> bool:
        return self.time_steps or self.minutes is not None
