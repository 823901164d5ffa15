import keras
import pytest

from roadseg import networks


def digest(layers, name="network"):
    image = x = keras.Input((8, 8, 3))
    for layer in layers:
        x = layer(x)
    return networks.architecture_digest(keras.Model(image, x, name=name))


@pytest.mark.parametrize("name", sorted(networks.NETWORKS))
def test_the_digest_is_the_same_in_any_precision(name):
    digests = {
        networks.architecture_digest(networks.build(name, (33, 50, 3), 5, policy=policy))
        for policy in ("float32", "mixed_bfloat16")
    }
    assert len(digests) == 1


def test_the_digest_knows_layers_but_not_their_names():
    named, renamed = (digest([keras.layers.Conv2D(4, 3, name=name)], name) for name in ("one", "other"))
    assert named == renamed
    assert named != digest([keras.layers.Conv2D(4, 3, strides=2, name="one")])
    assert named != digest([keras.layers.Conv2D(4, 3), keras.layers.ReLU()])


def test_the_digest_knows_connections():
    def build(swapped):
        image = keras.Input((8, 8, 3))
        first, second = (keras.layers.Conv2D(3, 3, padding="same", name=name)(image) for name in "ab")
        branches = [second, first] if swapped else [image, first]
        return keras.Model(image, keras.layers.Concatenate()([*branches, second]))

    assert len({networks.architecture_digest(build(swapped)) for swapped in (False, True)}) == 2


def test_without_its_optimizer_a_network_keeps_its_weights():
    network = networks.build("simple", (16, 16, 3), 3)
    network.compile("adam")
    bare = networks.without_optimizer(network)
    assert getattr(bare, "optimizer", None) is None
    assert bare.name == "simple"
    assert all(mine is its for mine, its in zip(network.weights, bare.weights, strict=True))


@pytest.mark.parametrize("name", sorted(networks.NETWORKS))
def test_a_saved_network_has_the_digest_of_the_one_that_was_built(name, tmp_path):
    network = networks.build(name, (32, 48, 3), 3, policy="float32")
    networks.without_optimizer(network).save(tmp_path / "best.keras")
    loaded = networks.load(tmp_path / "best.keras")
    assert networks.architecture_digest(loaded) == networks.architecture_digest(network)


def test_a_sequential_network_has_a_digest():
    layers = [keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3)]
    wider = [keras.Input((8, 8, 3)), keras.layers.Conv2D(5, 3)]
    digests = {networks.architecture_digest(keras.Sequential(each)) for each in (layers, wider)}
    assert len(digests) == 2
