"""The project's networks and three that a user might take instead, on the same data, for the same time.

    .venv/bin/python -m pip install -r Code/benchmarks/requirements.txt
    .venv/bin/python Code/benchmarks/peers.py --camvid FOLDER

CamVid, train to val, at 240 x 320, from random weights, the recipe `quick` with as many epochs as fit,
validated after the last one; one seed. Those that take few steps in that time do not average their
weights, because the average would be mostly of the training's start.
results/peers/ keeps the figures; speed.json those of labelling random pictures of 125 x 414, one at a
time, measured in turns.
"""

import argparse
import functools
from dataclasses import replace
from pathlib import Path

import numpy as np

from roadseg import networks
from roadseg.data import splits
from roadseg.training.recipes import RECIPES
from studies import data_sets, peer_networks, trials
from studies.trials import Trial

STUDY = "peers"
SPEED = trials.RESULTS / STUDY / "speed.json"
MINUTES = 6.0
SLOW = ("unet_mobilenetv2", "linknet_mobilenetv2")


def all_networks() -> list[Trial]:
    recipe = replace(RECIPES["quick"], validate_every=1000)
    recipes = dict.fromkeys([*networks.NETWORKS, *peer_networks.PEERS], recipe)
    for name in SLOW:
        recipes[name] = replace(recipe, ema_momentum=None)
    return [Trial(name, name, each) for name, each in recipes.items()]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--camvid", type=Path, required=True, help="folder of CamVid")
    options = parser.parse_args()
    chosen = all_networks()
    networks.NETWORKS.update(peer_networks.PEERS)
    frames = data_sets.camvid(options.camvid, 1.5)
    split = splits.by_sequence(frames, ["val"])
    measure_speed(chosen)
    trials.run(trials.fitted(chosen, frames, split, MINUTES, STUDY), frames, split, STUDY)
    print(table())


def measure_speed(chosen: list[Trial]) -> None:
    """Of labelling random pictures, one at a time."""
    picture = np.random.default_rng(0).integers(0, 256, (1, 125, 414, 3), np.uint8)
    built = {trial.name: trial.build_for(picture.shape[1:], 14) for trial in chosen}
    calls = {name: functools.partial(each.predict_on_batch, picture) for name, each in built.items()}
    trials.kept_milliseconds(SPEED, built, calls, rounds=20)


def stored() -> list[dict]:
    """What it has left; raises DataError where something is missing."""
    return trials.load(all_networks(), STUDY)


def table() -> str:
    """Of what it has left."""
    speeds = trials.load_kept_milliseconds(SPEED)
    frames_per_second = ", ".join(f"{name} {1000 / each:.0f}" for name, each in speeds.items())
    scores = trials.table(stored(), trials.load_milliseconds(STUDY))
    return f"{scores}\nframes/s at 125 x 414: {frames_per_second}"


if __name__ == "__main__":
    main()
