"""Frames a second that the project's networks and their peers label, one image at a time.

    .venv/bin/python -m pip install -e ".[peers]"
    .venv/bin/python Code/benchmarks/inference_speed.py [--size 125 414] [--output FILE]

The networks of studies/peers.py, with 14 classes, on a random image, in turns.
"""

import functools

import numpy as np

from benchmarks import harness
from studies.peers import STUDY
from studies.runner import Trial

CLASSES, ROUNDS = 14, 20


def main() -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("--size", type=int, nargs=2, default=(125, 414), metavar=("H", "W"))
    options = parser.parse_args()
    milliseconds = measure(STUDY.trials, tuple(options.size))
    for name, each in milliseconds.items():
        print(f"{name:24s}{1000 / each:6.0f} frames/s")
    harness.report({"size": options.size, "milliseconds": milliseconds}, options.output)


def measure(trials: tuple[Trial, ...], size: tuple[int, int]) -> dict[str, float]:
    """Milliseconds that the network of each trial takes for one image."""
    image = np.random.default_rng(0).integers(0, 256, (1, *size, 3), np.uint8)
    calls = {
        trial.name: functools.partial(trial.build((*size, 3), CLASSES).predict_on_batch, image)
        for trial in trials
    }
    return harness.median_ms_in_turns(calls, ROUNDS)


if __name__ == "__main__":
    main()
