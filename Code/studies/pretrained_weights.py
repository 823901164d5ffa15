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
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import joblib

import roadscenes
from roadscenes import VARIATIONS, WORLDS
from roadseg import evaluation, networks, training
from roadseg.data import sources, splits
from roadseg.training.recipes import RECIPES, Recipe
from studies.runner import data_sets

_NETWORKS = "simple", "simple_plus"


@dataclass(frozen=True)
class Settings:
    """Which scenes are rendered, and what they are for.

    Attributes:
        train: seeds of the worlds that train, in the light of their variations.
        randomised: seeds that train with every frame in random light and colours.
        validate: seeds that choose the best epoch.
        held_out: seeds that are evaluated on in the end, and choose nothing.
        worlds: names.
        variations: how many of a world's ten variations a seed is rendered in; the next seed has others.
        stride: every so many frames, one is rendered.
        recipe: of the training.
    """

    train: tuple[int, ...] = tuple(range(7))
    randomised: tuple[int, ...] = tuple(range(10, 24))
    validate: tuple[int, ...] = (7,)
    held_out: tuple[int, ...] = (8, 9)
    worlds: tuple[str, ...] = tuple(WORLDS)
    variations: int = 3
    stride: int = 60
    recipe: Recipe = RECIPES["transfer"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", nargs="+", choices=_NETWORKS, default=_NETWORKS)
    parser.add_argument("--real", type=Path, nargs="*", default=[], help="raw data sets to evaluate on")
    options = parser.parse_args()
    train_weights(options.networks, options.real, Settings(), data_sets.CODE / "Runs")


def train_weights(names: Iterable[str], real: Iterable[Path], settings: Settings, runs: Path) -> None:
    """Renders the scenes, then trains, evaluates and saves each network.

    Args:
        names: of the networks.
        real: folders of raw data sets to evaluate on.
        settings: of scenes and training.
        runs: folder of the trainings.
    """
    seen = _rendered((*settings.train, *settings.randomised, *settings.validate), settings)
    frames = data_sets.preprocessed(seen)
    others = {"rendered worlds that were held out": _rendered(settings.held_out, settings)}
    others |= {folder.name: sources.open(folder) for folder in real}
    stores = {place: data_sets.preprocessed(source) for place, source in others.items()}
    split = splits.by_sequence(frames, [f"worlds-{seed}" for seed in settings.validate])
    for name in names:
        network = networks.build(name, frames.image_shape, frames.num_classes)
        run = training.train(network, frames, split, settings.recipe, runs / f"pretrained-{name}")
        results = {place: evaluation.evaluate(network, each) for place, each in stores.items()}
        for place, result in results.items():
            print(f"\n{name}: {place}\n{result}")
        card = networks.ModelCard.for_frames(
            name,
            frames,
            options={},
            data="rendered",
            frames=len(split.train),
            minutes=run.metrics["minutes"],
            licence="MIT, like the code",
            results={place: result.as_dict() for place, result in results.items()},
        )
        networks.save_pretrained(name, network, card)


def _rendered(seeds: Iterable[int], settings: Settings) -> sources.Source:
    """The worlds of some seeds as one data set; a CPU renders a seed."""
    jobs = (joblib.delayed(_render_worlds)(data_sets.DATA, seed, settings) for seed in seeds)
    return sources.Joined({each.name: sources.open(each) for each in joblib.Parallel(-1)(jobs)})


def _render_worlds(data: Path, seed: int, settings: Settings) -> Path:
    """Each variation has frames between those of the others."""
    target, variations = data / f"worlds-{seed}", list(VARIATIONS)
    for place in range(settings.variations):
        variation = variations[(settings.variations * seed + place) % len(variations)]
        first = place * settings.stride // settings.variations
        for world in settings.worlds:
            frames = range(first, WORLDS[world].frames, settings.stride)
            random_light = seed in settings.randomised
            roadscenes.render(
                target, [world], [variation], frames, seed, random_light, workers=1, progress=False
            )
    return target


if __name__ == "__main__":
    main()
