import pytest

from tests.training import runs


@pytest.fixture(scope="package")
def finished(frames, tmp_path_factory):
    """A finished training of a tiny network; read only."""
    with runs.eagerly():
        return runs.train_tiny(frames, tmp_path_factory.mktemp("runs") / "finished")
