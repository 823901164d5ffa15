"""Why the original repository's advanced network trained badly, and what its repaired form is worth.

    .venv/bin/python Code/benchmarks/edgesegnet.py causes --camvid FOLDER
    .venv/bin/python Code/benchmarks/edgesegnet.py equal_time --camvid FOLDER
    .venv/bin/python Code/benchmarks/edgesegnet.py equal_time_rendered

causes: from the network and training of the original repository, each suspected cause is repaired by
itself, then all together, at equal updates, on CamVid at a quarter of its size (90 x 120), where the
paper's structure is affordable on two cores.
equal_time: the repaired network and the simple one, trained for the same time with the same recipe, on
CamVid at 240 x 320, two seeds. equal_time_rendered: the same on rendered scenes
of five worlds, one of them held out.
Every training is made once; results/edgesegnet/ keeps its figures.
"""

from dataclasses import replace
from pathlib import Path

import common
import trials
from trials import Trial

from roadseg import preprocess, sources, splits, store
from roadseg.networks.edgesegnet import ORIGINAL
from roadseg.recipes import RECIPES, Recipe
from roadseg.sources.miniature.layouts import LAYOUTS
from roadseg.splits import Split
from roadseg.store import FrameStore

# The original repository's rate; its batch of 32 would leave few updates.
SLOW = Recipe(
    name="slow",
    epochs=4,
    batch_size=2,
    optimizer="adamw",
    learning_rate=2e-4,
    schedule="steps",
    validate_every=2,
)
FAST = replace(SLOW, name="fast", learning_rate=2e-3, schedule="cosine", warm_up_epochs=0.5)
# What each repair changes in ORIGINAL; the defaults of the network are all of them together.
REPAIRS: dict[str, dict[str, object]] = {
    "bilinear enlargement": {"enlargement": "bilinear"},
    "bilinear enlargement and skip": {"enlargement": "bilinear", "skips": (2,)},
    "three strides of 2": {"reduction_strides": (2, 2, 2)},
    "normalised": {"normalise": True},
    "wide, rectified stem": {"stem_filters": 32, "stem_activation": True},
    "global context": {"context": True},
    "narrow modules, classify first": {
        "inner_filters": 96, "fine_filters": 64, "enlargement": "bilinear", "classify_first": True,
    },
}  # fmt: skip
MINUTES = {"equal_time": 8.0, "equal_time_rendered": 5.0}
SEEDS = range(2)


def causes() -> list[Trial]:
    """ORIGINAL, each repair alone, the faster rate alone, and all."""
    repaired = [Trial(name, "edgesegnet", SLOW, ORIGINAL | options) for name, options in REPAIRS.items()]
    return [
        Trial("as in the original repository", "edgesegnet", SLOW, ORIGINAL),
        *repaired,
        Trial("ten times the rate, falling", "edgesegnet", FAST, ORIGINAL),
        Trial("all structure", "edgesegnet", SLOW),
        Trial("all", "edgesegnet", FAST),
        Trial("simple network", "simple", FAST),
    ]


def equal_time(seed: int) -> list[Trial]:
    recipe = replace(RECIPES["quick"], seed=seed)
    return [Trial(name, name, recipe) for name in ("simple", "edgesegnet")]


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("study", choices=("causes", "equal_time", "equal_time_rendered"))
    parser.add_argument("--camvid", type=Path, help="folder of CamVid")
    options = parser.parse_args()
    if options.study == "causes":
        study = "edgesegnet/causes"
        frames, split = camvid(options.camvid, scale=4)
        results = trials.run(causes(), frames, split, study)
    else:
        study = f"edgesegnet/{options.study}"
        frames, split = camvid(options.camvid, 1.5) if options.study == "equal_time" else rendered()
        results = []
        for seed in SEEDS:
            chosen = trials.fitted(equal_time(seed), frames, split, MINUTES[options.study], study)
            results += trials.run(chosen, frames, split, study)
    print(trials.table(results))


def camvid(folder: Path, scale: float) -> tuple[FrameStore, Split]:
    frames = _store(sources.open(folder), scale)
    return frames, splits.by_sequence(frames, ["val"])


def rendered() -> tuple[FrameStore, Split]:
    """All five worlds, one of them held out."""
    folder = common.CODE / "Data" / "five-worlds"
    for world, layout in LAYOUTS.items():
        sources.miniature.render(folder, [world], frames=range(0, layout.frames, 8))
    frames = _store(sources.open(folder), 3)
    return frames, splits.by_sequence(frames, ["0002"])


def _store(source: sources.Source, scale: float) -> FrameStore:
    target = common.CODE / "Data_compressed" / preprocess.folder_name(source, None, scale)
    preprocess.to_hdf5(source, target, scale=scale)
    return store.open(target)


if __name__ == "__main__":
    main()
