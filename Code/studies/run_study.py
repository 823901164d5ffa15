"""Runs a study, or lists all of them.

    .venv/bin/python Code/studies/run_study.py [NAME] [--camvid FOLDER]

A study makes each training once and continues an interrupted one. results/NAME.jsonl keeps a line for
each training, results/NAME.csv the scores.
"""

import argparse
import sys
from pathlib import Path

from roadseg.errors import DataError
from studies.catalogue import STUDIES
from studies.runner import load_step_milliseconds, table
from studies.runner.running import run


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", nargs="?", choices=STUDIES, metavar="NAME", help="of a study")
    parser.add_argument("--camvid", type=Path, metavar="FOLDER", help="folder of CamVid")
    options = parser.parse_args(arguments)
    if options.name is None:
        for name, study in STUDIES.items():
            print(f"{name:32s}{study.description.splitlines()[0]}")
        return
    study = STUDIES[options.name]
    print(study.description, flush=True)
    try:
        results = run(study, options.camvid)
    except DataError as error:
        sys.exit(f"{study.name}: {error}")
    print(table(results, load_step_milliseconds(study)).to_string())


if __name__ == "__main__":
    main()
