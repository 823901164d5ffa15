"""One tester for all networks, by name."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from roadseg import networks
from roadseg.errors import DataError
from roadseg.networks.blocks import convolution, normalised_input
from roadseg.networks.cost import multiply_adds
from roadseg.training.losses import CrossEntropy
from tests.networks.noise import noise

ALL = sorted(networks.NETWORKS)
OPTIONS = {"simple": {"width": 0.5}, "simple_plus": {"output_stride": 2}}


@pytest.mark.parametrize("name", ALL)
def test_one_network_takes_bytes_of_any_size_and_gives_logits(name):
    network = networks.build(name, (32, 48, 3), 14)
    for size in ((16, 16), (17, 35), (125, 414)):
        logits = np.asarray(network(noise((*size, 3), count=1)))
        assert logits.shape == (1, *size, 14)
        assert logits.dtype == np.float32
        assert np.isfinite(logits).all()
        assert logits.min() < 0  # no softmax inside


@pytest.mark.parametrize("name", ALL)
def test_a_network_of_one_fixed_size_gives_the_same_logits(name):
    network = networks.build(name, (33, 50, 3), 5, policy="float32", **OPTIONS.get(name, {}))
    for shape in (None, (17, 35, 3)):
        fixed = networks.fixed_size(network, shape)
        assert fixed.input_shape[1:] == (shape or (33, 50, 3))
        batch = noise(shape or (33, 50, 3))
        assert np.array_equal(fixed(batch), network(batch))
    assert networks.fixed_size(fixed) is fixed  # of unknown origin


@pytest.mark.parametrize("name", ALL)
def test_every_weight_is_trained_and_one_batch_is_memorised(name, frames, eager):
    images, labels = frames.read([0, 9])
    network = networks.build(name, frames.image_shape, frames.num_classes)
    first = float(CrossEntropy()(labels, network.predict_on_batch(images)))
    assert first == pytest.approx(np.log(frames.num_classes), rel=0.2)  # it knows nothing
    before = network.get_weights()
    network.compile(keras.optimizers.Adam(1e-2), CrossEntropy())
    losses = [network.train_on_batch(images, labels) for _ in range(8)]
    moved = [not np.array_equal(a, b) for a, b in zip(before, network.get_weights(), strict=True)]
    names = [variable.path for variable in network.weights]
    assert all(moved), [name for name, each in zip(names, moved, strict=True) if not each]
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize("name", ALL)
def test_a_file_gives_the_network_back_with_its_options(name, tmp_path):
    options = OPTIONS.get(name, {})
    network = networks.build(name, (20, 30, 3), 4, **options)
    network.save(tmp_path / "network.keras")
    batch = noise((33, 40, 3))
    for load in (keras.saving.load_model, networks.load):
        loaded = load(tmp_path / "network.keras")
        assert (loaded.architecture, loaded.options, loaded.image_shape) == (name, options, (20, 30, 3))
        assert np.array_equal(network(batch), loaded(batch))
        assert networks.architecture_digest(loaded) == networks.architecture_digest(network)


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "network.keras"
    networks.build("simple_plus", (16, 16, 3), 4).save(path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(DataError, match=r"network\.keras: not a network that Keras can load"):
        networks.load(path)


def test_the_seed_decides_the_weights():
    first, same, other = (networks.build("simple", (16, 16, 3), 3, seed=seed) for seed in (1, 1, 2))
    assert all(map(np.array_equal, first.get_weights(), same.get_weights()))
    assert not np.array_equal(first.get_weights()[0], other.get_weights()[0])


def test_in_mixed_precision_logits_and_weights_stay_float32():
    learned = {"upsampling": "learned"}
    for name, options in [*((name, {}) for name in ALL), ("edgesegnet", learned)]:
        network = networks.build(name, (16, 16, 3), 3, policy="mixed_bfloat16", **options)
        assert np.asarray(network(noise((16, 16, 3)))).dtype == np.float32
        assert {str(layer.compute_dtype) for layer in network.layers} == {"bfloat16", "float32"}
        assert {str(variable.dtype) for variable in network.trainable_variables} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"
    assert networks.fixed_size(network, policy="float32").layers[3].compute_dtype == "float32"


def test_images_that_are_not_bytes_are_refused_and_not_cast(tmp_path):
    network, images = networks.build("simple", (16, 24, 3), 4), noise((16, 24, 3)) / 255
    network.save(tmp_path / "network.keras")
    for each in (network, keras.saving.load_model(tmp_path / "network.keras")):
        for use in (each, each.predict_on_batch):
            with pytest.raises(ValueError, match="images of float64: give uint8"):
                use(images)


def test_what_cannot_be_built_is_an_error_that_says_so():
    for arguments, message in (
        (("unet", (64, 64, 3), 14), r"unknown network 'unet': one of .*simple"),
        (("simple", (8, 64, 3), 14), "simple needs .* at least 16"),
        (("edgesegnet", (64, 64, 1), 14), "edgesegnet needs"),
        (("simple", (64, 64, 3), 1), "num_classes=1: from 2 to 255"),
        (("simple", (64, 64, 3), 256), "num_classes=256"),
    ):
        with pytest.raises(ValueError, match=message):
            networks.build(*arguments)


def test_a_network_that_users_register_has_any_size(monkeypatch):
    def build(image_shape, num_classes, filters=4):
        image, x = normalised_input(image_shape)
        x = convolution(x, filters, "body")
        return keras.Model(image, keras.layers.Conv2D(num_classes, 1, name="head")(x), name="mine")

    monkeypatch.setitem(networks.NETWORKS, "mine", SimpleNamespace(MINIMUM_SIZE=8, build=build))
    network = networks.build("mine", (16, 24, 3), 5, filters=6)
    assert network(noise((9, 13, 3))).shape == (2, 9, 13, 5)
    with pytest.raises(ValueError, match=r"mine needs .* at least 8"):
        networks.build("mine", (7, 20, 3), 5)


def test_the_digest_knows_options_layers_and_connections_but_no_names():
    def digest(*layers, name="network"):
        image = x = keras.Input((8, 8, 3))
        for layer in layers:
            x = layer(x)
        return networks.architecture_digest(keras.Model(image, x, name=name))

    def built(**options):
        return networks.architecture_digest(networks.build("simple_plus", (33, 50, 3), 5, **options))

    conv = keras.layers.Conv2D
    assert digest(conv(4, 3, name="one")) == digest(conv(4, 3, name="other"), name="another")
    assert len({digest(conv(4, 3)), digest(conv(4, 3, 2)), digest(conv(4, 3), keras.layers.ReLU())}) == 3
    image = keras.Input((8, 8, 3))
    one, other = (conv(3, 3, padding="same")(image) for _ in range(2))
    pairs = [keras.Model(image, keras.layers.Concatenate()([one, each])) for each in (one, other)]
    assert len(set(map(networks.architecture_digest, pairs))) == 2
    assert built(policy="float32") == built(policy="mixed_bfloat16") != built(output_stride=2)


def test_multiply_adds_by_hand():
    image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, 2, padding="same")(image)  # 9 * 3 * 4 at 4 x 4 places
    x = keras.layers.SeparableConv2D(5, 3, padding="same")(x)  # 9 * 4 and 4 * 5 at 4 x 4
    x = keras.layers.Conv2DTranspose(2, 3, 2, padding="same")(x)  # 9 * 5 * 2 for each of 4 x 4
    inner = keras.Model(image, keras.layers.DepthwiseConv2D(3, padding="same")(x))  # 9 * 2 at 8 x 8
    network = keras.Sequential([keras.Input((8, 8, 3)), inner])
    assert multiply_adds(network) == 16 * (108 + 36 + 20 + 90) + 64 * 18
