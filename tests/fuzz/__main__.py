"""Fuzzes the rooms with as many inputs as asked for; exits with 1 when there is a fault."""

import argparse
import os
import sys

from tests.fuzz import ROOMS, fuzzers, runner


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("rooms", nargs="*", default=ROOMS, help=f"default: {', '.join(ROOMS)}")
    parser.add_argument("--inputs", type=int, default=15_000, help="of all rooms together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args()
    counts = {room: len(fuzzers(room)) for room in options.rooms}
    faults = 0
    for room, count in counts.items():  # in processes of their own: they differ in the memory they need
        share = round(options.inputs * count / sum(counts.values()))
        report = runner.run(runner.inputs(room, share, options.seed), options.processes)
        print(report, flush=True)
        faults += len(report.faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
