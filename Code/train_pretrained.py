"""Trains the weights that ship with the project: on rendered scenes only, all worlds and variations.

    .venv/bin/python Code/train_pretrained.py [--real FOLDER ...]

Renders and preprocesses about 1,100 frames of worlds of ten seeds, trains on seven of them, evaluates on
the last two and on the raw data sets in --real (which need the same classes; nothing is learned from
them), and writes weights and figures to roadseg/networks/pretrained/. Every step continues where an
interrupted call was.
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

import joblib

from roadseg import evaluation, networks, preprocess, sources, splits, store, training
from roadseg.sources.miniature.layouts import LAYOUTS
from roadseg.sources.miniature.light import VARIATIONS

_HERE = Path(__file__).resolve().parent
_NAME = "simple"
_LEARNED, _HELD_OUT = range(8), range(8, 10)  # seeds of the worlds
_VARIATIONS = 3  # that each seed is rendered in; other ones for the next seed
_EVERY = 60  # one frame in so many


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--real", type=Path, nargs="*", default=[], help="raw data sets to evaluate on")
    options = parser.parse_args()

    frames, held_out = (_store(_rendered(seeds)) for seeds in (_LEARNED, _HELD_OUT))
    network = networks.build(_NAME, frames.image_shape, frames.num_classes)
    split = splits.last_drive(frames)
    folder = _HERE / "Runs" / f"pretrained-{_NAME}"
    run = training.train(network, frames, split, training.get_recipe("transfer"), folder)
    results = {
        "rendered worlds of the same kinds, not learned from": evaluation.evaluate(network, held_out)
    }
    for place in options.real:
        results[place.name] = evaluation.evaluate(network, _store(sources.open(place)))
    for name, result in results.items():
        print(f"\n{name}\n{result}")
    networks.save_pretrained(_NAME, network)
    card = {"frames": len(split.train), "minutes": run.metrics["minutes"]}
    card["results"] = {name: result.as_dict() for name, result in results.items()}
    path = networks.PRETRAINED / f"{_NAME}.json"
    path.write_text(json.dumps(card, indent=1) + "\n", "utf-8")


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
            sources.miniature.render(
                target, [world], [variation], numbers, seed, workers=1, progress=False
            )
    return target


def _store(source: sources.Source) -> store.FrameStore:
    target = _HERE / "Data_compressed" / preprocess.folder_name(source, None, 3)
    preprocess.to_hdf5(source, target)
    return store.open(target)


if __name__ == "__main__":
    main()
