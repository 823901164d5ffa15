"""The project's networks and three that a user might take instead, on the same data, for the same time.

    .venv/bin/python -m pip install -r Code/benchmarks/requirements.txt
    .venv/bin/python Code/benchmarks/peers.py --camvid FOLDER

CamVid, train to val, at 240 x 320, from random weights, the recipe `quick` with as many epochs as fit.
results/peers/ keeps the figures; speed.json those of labelling random pictures of 125 x 414, one at a
time, measured in turns.
"""

import argparse
import functools
import json
from pathlib import Path

import numpy as np
import peer_networks
import study_frames
import trials
from trials import Trial

from roadseg import networks
from roadseg.recipes import RECIPES

STUDY = "peers"
MINUTES = 10.0


def all_networks() -> list[Trial]:
    names = [*networks.NETWORKS, *peer_networks.PEERS]
    return [Trial(name, name, RECIPES["quick"]) for name in names]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--camvid", type=Path, required=True, help="folder of CamVid")
    options = parser.parse_args()
    chosen = all_networks()
    networks.NETWORKS.update(peer_networks.PEERS)
    frames = study_frames.camvid(options.camvid, 1.5)
    split = study_frames.split(frames, ["train"], ["val"])
    path = trials.RESULTS / STUDY / "speed.json"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(frames_per_second(chosen), indent=1) + "\n", "utf-8")
    print(path.read_text("utf-8"))
    chosen = trials.fitted(chosen, frames, split, MINUTES, STUDY)
    print(trials.table(trials.run(chosen, frames, split, STUDY)))


def frames_per_second(chosen: list[Trial]) -> dict[str, float]:
    """One picture at a time."""
    picture = np.random.default_rng(0).integers(0, 256, (1, 125, 414, 3), np.uint8)
    built = {trial.name: networks.build(trial.network, picture.shape[1:], 14) for trial in chosen}
    calls = {name: functools.partial(each.predict_on_batch, picture) for name, each in built.items()}
    return {name: 1000 / each for name, each in trials.median_in_turns(calls, rounds=20).items()}


if __name__ == "__main__":
    main()
