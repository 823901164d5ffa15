"""Trains the weights for photographs that ship with the project, on CamVid's part `train`.

    .venv/bin/python Code/studies/camvid_weights.py --camvid FOLDER [--real FOLDER ...]

`simple_plus` without context, with a decoder that ends at half the size. It starts from the weights for
rendered scenes and trains on crops of frames of 360 x 480, in two rounds: on photographs, then on those
and on rendered scenes with CamVid's classes, a quarter of the images. Three of ten get a blue sky,
because CamVid's own skies are all pale. The weights are the mean of those after both rounds (WiSE-FT:
Wortsman et al. 2022), because the second alone scored 0.012 mean IoU less on the part `val`, which chose
nothing else. They are evaluated on `val`, once more with every sky made blue, and on the data sets in
--real, which have Virtual KITTI's classes, at 2/3 of their size. Writes weights and metrics to
roadseg/networks/weights/. A repeated call continues an interrupted one.
"""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import roadscenes
from roadscenes import VARIATIONS, WORLDS
from roadseg import evaluation, networks, training
from roadseg.data import sources
from roadseg.data.augmentation import Augmentation
from roadseg.data.batches import Batches
from roadseg.data.splits import Split
from roadseg.data.store import FrameStore
from roadseg.evaluation import metrics
from roadseg.training.recipes import RECIPES, Recipe
from studies.pretrained_weights import save
from studies.runner.data_sets import CODE, DATA, positions, preprocessed

NETWORK, OPTIONS = "simple_plus", {"output_stride": 2, "context": False}
EPOCHS = 220, 60  # on photographs; on photographs and rendered scenes
RENDERED_FRAMES = 30, 100, 170  # of each drive
REAL_SCALE = 1.5  # the focal length is then among those of the rendered scenes
_BEST = RECIPES["best"]
RECIPE = replace(
    _BEST,
    name="best on crops",
    # As high as the frames modulo 16: every halving then falls on the same pixels.
    augmentation=replace(_BEST.augmentation, crop=(248, 320), scale=(0.6, 1.6), blue_sky=0.3),
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--camvid", type=Path, required=True, metavar="FOLDER", help="folder of CamVid")
    parser.add_argument("--real", type=Path, nargs="*", default=[], help="raw data sets to evaluate on")
    options = parser.parse_args()
    runs = CODE / "Runs/camvid-weights"
    train_weights(options.camvid, rendered_scenes(), options.real, RECIPE, EPOCHS, runs)


def rendered_scenes() -> sources.Source:
    """Renders 120 frames of all worlds but the motorway, as ten seeds furnish them, or opens them.

    Each seed has another variation; light and colours are random.
    """
    parts = {}
    for seed, variation in enumerate(VARIATIONS):
        folder = DATA / f"camvid-labels-{seed}"
        worlds = [world for world in WORLDS if world != "0020"]
        roadscenes.render(
            folder, worlds, [variation], RENDERED_FRAMES, seed, randomise=True, labels="camvid"
        )
        parts[folder.name] = sources.open(folder)
    return sources.Joined(parts)


def train_weights(
    photographs: Path,
    rendered: sources.Source,
    real: Iterable[Path],
    recipe: Recipe,
    epochs: tuple[int, int],
    folder: Path,
) -> None:
    """Trains in two rounds, averages, evaluates and saves the network.

    Args:
        photographs: folder of CamVid.
        rendered: scenes with its classes, of the same size.
        real: folders of raw data sets to evaluate on, with Virtual KITTI's classes.
        recipe: of both rounds, but for their length.
        epochs: of each round.
        folder: of both runs.
    """
    source = sources.Joined({"photographs": sources.open(photographs), "rendered": rendered})
    parts = "photographs/train", "photographs/val", "rendered"
    frames = preprocessed(source, 1, parts)
    train, validation, scenes = (positions(frames, [part]) for part in parts)
    network = networks.build(NETWORK, frames.image_shape, frames.num_classes, **OPTIONS)
    networks.start_from(network, networks.load_pretrained(NETWORK))
    minutes, ends = 0.0, []
    rounds = {"photographs": train, "and-rendered-scenes": train + scenes}
    for (name, images), length in zip(rounds.items(), epochs, strict=True):
        split = Split(images, validation, f"validated on {parts[1]}")
        round_recipe = replace(recipe, epochs=length, validate_every=length)
        run = training.train(network, frames, split, round_recipe, folder / name)
        minutes += run.metrics["minutes"]
        ends.append(network.get_weights())
    network.set_weights([np.mean(both, axis=0) for both in zip(*ends, strict=True)])
    results = {
        "CamVid, part val": evaluation.evaluate(network, frames, validation),
        "CamVid, part val with blue skies": evaluate_with_blue_skies(network, frames, validation),
    }
    results |= {each.name: evaluate_real(network, frames.class_names, each) for each in real}
    card = {"options": OPTIONS, "data": "CamVid and rendered", "frames": len(images), "minutes": minutes}
    confidence = evaluation.mean_confidence(network, frames, validation)
    card |= {"licence": "for research, like CamVid", "confidence": confidence}
    save(network, frames, results, "camvid", **card)


def evaluate_real(
    network: networks.Network, class_names: Sequence[str], folder: Path
) -> evaluation.Evaluation:
    """Evaluates on the classes that a data set shares with CamVid."""
    frames = preprocessed(sources.open(folder), REAL_SCALE)
    network = networks.fixed_size(network, frames.image_shape)
    table = sources.load_table("virtual_kitti_to_camvid")
    return evaluation.evaluate_transfer(network, class_names, frames, table)


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
