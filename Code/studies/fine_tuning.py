"""Measures what fine-tuning on a few labelled images of a new road gives, from four starts.

    .venv/bin/python Code/studies/fine_tuning.py --camvid FOLDER

The new road is CamVid's drive 0006R0. Its first 60 frames lend 8, 20 or 60 to train on, evenly spaced;
its last 35 are measured, after a gap. Each training takes the recipe `quick` as `roadseg train` does,
with its 32 epochs or with more, and the weights after the last epoch count. It starts from random
weights, from the weights for rendered scenes, or from photographs: a network that the other two drives
trained. That one starts once more with every class under another name, so that its last layer is new.
Images have 240 x 320 pixels. Writes results/fine_tuning.csv; a repeated call continues.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from roadseg import evaluation, networks, training
from roadseg.data.splits import Split
from roadseg.data.store import FrameStore
from roadseg.training.recipes import RECIPES, Recipe
from studies.camvid_weights import NETWORK, OPTIONS
from studies.recipes import NEW_DRIVE, OTHER_DRIVES
from studies.runner.data_sets import CODE, camvid, train_on
from studies.runner.results import RESULTS

POOL, MEASURED = 60, 35  # frames of the new road: the first, and the last
EPOCHS = {8: (32, 128), 20: (32,), 60: (32,)}  # images that train -> lengths of the training
_BEST = RECIPES["best"]
BASE = replace(  # as long as the fine-tuning studied takes, so far below the weights that ship
    _BEST,
    name="best on crops",
    epochs=40,
    augmentation=replace(_BEST.augmentation, crop=(160, 224), blue_sky=0.3),
    validate_every=40,
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--camvid", type=Path, required=True, metavar="FOLDER", help="folder of CamVid")
    frames = camvid(scale=1.5)(parser.parse_args().camvid)
    table = pd.DataFrame(measure(frames, BASE, RECIPES["quick"], EPOCHS, CODE / "Runs/fine-tuning"))
    table.to_csv(RESULTS / "fine_tuning.csv", index=False, float_format="%.4f")
    print(table.to_string(index=False))


def measure(
    frames: FrameStore, base: Recipe, recipe: Recipe, epochs: Mapping[int, tuple[int, ...]], runs: Path
) -> Iterator[dict[str, object]]:
    """Trains the network on the other drives, fine-tunes it, and yields the scores of each training.

    Args:
        frames: of CamVid's part `train`.
        base: of the training on the other drives.
        recipe: of the trainings on the new road.
        epochs: how many images train -> for how long.
        runs: folder of the trainings.
    """
    shape, names = frames.image_shape, frames.class_names
    road = np.flatnonzero(np.array(frames.sequence) == NEW_DRIVE)
    pool, measured = road[:POOL], road[-MEASURED:]
    others = replace(train_on(OTHER_DRIVES, [NEW_DRIVE])(frames), validation=measured)
    network = networks.build(NETWORK, shape, len(names), **OPTIONS)
    networks.start_from(network, networks.load_pretrained(NETWORK))
    trained = training.train(network, frames, others, base, runs / "photographs")
    yield {"start": "photographs", "images": 0, "epochs": 0} | _scores(trained)
    starts = {
        "random weights": lambda: networks.build(NETWORK, shape, len(names), **OPTIONS),
        "rendered scenes": lambda: networks.fine_tunable(NETWORK, shape, names)[0],
        "photographs": lambda: networks.fine_tunable(trained.folder, shape, names)[0],
        "photographs, other classes": lambda: networks.fine_tunable(
            trained.folder, shape, [f"own {name}" for name in names]
        )[0],
    }
    for count, lengths in epochs.items():
        few = pool[np.linspace(0, len(pool) - 1, count).round().astype(int)]
        split = Split(few, measured, f"{count} images of {NEW_DRIVE}")
        for length in lengths:
            tuning = replace(recipe, epochs=length, validate_every=length)
            for start, build in starts.items():
                folder = runs / f"{start.replace(', ', '-').replace(' ', '-')}-{count}-{length}"
                run = training.train(build(), frames, split, tuning, folder)
                yield {"start": start, "images": count, "epochs": length} | _scores(run)


def _scores(run: training.Run) -> dict[str, float]:
    result: evaluation.Evaluation = run.result
    scores = {"pixel accuracy": result.pixel_accuracy, "mean IoU": result.mean_iou}
    scores |= {f"IoU {name}": iou for name, iou in zip(result.class_names, result.iou, strict=True)}
    return scores | {"minutes": run.metrics["minutes"]}


if __name__ == "__main__":
    main()
