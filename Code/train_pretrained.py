"""Trains the weights that ship with the project: on rendered scenes only, all worlds and variations.

    .venv/bin/python Code/train_pretrained.py [--real FOLDER ...]

Renders and preprocesses about 700 frames, trains, evaluates on the raw data sets in --real (which need
the same classes; nothing is learned from them), and writes weights and figures to
roadseg/networks/pretrained/. Every step continues where an interrupted call was.
"""

import argparse
import json
from pathlib import Path

from roadseg import evaluation, networks, preprocess, sources, splits, store, training
from roadseg.sources.miniature.layouts import LAYOUTS
from roadseg.sources.miniature.light import VARIATIONS

_HERE = Path(__file__).resolve().parent
_NAME, _EVERY = "simple", 30  # of a drive's frames, one in _EVERY is rendered in each variation


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--real", type=Path, nargs="*", default=[], help="raw data sets to evaluate on")
    options = parser.parse_args()

    frames = _store(sources.open(_render(_HERE / "Data" / "pretraining")))
    split = splits.block(frames, validation=0.1, gap=0)
    network = networks.build(_NAME, frames.image_shape, frames.num_classes)
    recipe = training.get_recipe("transfer")
    run = training.train(network, frames, split, recipe, _HERE / "Runs" / f"pretrained-{_NAME}")
    results = {"rendered, end of each drive": run.result}
    for folder in options.real:
        results[folder.name] = evaluation.evaluate(network, _store(sources.open(folder)))
    for name, result in results.items():
        print(f"\n{name}\n{result}")
    networks.save_pretrained(_NAME, network)
    card = {name: result.as_dict() for name, result in results.items()}
    path = networks.PRETRAINED / f"{_NAME}.json"
    path.write_text(
        json.dumps({"frames": len(split.train), "minutes": run.metrics["minutes"], **card}, indent=1)
    )


def _render(target: Path) -> Path:
    """Other frames of the drives in each variation."""
    for world, layout in LAYOUTS.items():
        for number, variation in enumerate(VARIATIONS):
            first = number * _EVERY // len(VARIATIONS)
            sources.miniature.render(target, [world], [variation], range(first, layout.frames, _EVERY))
    return target


def _store(source: sources.Source) -> store.FrameStore:
    target = _HERE / "Data_compressed" / preprocess.folder_name(source, None, 3)
    preprocess.to_hdf5(source, target)
    return store.open(target)


if __name__ == "__main__":
    main()
