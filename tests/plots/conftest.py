import matplotlib.pyplot as plt
import pytest

from roadseg import evaluation, networks


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def network(frames):
    return networks.build("simple", frames.image_shape, frames.num_classes)


@pytest.fixture(scope="session")
def result(network, frames):
    return evaluation.evaluate(network, frames)
