from functools import cache

import pytest

from roadscenes import WORLDS
from roadscenes.worlds.world import World


@pytest.fixture(scope="package")
def furnished():
    """Name -> that world of seed 0; read only."""
    return cache(lambda name: World(WORLDS[name], seed=0))
