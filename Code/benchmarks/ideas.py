"""What six ideas for the simple network are worth, and the recipe that makes most of them.

    .venv/bin/python Code/benchmarks/ideas.py one_by_one --camvid FOLDER
    .venv/bin/python Code/benchmarks/ideas.py one_by_one_rendered
    .venv/bin/python Code/benchmarks/ideas.py equal_time --camvid FOLDER
    .venv/bin/python Code/benchmarks/ideas.py best --camvid FOLDER

one_by_one: each idea alone, at equal updates, on CamVid at 120 x 160; one_by_one_rendered: on rendered
scenes of five worlds at 62 x 207, one of them held out.
equal_time: those that change what a step costs, for the same time.
best: `simple_plus` with the recipe `best` at 240 x 320, evaluated there and at 360 x 480; on CamVid's
validation clip, and on a drive that it was not trained on.
Every training is made once; results/ideas/ keeps its figures.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import study_frames
import trials
from trials import Trial

from roadseg.recipes import RECIPES

# The recipe without what is to be measured; validated once, at the end.
PLAIN = replace(RECIPES["quick"], name="plain", epochs=8, class_weight_power=0, validate_every=1000)
ARCHITECTURES: dict[str, dict[str, object]] = {
    "1: depthwise-separable encoder": {"separable_encoder": True},
    "2: bilinear decoder": {"bilinear_decoder": True},
    "3: no zero padding": {"zero_padding": False},
    "6: two layers a stage": {"encoder_layers": 2},
    "6: half as wide again": {"width": 1.5},
    "batch normalisation": {"normalise": True},
    "1 + 2 + batch normalisation": {
        "separable_encoder": True,
        "bilinear_decoder": True,
        "normalise": True,
    },
    "2 + 6 + batch normalisation": {"bilinear_decoder": True, "encoder_layers": 2, "normalise": True},
}
LOSSES: dict[str, dict[str, float]] = {
    "4: median frequency": {"class_weight_power": 1.0},
    "4: median frequency, power 0.35": {"class_weight_power": 0.35},
    "4: effective number": {"effective_number": 1 - 1e-6},
    "4: focal": {"focus": 2.0},
    "4: hardest quarter": {"hardest": 0.25},
    "4: with Lovasz-Softmax": {"lovasz": 1.0},
}
PLUS: dict[str, dict[str, object]] = {
    "simple_plus": {},
    "simple_plus without context": {"context": False},
    "simple_plus without dilation": {"dilations": (1, 1)},
    "simple_plus that ends at a half": {"finest": 2},
}
# 5: more images. The same updates on one drive or world, on two, ... The drive that the validation clip
# is a part of comes first, so that it does not count as more images.
DRIVES = ("train/0016E5", "train/0006R0", "train/0001TP")
WORLDS = ("0001", "0018", "0020", "0006")
MINUTES = 2.0


def architectures() -> list[Trial]:
    return [
        Trial("simple", "simple", PLAIN),
        *(Trial(name, "simple", PLAIN, options) for name, options in ARCHITECTURES.items()),
        *(Trial(name, "simple_plus", PLAIN, options) for name, options in PLUS.items()),
    ]


def losses() -> list[Trial]:
    return [Trial(name, "simple", replace(PLAIN, **options)) for name, options in LOSSES.items()]


def fewer_images(count: int, share: float) -> Trial:
    """share: of all training frames, so that the updates stay as many."""
    epochs = round(PLAIN.epochs / share)
    recipe = replace(PLAIN, epochs=epochs, warm_up_epochs=PLAIN.warm_up_epochs / share)
    return Trial(f"5: images of {count} sequences", "simple", recipe)


def best(held_out: str) -> Trial:
    return Trial(f"best, {held_out} held out", "simple_plus", RECIPES["best"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", choices=("one_by_one", "one_by_one_rendered", "equal_time", "best"))
    parser.add_argument("--camvid", type=Path, help="folder of CamVid")
    options = parser.parse_args()
    if options.camvid is None and options.study != "one_by_one_rendered":
        parser.error(f"{options.study} needs --camvid FOLDER")
    study = f"ideas/{options.study}"
    if options.study == "best":
        results = run_best(options.camvid, study)
    elif options.study == "one_by_one_rendered":
        results = run_one_by_one(study_frames.rendered(6), WORLDS, "0002", study)
    else:
        frames = study_frames.camvid(options.camvid, 3)
        if options.study == "one_by_one":
            results = run_one_by_one(frames, DRIVES, "val", study)
        else:
            split = study_frames.split(frames, ["train"], ["val"])
            chosen = trials.fitted(architectures(), frames, split, MINUTES, study)
            results = trials.run(chosen, frames, split, study)
    print(trials.table(results))


def run_one_by_one(frames, sequences, held_out: str, study: str) -> list[dict]:
    split = study_frames.split(frames, sequences, [held_out])
    results = trials.run([*architectures(), *losses()], frames, split, study)
    for count in range(1, len(sequences)):
        fewer = study_frames.split(frames, sequences[:count], [held_out])
        trial = fewer_images(count, len(fewer.train) / len(split.train))
        results += trials.run([trial], frames, fewer, study)
    return results


def run_best(camvid: Path, study: str) -> list[dict]:
    frames, full_size = study_frames.camvid(camvid, 1.5), study_frames.camvid(camvid, 1)
    results = []
    for train, held_out in ((["train"], "val"), (["train/0001TP", "train/0016E5"], "train/0006R0")):
        split = study_frames.split(frames, train, [held_out])
        results += trials.run([best(held_out)], frames, split, study, full_size)
    return results


if __name__ == "__main__":
    main()
