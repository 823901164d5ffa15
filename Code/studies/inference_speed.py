"""Frames/s at which the project's networks and their peers label single images.

    .venv/bin/python -m pip install -e ".[peers]"
    .venv/bin/python Code/studies/inference_speed.py [--size 125 414] [--output FILE]

It times the networks of the study `peers`, with 14 classes, on a random image, in turns.
"""

import functools
import json
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import harness
from studies.peers import PEERS
from studies.runner import Trial

CLASSES, ROUNDS = 14, 20
RESULTS = Path(__file__).with_name("results") / "inference_speed.json"


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("--size", type=int, nargs=2, default=(125, 414), metavar=("H", "W"))
    options = parser.parse_args()
    measured = {"size": options.size, "milliseconds": measure(PEERS.trials, tuple(options.size))}
    print(frames_per_second(measured).to_string())
    harness.report(measured, options.output)


def measure(trials: tuple[Trial, ...], size: tuple[int, int]) -> dict[str, float]:
    """Milliseconds that the network of each trial takes for one image."""
    image = np.random.default_rng(0).integers(0, 256, (1, *size, 3), np.uint8)
    calls = {
        trial.name: functools.partial(trial.build((*size, 3), CLASSES).predict_on_batch, image)
        for trial in trials
    }
    return harness.median_ms_in_turns(calls, ROUNDS)


def frames_per_second(measured: dict[str, object] | None = None) -> pd.Series:
    """Frames/s of each network; measured: None for the measurement in results/."""
    measured = measured or json.loads(RESULTS.read_text("utf-8"))
    milliseconds = pd.Series(measured["milliseconds"])
    return (1000 / milliseconds).round().astype(int).rename("frames/s")


if __name__ == "__main__":
    main()
