"""Tiny data sets for all tests, and where the real frames are."""

import os
from pathlib import Path

import pytest

from roadseg.data import preprocess, sources, store
from tests import raw_data


def pytest_collection_modifyitems(items):
    """The longest modules come first, so that no core waits for them at the end."""
    long = "test_notebooks", "test_training", "test_jax", "test_network", "test_distributed"
    items.sort(key=lambda item: item.path.stem not in long)


@pytest.fixture(scope="session")
def raw(tmp_path_factory) -> Path:
    """Worlds 0001 and 0002, eight frames each; read only."""
    return raw_data.virtual_kitti_1(
        tmp_path_factory.mktemp("raw"), ("0001/clone", "0002/clone"), frames=8
    )


@pytest.fixture(scope="session")
def frames(raw, tmp_path_factory) -> store.FrameStore:
    """The same, preprocessed to 21 x 32 pixels; read only."""
    target = tmp_path_factory.mktemp("store")
    preprocess.to_hdf5(sources.open(raw), target, progress=False)
    return store.open(target)


@pytest.fixture
def eager():
    """For trainings of tiny networks."""
    from tests.training import runs  # which imports TensorFlow

    with runs.eagerly():
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real frames that ROADSEG_REAL_DATA names."""
    folder = os.environ.get("ROADSEG_REAL_DATA")
    if not folder:
        pytest.skip("ROADSEG_REAL_DATA does not name a folder of real frames")
    return Path(folder)
