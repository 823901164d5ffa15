"""One tester for all networks, by name."""

import os
import subprocess
import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from roadseg import networks
from roadseg.networks.blocks import convolution, normalised_input
from roadseg.training.losses import CrossEntropy
from tests.networks.noise import noise

ALL = sorted(networks.NETWORKS)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("size", [(16, 16), (17, 35), (125, 414), (33, 16), (31, 47)])
@pytest.mark.parametrize("num_classes", [2, 14])
def test_bytes_in_logits_of_the_same_size_out(name, size, num_classes):
    network = networks.build(name, (*size, 3), num_classes)
    logits = network.predict_on_batch(noise((*size, 3), count=1))
    assert logits.shape == (1, *size, num_classes)
    assert logits.dtype == np.float32
    assert np.isfinite(logits).all()
    assert logits.min() < 0  # no softmax inside


@pytest.mark.parametrize("name", ALL)
def test_every_weight_is_trained(name):
    network = networks.build(name, (32, 48, 3), 5)
    labels = np.random.default_rng(0).integers(0, 5, (2, 32, 48))
    before = network.get_weights()
    network.compile(keras.optimizers.SGD(0.1), CrossEntropy())
    network.train_on_batch(noise((32, 48, 3)), labels)
    moved = [not np.array_equal(a, b) for a, b in zip(before, network.get_weights(), strict=True)]
    names = [variable.path for variable in network.weights]
    assert all(moved), [name for name, each in zip(names, moved, strict=True) if not each]


@pytest.mark.parametrize("name", ALL)
def test_the_first_loss_is_that_of_a_network_that_knows_nothing(name):
    network = networks.build(name, (48, 64, 3), 14)
    labels = np.random.default_rng(0).integers(0, 14, (2, 48, 64))
    loss = float(CrossEntropy()(labels, network.predict_on_batch(noise((48, 64, 3)))))
    assert loss == pytest.approx(np.log(14), rel=0.15)


@pytest.mark.parametrize("name", ALL)
def test_one_batch_can_be_memorised(name, frames):
    images, labels = frames.read([0, 9])
    network = networks.build(name, frames.image_shape, frames.num_classes)
    network.compile(keras.optimizers.Adam(5e-3), CrossEntropy())
    losses = [network.train_on_batch(images, labels) for _ in range(150)]
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize("name", ALL)
def test_saved_and_loaded_it_gives_the_same_logits(name, tmp_path):
    network = networks.build(name, (20, 30, 3), 4)
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras", safe_mode=True)
    batch = noise((20, 30, 3))
    assert np.array_equal(network.predict_on_batch(batch), loaded.predict_on_batch(batch))


@pytest.mark.parametrize("name", ALL)
def test_the_seed_decides_the_weights(name):
    first, same, other = (networks.build(name, (16, 16, 3), 3, seed=seed) for seed in (1, 1, 2))
    batch = noise((16, 16, 3))
    assert np.array_equal(first.predict_on_batch(batch), same.predict_on_batch(batch))
    assert not np.array_equal(first.predict_on_batch(batch), other.predict_on_batch(batch))


@pytest.mark.parametrize("name", ALL)
def test_the_logits_stay_float32_in_mixed_precision(name):
    network = networks.build(name, (16, 16, 3), 3, policy="mixed_bfloat16")
    assert network.predict_on_batch(noise((16, 16, 3))).dtype == np.float32
    assert {str(layer.compute_dtype) for layer in network.layers} == {"bfloat16", "float32"}
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize(
    ("name", "options"),
    [("simple", {}), ("simple_plus", {}), ("edgesegnet", {}), ("edgesegnet", {"upsampling": "learned"})],
)
def test_weights_are_never_kept_in_bfloat16(name, options):
    network = networks.build(name, (32, 48, 3), 4, policy="mixed_bfloat16", **options)
    assert {str(variable.dtype) for variable in network.trainable_variables} == {"float32"}


@pytest.mark.parametrize("name", ALL)
def test_jax_gives_the_same_logits(name, tmp_path):
    network = networks.build(name, (33, 50, 3), 5, policy="float32")
    network.save(tmp_path / "network.keras")
    batch = noise((33, 50, 3))
    np.save(tmp_path / "batch.npy", batch)
    program = (
        "import keras, numpy, roadseg.networks\n"
        "assert keras.backend.backend() == 'jax'\n"
        "network = keras.saving.load_model('network.keras')\n"
        "numpy.save('logits.npy', network.predict_on_batch(numpy.load('batch.npy')))\n"
    )
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path, env=environment)
    assert np.load(tmp_path / "logits.npy") == pytest.approx(network.predict_on_batch(batch), abs=1e-4)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("shape", [(8, 64, 3), (64, 8, 3), (64, 64, 1)])
def test_too_small_or_colourless_images_are_refused(name, shape):
    with pytest.raises(ValueError, match=f"{name} needs"):
        networks.build(name, shape, 14)


def test_an_unknown_name_is_answered_with_those_that_exist():
    with pytest.raises(ValueError, match=r"unknown network 'unet': one of .*simple"):
        networks.build("unet", (64, 64, 3), 14)


def test_a_single_class_is_refused():
    with pytest.raises(ValueError, match="num_classes=1: at least 2"):
        networks.build("simple", (64, 64, 3), 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_images_that_are_not_bytes_are_refused_and_not_cast(dtype):
    network = networks.build("simple", (16, 24, 3), 4)
    images = (noise((16, 24, 3)) / 255).astype(dtype)
    for use in (network, network.predict_on_batch, networks.without_optimizer(network)):
        with pytest.raises(ValueError, match="expected dtype=uint8"):
            use(images)
    network.compile("sgd", CrossEntropy())
    with pytest.raises(ValueError, match="expected dtype=uint8"):
        network.fit(images, np.zeros(images.shape[:3]), verbose=0)


@pytest.mark.parametrize("name", ALL)
def test_channels_come_last_whatever_keras_is_set_to(name):
    expected = networks.build(name, (20, 30, 3), 4, policy="float32")
    batch = noise((20, 30, 3))
    keras.config.set_image_data_format("channels_first")
    try:
        network = networks.build(name, (20, 30, 3), 4, policy="float32")
        assert np.array_equal(network.predict_on_batch(batch), expected.predict_on_batch(batch))
        assert keras.config.image_data_format() == "channels_first"
    finally:
        keras.config.set_image_data_format("channels_last")
    assert networks.architecture_digest(network) == networks.architecture_digest(expected)


def test_more_classes_than_a_label_image_can_hold_are_refused():
    with pytest.raises(ValueError, match="num_classes=256: at least 2 are needed, and at most 255"):
        networks.build("simple", (64, 64, 3), 256)


OPTIONS = {"simple": {"width": 0.5}, "simple_plus": {"output_stride": 2}}


@pytest.mark.parametrize("name", ALL)
def test_a_network_from_a_file_is_rebuilt_at_another_size(name, tmp_path):
    options = OPTIONS.get(name, {})
    network = networks.build(name, (32, 48, 3), 5, **options)
    network.save(tmp_path / "network.keras")
    rebuilt = networks.rebuild(networks.load(tmp_path / "network.keras"), options)
    for size in ((32, 48), (33, 40)):
        batch = noise((*size, 3))
        same, other = (networks.at_size(each, *size) for each in (network, rebuilt))
        assert np.array_equal(same.predict_on_batch(batch), other.predict_on_batch(batch))
    assert networks.build_options(rebuilt) == options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give another architecture"),
        ({"width": 0.25}, "give another architecture"),
        ({"widht": 0.5}, "unexpected keyword argument 'widht'"),
        ({"width": "half"}, "simple: "),
    ],
)
def test_it_is_not_rebuilt_with_other_options(options, message):
    network = networks.build("simple", (32, 48, 3), 5, width=0.5)
    with pytest.raises(ValueError, match=message):
        networks.rebuild(network, options)


def test_a_network_of_an_unknown_name_is_not_rebuilt():
    image = keras.Input((32, 48, 3))
    with pytest.raises(ValueError, match="unknown network 'mine'"):
        networks.rebuild(keras.Model(image, keras.layers.Conv2D(5, 1)(image), name="mine"), {})


def test_frozen_layers_stay_frozen_at_another_size(tmp_path):
    network = networks.build("simple_plus", (32, 48, 3), 5, policy="mixed_bfloat16")
    for layer in network.layers:
        layer.trainable = layer.name.startswith("head")
    network.save(tmp_path / "network.keras")
    rebuilt = networks.rebuild(networks.load(tmp_path / "network.keras"), {})
    for other in (rebuilt, networks.at_size(network, 33, 40), networks.at_size(rebuilt, 33, 40)):
        assert len(other.trainable_weights) == len(network.trainable_weights) == 2
        assert other.get_layer("head_logits").input.dtype == "bfloat16"


def test_a_network_that_users_register_has_any_size(monkeypatch):
    def build(image_shape, num_classes, filters=4):
        image, x = normalised_input(image_shape)
        x = convolution(x, filters, "body")
        return keras.Model(image, keras.layers.Conv2D(num_classes, 1, name="head")(x), name="mine")

    module = SimpleNamespace(MINIMUM_SIZE=8, build=build)
    monkeypatch.setitem(networks.NETWORKS, "mine", module)
    network = networks.build("mine", (16, 24, 3), 5, filters=6)
    assert networks.at_size(network, 20, 20).count_params() == network.count_params()
    with pytest.raises(ValueError, match=r"mine needs .* at least 8"):
        networks.at_size(network, 7, 20)


def test_a_network_needs_images_of_its_minimum_size():
    network = networks.build("simple", (32, 48, 3), 5)
    with pytest.raises(ValueError, match=r"simple needs .* at least 16"):
        networks.at_size(network, 15, 48)


def test_another_size_may_have_another_precision():
    network = networks.build("simple_plus", (32, 48, 3), 5, policy="mixed_bfloat16")
    for policy, expected in ((None, "bfloat16"), ("float32", "float32")):
        other = networks.at_size(network, 40, 40, policy)
        assert other.get_layer("head_logits").input.dtype == expected


def test_weights_follow_their_layers_to_another_size():
    network = networks.build("simple", (64, 96, 3), 5, seed=3, policy="float32")
    other = networks.at_size(network, 65, 99)
    assert other.input_shape == (None, 65, 99, 3)
    weighted = [layer for layer in network.layers if layer.weights]
    assert len(weighted) > 15
    for layer in weighted:
        copied = other.get_layer(layer.name).get_weights()
        assert all((mine == its).all() for mine, its in zip(layer.get_weights(), copied, strict=True))
