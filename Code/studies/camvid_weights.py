"""Trains the weights for photographs that ship with the project, on CamVid's part `train`.

    .venv/bin/python Code/studies/camvid_weights.py --camvid FOLDER

`simple_plus` without context, with a decoder that ends at half the size. It starts from the weights for
rendered scenes and trains on crops of frames of 360 x 480. Three of ten get a blue sky, because CamVid's
own skies are all pale. The part `val` chooses nothing: the averaged weights of the last epoch are
evaluated on it, and once more with every sky made blue. Writes them and their metrics to
roadseg/networks/weights/. A repeated call continues an interrupted one.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from roadseg import evaluation, networks, training
from roadseg.data import splits
from roadseg.data.augmentation import Augmentation
from roadseg.data.batches import Batches
from roadseg.data.store import FrameStore
from roadseg.evaluation import metrics
from roadseg.training.recipes import RECIPES, Recipe
from studies.pretrained_weights import save
from studies.runner.data_sets import CODE, camvid

NETWORK, OPTIONS = "simple_plus", {"output_stride": 2, "context": False}
EPOCHS = 220
_BEST = RECIPES["best"]
RECIPE = replace(
    _BEST,
    name="best on crops",
    epochs=EPOCHS,
    # As high as the frames modulo 16: every halving then falls on the same pixels.
    augmentation=replace(_BEST.augmentation, crop=(248, 320), scale=(0.6, 1.6), blue_sky=0.3),
    validate_every=EPOCHS,
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--camvid", type=Path, required=True, metavar="FOLDER", help="folder of CamVid")
    train_weights(camvid(scale=1)(parser.parse_args().camvid), RECIPE, CODE / "Runs/camvid-weights")


def train_weights(frames: FrameStore, recipe: Recipe, folder: Path) -> None:
    """frames: the parts `train` and `val`; folder: of the run."""
    network = networks.build(NETWORK, frames.image_shape, frames.num_classes, **OPTIONS)
    networks.start_from(network, networks.load_pretrained(NETWORK))
    split = splits.by_sequence(frames, ["val"])
    run = training.train(network, frames, split, recipe, folder)
    results = {
        "CamVid, part val": run.result,
        "CamVid, part val with blue skies": evaluate_with_blue_skies(network, frames, split.validation),
    }
    card = {"options": OPTIONS, "data": "CamVid", "frames": len(split.train)}
    card |= {"minutes": run.metrics["minutes"], "licence": "for research, like CamVid"}
    save(network, frames, results, "camvid", **card)


def evaluate_with_blue_skies(
    network: networks.Network, frames: FrameStore, indices: Sequence[int]
) -> evaluation.Evaluation:
    """As `evaluation.evaluate`, of frames whose skies have become blue, each in its own way."""
    count = frames.num_classes
    confusion, boundaries = np.zeros((count, count), np.int64), np.zeros((count, 4), np.int64)
    batches = Batches(frames, indices, 1, Augmentation(flip=False, blue_sky=1.0))
    for number in range(len(batches)):
        images, (labels,) = batches.batch(0, number)
        ids = network.predict_on_batch(images)[0].argmax(-1)
        confusion += metrics.confusion_matrix(labels, ids, count)
        boundaries += metrics.boundary_counts(labels, ids, count)
    return evaluation.Evaluation(confusion, boundaries, frames.class_names)


if __name__ == "__main__":
    main()
