"""What the study on a GPU compares: every trial changes one thing in BASELINE."""

from dataclasses import dataclass, field, replace

from roadseg.data.sources.camvid import CamVid
from studies.gpu.augmentation import DeviceAugmentation
from studies.gpu.training import Network, Recipe

_PASTED = ("Pole", "SignSymbol", "Fence", "Car", "Pedestrian", "Bicyclist")
_HELD_OUT_ROADS = ("A", "B", "C")
_AUGMENTATION = DeviceAugmentation((248, 320), copied=tuple(map(CamVid.class_names.index, _PASTED)))


@dataclass(frozen=True)
class Trial:
    """A recipe and a network, trained once for each fold and seed.

    Attributes:
        name: unique.
        epochs: passes over the training frames, at most.
        recipe: how to train.
        network: what to train.
        scale: by how much frames of 480 x 360 are reduced before anything else.
        folds: names of those that are held out in turn.
    """

    name: str
    epochs: int = 120
    recipe: Recipe = field(default_factory=lambda: Recipe(_AUGMENTATION))
    network: Network = field(default_factory=Network)
    scale: float = 1
    folds: tuple[str, ...] = _HELD_OUT_ROADS


def _recipe(name: str, **settings) -> Trial:
    return replace(BASELINE, name=name, recipe=replace(BASELINE.recipe, **settings))


def _augmentation(name: str, **settings) -> Trial:
    return _recipe(name, augmentation=replace(_AUGMENTATION, **settings))


def _network(title: str, **settings) -> Trial:
    return replace(BASELINE, name=title, network=Network(**settings))


BASELINE = Trial("baseline")
# The recipe `best` for one hour on two cores, as it was before this study.
_BEST = Trial(
    "best as it was",
    epochs=160,
    recipe=Recipe(
        DeviceAugmentation((240, 320), scale=(0.75, 1.8), grey=0.0, gamma=0.0, copy_share=0.0),
        batch_size=4,
        learning_rate=2e-3,
        warm_up=1 / 160,
        class_weight_power=0.15,
    ),
    network=Network(options=(), stride=1),
    scale=1.5,
)
# About as many frames as two CPU cores train on in an hour; batches of 16 keep a GPU busier.
_HOUR = Trial(
    "one hour",
    epochs=400,
    recipe=Recipe(replace(_AUGMENTATION, transfer=0.5), batch_size=16, learning_rate=5e-3),
)
_HOUR_REDUCED = replace(_HOUR.recipe.augmentation, crop=(240, 320), scale=(0.75, 1.8))
# The first trainings of this study.
_STRONG_COLOURS = {"saturation": 0.5, "channels": 0.1, "gamma": 0.5}
_TURNS = {"rotation": 0.05, "aspect": 0.15}
_STRONG = replace(
    _AUGMENTATION, crop=(344, 464), scale=(0.6, 2.0), noise=5.0, **_STRONG_COLOURS, **_TURNS
)
_LONG = Trial(
    "long",
    epochs=1000,
    recipe=Recipe(_STRONG, batch_size=16, learning_rate=5e-3),
    folds=(*_HELD_OUT_ROADS, "val"),
)
TRIALS: dict[str, Trial] = {
    trial.name: trial
    for trial in (
        BASELINE,
        _BEST,
        _augmentation("nothing pasted", copy_share=0.0),
        _augmentation("colours of another drive", transfer=0.5),
        _augmentation("milder colours", brightness=0.2, contrast=0.2, saturation=0.2, gamma=0.0),
        _augmentation("stronger colours", **_STRONG_COLOURS),
        _augmentation("neither grey nor gamma", grey=0.0, gamma=0.0),
        _augmentation("noise", noise=5.0),
        _augmentation("rotation and aspect", **_TURNS),
        _augmentation("magnified to 2", scale=(0.6, 2.0)),
        _recipe("five times the weight decay", weight_decay=5e-2),
        _recipe("classes not weighted", class_weight_power=0.0),
        _recipe("no Lovász-Softmax", lovasz=0.0),
        _recipe("batches of 16", batch_size=16, learning_rate=5e-3),
        _recipe("batches of 4", batch_size=4, learning_rate=2.5e-3),
        replace(BASELINE, name="60 epochs", epochs=60),
        replace(BASELINE, name="320 epochs", epochs=320),
        _network("global context", options=(("output_stride", 2),)),
        _network("decoder ends at a quarter", options=(("context", False),), stride=4),
        _network("loss on upsampled logits", stride=1),
        _network("starts from rendered scenes", rendered=True),
        _network("edgesegnet", name="edgesegnet", options=(), stride=4),
        _network(
            "edgesegnet without context", name="edgesegnet", options=(("context", False),), stride=4
        ),
        _HOUR,
        replace(_HOUR, name="one hour, from rendered scenes", network=Network(rendered=True)),
        replace(
            _HOUR,
            name="one hour, frames reduced to 240 x 320",
            recipe=replace(_HOUR.recipe, augmentation=_HOUR_REDUCED),
            scale=1.5,
        ),
        replace(
            _HOUR,
            name="one hour, nothing pasted",
            recipe=replace(
                _HOUR.recipe, augmentation=replace(_HOUR.recipe.augmentation, copy_share=0.0)
            ),
        ),
        _LONG,
        replace(
            _LONG,
            name="long, smaller crops",
            epochs=440,
            recipe=replace(_LONG.recipe, augmentation=replace(_STRONG, crop=(264, 352))),
        ),
    )
}
LONG = _LONG.name  # what the command trains unless others are named
