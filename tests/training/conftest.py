import pytest

from tests.training import runs


@pytest.fixture(scope="package")
def finished(frames, tmp_path_factory):
    """A short training; read only."""
    return runs.train(frames, tmp_path_factory.mktemp("runs") / "run")
