"""Trains the weights that ship with the project, on rendered scenes only.

    .venv/bin/python Code/studies/pretrained_weights.py [--networks NAME ...] [--real FOLDER ...]

Renders and preprocesses about 2,600 frames: all worlds, furnished by 24 seeds, 14 of them with random
light and colours. 21 seeds train, one validates, two are held out; the trained network is evaluated on
those two and on the real data sets in --real, which need the same classes. Writes the weights and their
metrics to roadseg/networks/weights/. A repeated call continues an interrupted one.

The weights of `simple` that ship come from this script as it is (2,268 training frames): 0.907 pixel
accuracy and 0.627 mean IoU on the worlds that were held out. Those of `simple_plus` were trained before
the randomised scenes were added (756 training frames, 30 epochs): 0.898 and 0.618.
"""

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path

import roadscenes
from roadseg import networks, training
from roadseg.data import sources, splits
from roadseg.data.store import FrameStore
from roadseg.evaluation import Evaluation, evaluate
from roadseg.training.recipes import RECIPES, Recipe
from studies.runner import data_sets

_NETWORKS = "simple", "simple_plus"
TRAIN, RANDOMISED = range(7), range(10, 24)  # seeds of the worlds; of those in random light and colours
VALIDATE, HELD_OUT = (7,), (8, 9)  # which choose the best epoch, and which choose nothing


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", nargs="+", choices=_NETWORKS, default=_NETWORKS)
    parser.add_argument("--real", type=Path, nargs="*", default=[], help="raw data sets to evaluate on")
    options = parser.parse_args()
    train_weights(options.networks, options.real, RECIPES["transfer"], data_sets.CODE / "Runs")


def train_weights(names: Iterable[str], real: Iterable[Path], recipe: Recipe, runs: Path) -> None:
    """Renders the scenes, then trains, evaluates and saves each network.

    Args:
        names: of the networks.
        real: folders of raw data sets to evaluate on.
        recipe: of the trainings.
        runs: folder of the trainings.
    """
    seen = roadscenes.render_seeds(data_sets.DATA, (*TRAIN, *RANDOMISED, *VALIDATE), RANDOMISED)
    frames = data_sets.preprocessed(seen)
    held_out = roadscenes.render_seeds(data_sets.DATA, HELD_OUT)
    others = {"rendered worlds that were held out": held_out}
    others |= {folder.name: sources.open(folder) for folder in real}
    stores = {place: data_sets.preprocessed(source) for place, source in others.items()}
    split = splits.by_sequence(frames, [f"worlds-{seed}" for seed in VALIDATE])
    for name in names:
        network = networks.build(name, frames.image_shape, frames.num_classes)
        run = training.train(network, frames, split, recipe, runs / f"pretrained-{name}")
        card = {"options": {}, "data": "rendered", "frames": len(split.train)}
        card |= {"minutes": run.metrics["minutes"], "licence": "MIT, like the code"}
        results = {place: evaluate(network, each) for place, each in stores.items()}
        save(network, frames, results, "rendered", **card)


def save(
    network: networks.Network,
    frames: FrameStore,
    results: Mapping[str, Evaluation],
    weights: str,
    /,
    **card,
) -> None:
    """Prints the results, and saves a trained network with its card.

    Args:
        network, frames: what was trained, and on which data.
        results: by the names of the frames evaluated on.
        weights: their name.
        card: the rest of the ModelCard.
    """
    for place, result in results.items():
        print(f"\n{network.name}: {place}\n{result}")
    stored = {place: result.as_dict() for place, result in results.items()}
    card = networks.ModelCard.for_frames(network.name, frames, results=stored, **card)
    networks.save_pretrained(network.name, network, card, weights)


if __name__ == "__main__":
    main()
