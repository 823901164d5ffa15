"""How well the simple networks label rendered streets of a kind that they have learned, but not seen.

    .venv/bin/python Code/benchmarks/held_out_world.py

They learn from one kind of world (0001, the residential street) as eight seeds furnish it, and are
measured on the streets of two other seeds after the last epoch of the recipe `best` (160 epochs).
results/held_out_world/ keeps the figures.
"""

import argparse
from dataclasses import replace

from roadseg.training.recipes import RECIPES
from studies import data_sets, trials
from studies.trials import Trial

WORLD = "0001"
LEARNED, HELD_OUT = range(8), range(8, 10)  # seeds
TRIALS = [
    Trial(network, network, replace(RECIPES["best"], validate_every=1000))
    for network in ("simple_plus", "simple")
]


def main() -> None:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    frames = data_sets.of_one_kind(WORLD, [*LEARNED, *HELD_OUT])
    learned, held_out = ([f"seed-{seed}" for seed in seeds] for seeds in (LEARNED, HELD_OUT))
    split = data_sets.split(frames, learned, held_out)
    print(trials.table(trials.run(TRIALS, frames, split, "held_out_world")))


if __name__ == "__main__":
    main()
