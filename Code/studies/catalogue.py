"""All studies by name, in the order in which `run_study.py` lists them.

One more is told by its stored trainings alone: see gpu_camvid.py.
"""

from studies import best, edgesegnet, ideas, peers, recipes
from studies.runner import Study

STUDIES: dict[str, Study] = {
    study.name: study
    for study in (
        recipes.NOTEBOOK,
        recipes.SIMPLE,
        edgesegnet.CAUSES,
        edgesegnet.EQUAL_TIME,
        edgesegnet.EQUAL_TIME_RENDERED,
        ideas.ONE_BY_ONE,
        ideas.EQUAL_TIME,
        ideas.ON_RENDERED,
        recipes.SEARCH,
        recipes.NEW_ROADS,
        best.RACE,
        best.BEST,
        best.ON_NEW_ROAD,
        best.RENDERED,
        edgesegnet.NEW_ROADS,
        peers.PEERS,
        best.STREETS,
    )
}
