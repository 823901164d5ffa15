"""Trains the weights that ship with the project: on rendered scenes only, all worlds and variations.

    .venv/bin/python Code/pretrained_weights.py [--networks simple simple_plus] [--real FOLDER ...]

Renders and preprocesses about 2,600 frames of worlds of 24 seeds, 14 of them randomised; trains on 21,
validates on one, evaluates on two and on the raw data sets in --real (which need the same classes;
nothing is learned from them), and writes weights and figures of each network to
roadseg/networks/pretrained/. Every step continues where an interrupted call was.
"""

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import joblib

import roadscenes
from roadscenes.layouts import LAYOUTS
from roadscenes.light import VARIATIONS
from roadseg import evaluation, networks, training
from roadseg.data import preprocess, sources, splits, store
from roadseg.files import atomic_write

_HERE = Path(__file__).resolve().parent
_NETWORKS = "simple", "simple_plus"
# Seeds of the worlds.
_LEARNED, _RANDOMISED, _VALIDATED, _HELD_OUT = range(7), range(10, 24), range(7, 8), range(8, 10)
_VARIATIONS = 3  # that each seed is rendered in; other ones for the next seed
_EVERY = 60  # one frame in so many


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", nargs="+", choices=_NETWORKS, default=_NETWORKS)
    parser.add_argument("--real", type=Path, nargs="*", default=[], help="raw data sets to evaluate on")
    options = parser.parse_args()

    learned = _store(_rendered([*_LEARNED, *_RANDOMISED, *_VALIDATED]))
    held_out = _store(_rendered(_HELD_OUT))
    others = {"rendered worlds of the same kinds, not learned from": held_out}
    others |= {place.name: _store(sources.open(place)) for place in options.real}
    for name in options.networks:
        _train(name, learned, others)


def _train(name: str, frames: store.FrameStore, others: Mapping[str, store.FrameStore]) -> None:
    network = networks.build(name, frames.image_shape, frames.num_classes)
    split = splits.by_sequence(frames, [f"worlds-{seed}" for seed in _VALIDATED])
    folder = _HERE / "Runs" / f"pretrained-{name}"
    run = training.train(network, frames, split, training.get_recipe("transfer"), folder)
    results = {place: evaluation.evaluate(network, each) for place, each in others.items()}
    for place, result in results.items():
        print(f"\n{name}: {place}\n{result}")
    networks.save_pretrained(name, network)
    card = {"frames": len(split.train), "minutes": run.metrics["minutes"]}
    card["results"] = {place: result.as_dict() for place, result in results.items()}
    path = networks.PRETRAINED / f"{name}.json"
    atomic_write(path, lambda part: part.write_text(json.dumps(card, indent=1) + "\n", "utf-8"))


def _rendered(seeds: Iterable[int]) -> sources.Source:
    """All worlds of some seeds, in all variations by turns; a CPU renders a seed."""
    folders = joblib.Parallel(-1)(joblib.delayed(_render_worlds)(seed) for seed in seeds)
    return sources.Joined({folder.name: sources.open(folder) for folder in folders})


def _render_worlds(seed: int) -> Path:
    target, variations = _HERE / "Data" / f"worlds-{seed}", list(VARIATIONS)
    for place in range(_VARIATIONS):
        variation = variations[(_VARIATIONS * seed + place) % len(variations)]
        for world, layout in LAYOUTS.items():
            numbers = range(place * _EVERY // _VARIATIONS, layout.frames, _EVERY)
            roadscenes.render(
                target,
                [world],
                [variation],
                numbers,
                seed,
                randomise=seed in _RANDOMISED,
                workers=1,
                progress=False,
            )
    return target


def _store(source: sources.Source) -> store.FrameStore:
    target = _HERE / "Data_compressed" / preprocess.folder_name(source, None, 3)
    preprocess.to_hdf5(source, target)
    return store.open(target)


if __name__ == "__main__":
    main()
