"""Kills the jobs as often as asked for, half of it trainings; exits with 1 when there is a fault."""

import argparse
import sys

from tests.kills.jobs import JOBS
from tests.kills.killer import kill_often


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="of all jobs together")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    others = [name for name in JOBS if name != "training"]
    counts = {"training": options.kills - len(others) * (options.kills // (2 * len(others)))}
    counts |= dict.fromkeys(others, options.kills // (2 * len(others)))
    faults = 0
    for name, kills in counts.items():
        report = kill_often(name, kills, options.seed)
        print(report, flush=True)
        faults += len(report.faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
