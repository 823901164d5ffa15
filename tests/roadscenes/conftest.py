from pathlib import Path

import pytest

import roadscenes
from tests.roadscenes.small_scenes import VARIATIONS


@pytest.fixture(scope="session")
def rendered(tmp_path_factory) -> Path:
    """A frame of world 0001, and two of 0018 in three variations; read only."""
    folder = tmp_path_factory.mktemp("rendered") / "scenes"
    roadscenes.render(folder, frames=1, workers=1, progress=False)
    roadscenes.render(folder, ["0018"], VARIATIONS, [0, 9], workers=1, progress=False)
    return folder
