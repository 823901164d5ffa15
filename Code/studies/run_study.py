"""Runs a study, or lists all of them.

    .venv/bin/python Code/studies/run_study.py [NAME] [--camvid FOLDER]

A study makes each training once and continues an interrupted one. results/NAME.jsonl keeps a line for
each training, results/NAME.csv the scores.
"""

import argparse
import sys
from pathlib import Path

from roadseg.errors import DataError
from studies import best, edgesegnet, ideas, peers, recipes
from studies.runner import Study, load_step_milliseconds, table
from studies.runner.running import run

# In the order in which they are listed. One more, gpu_camvid, is told by its stored trainings alone.
STUDIES: dict[str, Study] = {
    study.name: study
    for study in (
        recipes.NOTEBOOK, recipes.SIMPLE, edgesegnet.CAUSES, edgesegnet.EQUAL_TIME,
        edgesegnet.EQUAL_TIME_RENDERED, ideas.ONE_BY_ONE, ideas.EQUAL_TIME, ideas.ON_RENDERED,
        recipes.SEARCH, recipes.NEW_ROADS, best.RACE, best.BEST, best.ON_NEW_ROAD, best.RENDERED,
        edgesegnet.NEW_ROADS, peers.PEERS, best.STREETS,
    )
}  # fmt: skip


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
