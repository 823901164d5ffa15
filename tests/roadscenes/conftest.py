from pathlib import Path

import pytest

import roadscenes
from tests.roadscenes.small_scenes import RENDERED


@pytest.fixture(scope="session")
def rendered(tmp_path_factory) -> Path:
    """A few frames of two worlds in three variations; read only."""
    folder = tmp_path_factory.mktemp("rendered") / "scenes"
    roadscenes.render(folder, **RENDERED, progress=False)
    return folder
