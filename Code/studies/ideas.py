"""What the original author's ideas for the simple network are worth, and a recipe that goes further.

    .venv/bin/python Code/benchmarks/ideas.py one_by_one --camvid FOLDER
    .venv/bin/python Code/benchmarks/ideas.py one_by_one_rendered
    .venv/bin/python Code/benchmarks/ideas.py equal_time --camvid FOLDER
    .venv/bin/python Code/benchmarks/ideas.py recipe --camvid FOLDER
    .venv/bin/python Code/benchmarks/ideas.py new_roads --camvid FOLDER
    .venv/bin/python Code/benchmarks/ideas.py time_to_quality --camvid FOLDER
    .venv/bin/python Code/benchmarks/ideas.py best --camvid FOLDER

The original repository lists six ideas, never tried: (1) depthwise convolutions in the encoder,
(2) enlargement instead of transposed convolutions, (3) sizes that need no zero padding, (4) a loss
weighted towards rare classes, (5) more images, (6) more layers.

one_by_one: each idea alone, at equal updates, on CamVid at 120 x 160; one_by_one_rendered: on rendered
scenes of five worlds at 62 x 207, one of them held out. Two seeds.
equal_time: those that change what a step costs, for the same time. Two seeds.
recipe: how the recipe `best` was found: its first draft, made short, at 120 x 160, and one thing at a
time changed in it, for as many epochs ("batches of 8" makes half the updates); the last two rows change
a second thing: the network without its global context, and the mildest augmentation. One seed.
new_roads: `best`, made short, at 120 x 160, on a drive that it was not trained on, with other
augmentation, more weight decay, and without the network's global context. Two seeds.
time_to_quality: the original network and recipe, for 60 of its 250 epochs, and `simple_plus` with the
recipe `best`, made short, for a fraction of that time, at 240 x 320. One seed.
best: `simple_plus` with the recipe `best` at 240 x 320, evaluated there and at 360 x 480; on CamVid's
validation clip, there also with the mildest augmentation, and on a drive that it was not trained on. One
seed; the held-out frames choose the best of eight validations.
Every training is made once; results/ideas/ keeps its figures.
"""

import argparse
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from roadseg.data import splits
from roadseg.data.augmentation import Augmentation
from roadseg.data.store import FrameStore
from roadseg.training.recipes import RECIPES
from studies import data_sets, trials
from studies.trials import Trial

# The recipe without what is to be measured; validated once, at the end.
PLAIN = replace(RECIPES["quick"], name="plain", epochs=8, class_weight_power=0, validate_every=1000)
ARCHITECTURES: dict[str, dict[str, object]] = {
    "1: depthwise-separable encoder": {"separable_encoder": True},
    "2: bilinear decoder": {"bilinear_decoder": True},
    "3: no zero padding": {"zero_padding": False},
    "6: two layers a stage": {"encoder_layers": 2},
    "6: half as wide again": {"width": 1.5},
    "batch normalisation": {"batch_normalisation": True},
    "1 + 2 + batch normalisation": {
        "separable_encoder": True,
        "bilinear_decoder": True,
        "batch_normalisation": True,
    },
    "2 + 6 + batch normalisation": {
        "bilinear_decoder": True,
        "encoder_layers": 2,
        "batch_normalisation": True,
    },
}
LOSSES: dict[str, dict[str, float]] = {
    "4: median frequency": {"class_weight_power": 1.0},
    "4: median frequency, power 0.35": {"class_weight_power": 0.35},
    "4: effective number": {"effective_number": 1 - 1e-6},
    "4: focal": {"focal_gamma": 2.0},
    "4: hardest quarter": {"ohem_share": 0.25},
    "4: with Lovasz-Softmax": {"lovasz": 1.0},
}
PLUS: dict[str, dict[str, object]] = {
    "simple_plus": {},
    "simple_plus without context": {"context": False},
    "simple_plus without dilation": {"dilations": (1, 1)},
    "simple_plus that ends at a half": {"output_stride": 2},
}
FIRST_DRAFT = replace(
    RECIPES["quick"],
    name="short best",
    epochs=24,
    augmentation=Augmentation(scale=(0.75, 1.8), brightness=0.4, contrast=0.4, saturation=0.4),
    ema_momentum=0.998,
    validate_every=1000,
)
RECIPE_CHANGES: dict[str, dict[str, object]] = {
    "with Lovasz-Softmax": {"lovasz": 1.0},
    "with Lovasz-Softmax, classes not weighted": {"lovasz": 1.0, "class_weight_power": 0.0},
    "with Lovasz-Softmax, classes weighted less": {"lovasz": 1.0, "class_weight_power": 0.15},
    "with twice as much Lovasz-Softmax": {"lovasz": 2.0},
    "classes not weighted": {"class_weight_power": 0.0},
    "classes weighted more": {"class_weight_power": 0.5},
    "label smoothing": {"label_smoothing": 0.1},
    "hardest half": {"ohem_share": 0.5},
    "twice the rate": {"learning_rate": FIRST_DRAFT.learning_rate * 2},
    "half the rate": {"learning_rate": FIRST_DRAFT.learning_rate / 2},
    "milder augmentation": {"augmentation": RECIPES["quick"].augmentation},
    "no augmentation": {"augmentation": None},
    "five times the weight decay": {"weight_decay": FIRST_DRAFT.weight_decay * 5},
    "no weight decay": {"weight_decay": 0.0},
    "batches of 8": {"batch_size": 8},
    "no averaged weights": {"ema_momentum": None},
}
MILDEST = Augmentation(scale=(0.9, 1.25), brightness=0.2, contrast=0.2, saturation=0.2)
COLOURS = replace(RECIPES["transfer"].augmentation, scale=FIRST_DRAFT.augmentation.scale)
LESS_WEIGHTED = "with Lovasz-Softmax, classes weighted less"  # what `best` is, made short
# 5: more images. The same updates on one drive or world, on two, ... The drive that the validation clip
# is a part of comes first, so that it does not count as more images.
DRIVES = ("train/0016E5", "train/0006R0", "train/0001TP")
WORLDS = ("0001", "0018", "0020", "0006")
# What is learned from where something is held out.
NEW_DRIVE = "train/0006R0"
LEARNED = {"val": ["train"], NEW_DRIVE: ["train/0001TP", "train/0016E5"]}
MINUTES = 1.0
SEEDS = range(2)


def architectures(seed: int) -> list[Trial]:
    recipe = replace(PLAIN, seed=seed)
    return [
        Trial("simple", "simple", recipe),
        *(Trial(name, "simple", recipe, options) for name, options in ARCHITECTURES.items()),
        *(Trial(name, "simple_plus", recipe, options) for name, options in PLUS.items()),
    ]


def losses(seed: int) -> list[Trial]:
    return [
        Trial(name, "simple", replace(PLAIN, seed=seed, **options)) for name, options in LOSSES.items()
    ]


def fewer_images(count: int, share: float, seed: int) -> Trial:
    """share: of all training frames, so that the updates stay as many."""
    name = f"5: only {count} of the drives" if count > 1 else "5: only one of the drives"
    epochs = round(PLAIN.epochs / share)
    recipe = replace(PLAIN, epochs=epochs, warm_up_epochs=PLAIN.warm_up_epochs / share, seed=seed)
    return Trial(name, "simple", recipe)


def recipes() -> list[Trial]:
    changed = {"short best": FIRST_DRAFT} | {
        name: replace(FIRST_DRAFT, **changes) for name, changes in RECIPE_CHANGES.items()
    }
    less, mildest = LESS_WEIGHTED, replace(changed[LESS_WEIGHTED], augmentation=MILDEST)
    return [
        *(Trial(name, "simple_plus", recipe) for name, recipe in changed.items()),
        Trial(f"{less}, no context", "simple_plus", changed[less], {"context": False}),
        Trial(f"{less}, mildest augmentation", "simple_plus", mildest),
    ]


def on_new_roads(seed: int) -> list[Trial]:
    recipe = replace(FIRST_DRAFT, **RECIPE_CHANGES[LESS_WEIGHTED], seed=seed)
    changes = {
        "best made short": {},
        "mildest augmentation": {"augmentation": MILDEST},
        "stronger colours": {"augmentation": COLOURS},
        "stronger colours and scales": {"augmentation": replace(COLOURS, scale=(0.5, 2.0))},
        "five times the weight decay": {"weight_decay": recipe.weight_decay * 5},
    }
    return [
        *(Trial(name, "simple_plus", replace(recipe, **change)) for name, change in changes.items()),
        Trial("no context", "simple_plus", recipe, {"context": False}),
    ]


def original_and_short() -> list[Trial]:
    """Of the first every second epoch is validated, so that the others show the time of its steps."""
    original = replace(RECIPES["original"], epochs=60, validate_every=2)
    short = replace(RECIPES["best"], epochs=6, augmentation=MILDEST, ema_momentum=0.99, validate_every=6)
    return [
        Trial("original network and recipe", "simple", original),
        Trial("simple_plus, best made short", "simple_plus", short),
    ]


def long_trainings() -> list[tuple[Trial, str]]:
    """With what is held out, a key of LEARNED."""
    recipe = RECIPES["best"]
    milder = replace(recipe, augmentation=MILDEST)
    return [
        (Trial("best, val held out", "simple_plus", recipe), "val"),
        (Trial("best with milder augmentation, val held out", "simple_plus", milder), "val"),
        (Trial(f"best, {NEW_DRIVE} held out", "simple_plus", recipe), NEW_DRIVE),
    ]


def one_by_one(camvid: Path) -> None:
    _one_by_one(data_sets.camvid(camvid, 3), DRIVES, "val", "ideas/one_by_one")


def one_by_one_rendered() -> None:
    _one_by_one(data_sets.rendered(6), WORLDS, "0002", "ideas/one_by_one_rendered")


def _one_by_one(frames: FrameStore, sequences: Sequence[str], held_out: str, study: str) -> None:
    split, results = data_sets.split(frames, sequences, [held_out]), []
    trials.milliseconds([*architectures(0), *losses(0)], frames, study)
    for seed in SEEDS:
        results += trials.run([*architectures(seed), *losses(seed)], frames, split, study)
        for count in range(1, len(sequences)):
            fewer = data_sets.split(frames, sequences[:count], [held_out])
            trial = fewer_images(count, len(fewer.train) / len(split.train), seed)
            results += trials.run([trial], frames, fewer, study, rare_in=split)
    print(trials.table(results, step_milliseconds(study)))


def step_milliseconds(study: str) -> dict[str, float]:
    """With fewer images a step takes as long as with all."""
    measured = trials.load_milliseconds(study)
    fewer = {fewer_images(count, 1, 0).name: measured["simple"] for count in range(1, len(WORLDS))}
    return measured | fewer


def equal_time(camvid: Path) -> None:
    frames = data_sets.camvid(camvid, 3)
    split = splits.by_sequence(frames, ["val"])
    study, results = "ideas/equal_time", []
    for seed in SEEDS:
        chosen = trials.fitted(architectures(seed), frames, split, MINUTES, study)
        results += trials.run(chosen, frames, split, study)
    print(trials.table(results, trials.load_milliseconds(study)))


def recipe(camvid: Path) -> None:
    frames = data_sets.camvid(camvid, 3)
    split = splits.by_sequence(frames, ["val"])
    print(trials.table(trials.run(recipes(), frames, split, "ideas/recipe")))


def new_roads(camvid: Path) -> None:
    frames, results = data_sets.camvid(camvid, 3), []
    split = data_sets.split(frames, LEARNED[NEW_DRIVE], [NEW_DRIVE])
    for seed in SEEDS:
        results += trials.run(on_new_roads(seed), frames, split, "ideas/new_roads")
    print(trials.table(results))


def time_to_quality(camvid: Path) -> None:
    frames = data_sets.camvid(camvid, 1.5)
    split = splits.by_sequence(frames, ["val"])
    results = trials.run(original_and_short(), frames, split, "ideas/time_to_quality")
    print(trials.table(results))
    print(f"1/{times_faster(*results):.1f} of the original's time")


def times_faster(original: dict, short: dict) -> float:
    """All of the second's time, on the clock, against the first's steps alone at their fastest."""
    return original["updates"] * original["ms_per_step"] / 60_000 / short["minutes"]


def best(camvid: Path) -> None:
    frames, full_size = data_sets.camvid(camvid, 1.5), data_sets.camvid(camvid, 1)
    results = []
    for trial, held_out in long_trainings():
        split = data_sets.split(frames, LEARNED[held_out], [held_out])
        results += trials.run([trial], frames, split, "ideas/best", full_size)
    print(trials.table(results))


def stored(study: str) -> list[dict]:
    """What a study has left, of all seeds; raises DataError where something is missing."""
    return trials.load(_compared(study), f"ideas/{study}")


def _compared(study: str) -> list[Trial]:
    """With any number of epochs, because a result is found by its trial's name and seed."""
    if study == "best":
        return [trial for trial, _ in long_trainings()]
    single = {"recipe": recipes, "time_to_quality": original_and_short}
    if study in single:
        return single[study]()
    if study == "new_roads":
        return [trial for seed in SEEDS for trial in on_new_roads(seed)]
    compared = [trial for seed in SEEDS for trial in architectures(seed)]
    if study.startswith("one_by_one"):
        sequences = WORLDS if study.endswith("rendered") else DRIVES
        counts = range(1, len(sequences))
        compared += [trial for seed in SEEDS for trial in losses(seed)]
        compared += [fewer_images(count, 1, seed) for seed in SEEDS for count in counts]
    return compared


def about(results: Iterable[dict], idea: str) -> list[dict]:
    """Those of one idea alone, by its number, and the network without any."""
    return [each for each in results if re.match(rf"simple$|{idea}: ", each["trial"]["name"])]


def combined(results: Iterable[dict]) -> list[dict]:
    """Those of no idea alone, and the network without any."""
    return [each for each in results if not re.match(r"\d: ", each["trial"]["name"])]


ON_CAMVID = {
    study.__name__: study for study in (one_by_one, equal_time, recipe, new_roads, time_to_quality, best)
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", choices=(*ON_CAMVID, "one_by_one_rendered"))
    parser.add_argument("--camvid", type=Path, help="folder of CamVid")
    options = parser.parse_args()
    if options.study not in ON_CAMVID:
        one_by_one_rendered()
    elif options.camvid is None:
        parser.error(f"{options.study} needs --camvid FOLDER")
    else:
        ON_CAMVID[options.study](options.camvid)


if __name__ == "__main__":
    main()
