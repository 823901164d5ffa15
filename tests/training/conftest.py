import pytest

from tests.training import runs


@pytest.fixture(scope="package")
def finished(frames, tmp_path_factory):
    """A short training; read only."""
    return runs.train(frames, tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture
def eager():
    """For trainings of a tiny network."""
    with runs.eagerly():
        yield


@pytest.fixture(scope="package")
def tiny_finished(frames, tmp_path_factory):
    """A finished training of a tiny network; read only."""
    with runs.eagerly():
        return runs.train_tiny(frames, tmp_path_factory.mktemp("runs") / "finished")


@pytest.fixture(scope="package")
def tiny_unfinished(frames, tmp_path_factory):
    """The folder of the same training, interrupted in its third epoch; read only."""
    folder = tmp_path_factory.mktemp("runs") / "unfinished"
    with runs.eagerly(), pytest.raises(KeyboardInterrupt):
        runs.train_tiny(frames, folder, callbacks=[runs.StopAfter(5)])
    return folder
