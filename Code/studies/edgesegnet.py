"""Why the original repository's advanced network trained badly, and what its repaired form is worth.

    .venv/bin/python Code/benchmarks/edgesegnet_study.py causes --camvid FOLDER
    .venv/bin/python Code/benchmarks/edgesegnet_study.py equal_time --camvid FOLDER
    .venv/bin/python Code/benchmarks/edgesegnet_study.py equal_time_rendered

causes: of the original repository's network, as far as it is known, and its low rate, one suspected
cause at a time is repaired, then all but the skip, then all, at equal updates (but for the rows that
say otherwise), on CamVid at a quarter of its size (90 x 120), where the paper's structure is affordable
on two cores.
equal_time: the repaired network and the simple one, trained for the same time with the same recipe, on
CamVid at 240 x 320, two seeds. equal_time_rendered: the same on rendered scenes of five worlds, one of
them held out.
Every training is made once; results/edgesegnet/ keeps its figures.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from roadseg.data import splits
from roadseg.networks.edgesegnet import ORIGINAL
from roadseg.training.recipes import RECIPES
from studies import data_sets, trials
from studies.trials import Trial

# The original repository's second rate; its batch of 32 would leave few updates.
SLOW = replace(
    RECIPES["original"],
    name="slow",
    epochs=2,
    batch_size=2,
    optimizer="adamw",
    learning_rate=2e-4,
    validate_every=2,
)
LONG = replace(SLOW, name="long", epochs=4, validate_every=4)
FAST = replace(SLOW, name="fast", learning_rate=2e-3, schedule="cosine", warm_up_epochs=0.3)
FAST_AND_LONG = replace(FAST, name="fast and long", epochs=8, validate_every=8)
# What each repair changes in ORIGINAL; the defaults of the network are all of them but the skip.
REPAIRS: dict[str, dict[str, object]] = {
    "a: bilinear enlargement": {"upsampling": "bilinear"},
    "a: learned enlargement": {"upsampling": "learned"},
    "a: bilinear, skip from a half": {"upsampling": "bilinear", "skips": (2,)},
    "a: bilinear, skips, also from full size": {"upsampling": "bilinear", "skips": (2, 1)},
    "b: three strides of 2": {"reduction_strides": (2, 2, 2)},
    "c: normalised": {"batch_normalisation": True},
    "c: normalised, rectified sums": {"batch_normalisation": True, "rectify_sums": True},
    "d: wide, rectified stem": {"stem_filters": 32, "stem_activation": True},
    "e: global context": {"context": True},
    "g: narrow modules": {"inner_filters": 64, "fine_filters": 48, "classify_first": True},
    "h: larger first weights": {"head_stddev": 0.1},
}
MINUTES = {"equal_time": 7.0, "equal_time_rendered": 3.0}
SEEDS = range(2)


def causes() -> list[Trial]:
    """ORIGINAL, each repair alone, twice the steps, the faster rate, all but the skip, all, and simple.

    All but the skip and the simple network make at least four times the steps of ORIGINAL in the same
    time, so they get them as well.
    """
    repaired = [
        *(Trial(name, "edgesegnet", SLOW, ORIGINAL | options) for name, options in REPAIRS.items()),
        Trial("f: twice the steps", "edgesegnet", LONG, ORIGINAL),
        Trial("f: ten times the rate, falling", "edgesegnet", FAST, ORIGINAL),
    ]
    return [
        Trial("as in the original repository", "edgesegnet", SLOW, ORIGINAL),
        *sorted(repaired, key=lambda trial: trial.name[0]),
        Trial("all but f and the skip", "edgesegnet", SLOW),
        Trial("all but the skip", "edgesegnet", FAST),
        Trial("all but the skip, 4 x steps", "edgesegnet", FAST_AND_LONG),
        Trial("all", "edgesegnet", FAST, {"skips": (2,)}),
        Trial("simple network", "simple", FAST),
        Trial("simple network, 4 x steps", "simple", FAST_AND_LONG),
    ]


def equal_time(seed: int) -> list[Trial]:
    recipe = replace(RECIPES["quick"], seed=seed)
    return [Trial(name, name, recipe) for name in ("simple", "edgesegnet")]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", choices=("causes", "equal_time", "equal_time_rendered"))
    parser.add_argument("--camvid", type=Path, help="folder of CamVid")
    options = parser.parse_args()
    if options.camvid is None and options.study != "equal_time_rendered":
        parser.error(f"{options.study} needs --camvid FOLDER")
    study, results = f"edgesegnet/{options.study}", []
    if options.study == "causes":
        frames = data_sets.camvid(options.camvid, 4)
        trials.milliseconds(causes(), frames, study)
        results = trials.run(causes(), frames, splits.by_sequence(frames, ["val"]), study)
    else:
        if options.study == "equal_time":
            frames, held_out = data_sets.camvid(options.camvid, 1.5), "val"
        else:
            frames, held_out = data_sets.rendered(), "0002"
        split = splits.by_sequence(frames, [held_out])
        for seed in SEEDS:
            chosen = trials.fitted(equal_time(seed), frames, split, MINUTES[options.study], study)
            results += trials.run(chosen, frames, split, study)
    print(trials.table(results, trials.load_milliseconds(study)))


if __name__ == "__main__":
    main()
