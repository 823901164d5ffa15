"""What is fitted instead of a network, and that its training is resumed exactly."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from roadseg import networks
from roadseg.data.augmentation import Augmentation
from roadseg.data.classes import IGNORE
from roadseg.networks.blocks import convolution, normalised_input, upsample
from roadseg.networks.sizes import resizable
from roadseg.training.fitted import at_random_place, fitted_network, label_stride
from tests.training.runs import TINY, StopAfter, eagerly, everything_but_times, tiny_for, train

DECODER = replace(TINY, upsampled_loss=False)
CROPS = replace(
    DECODER,
    augmentation=Augmentation(crop=(32, 40), transfer=0.5, paste=0.5, grey=0.2),
    norm_momentum=0.9,
)


@resizable
def halved(image_shape, num_classes: int) -> keras.Model:
    """Two convolutions at half the size, then upsampling."""
    image, x = normalised_input(image_shape)
    x = convolution(x, 4, "body", strides=2, batch_normalisation=True)
    x = keras.layers.Conv2D(num_classes, 1, name="head_logits")(x)
    return keras.Model(image, upsample(x, image, "bilinear", "head"), name="halved")


def small(frames, seed: int = 0) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return halved(frames.image_shape, frames.num_classes)


def test_the_plain_recipe_fits_the_network_itself(frames):
    network = small(frames)
    assert fitted_network(network, TINY) is network


def test_without_upsampling_it_shares_the_weights_and_gives_the_decoders_logits(frames):
    network = small(frames)
    fitted = fitted_network(network, DECODER)
    height, width, _ = frames.image_shape
    assert fitted.output_shape == (None, -(-height // 2), -(-width // 2), frames.num_classes)
    assert {id(v) for v in fitted.trainable_variables} == {id(v) for v in network.trainable_variables}
    assert label_stride(network) == 2


def test_crops_have_weights_of_their_own_that_can_be_copied_back(frames):
    network = small(frames)
    fitted = fitted_network(network, CROPS)
    assert fitted.input_shape == (None, 32, 40, 3)
    before = network.get_weights()
    for variable in fitted.trainable_variables:
        variable.assign(variable + 1)
    assert all(np.array_equal(*pair) for pair in zip(before, network.get_weights(), strict=True))
    networks.copy_weights(fitted, network)
    changed = {v.path: v.numpy() for v in fitted.trainable_variables}
    for variable in network.trainable_variables:
        np.testing.assert_array_equal(variable.numpy(), changed[variable.path])


def test_another_momentum_of_normalisation_is_not_saved(frames):
    network = small(frames)
    digest = networks.architecture_digest(network)
    fitted = fitted_network(network, replace(TINY, norm_momentum=0.5))
    assert fitted.output_shape == network.output_shape
    images, _ = frames.read([0])
    np.testing.assert_array_equal(fitted(images), network(images))
    (layer,) = (each for each in fitted.layers if isinstance(each, keras.layers.BatchNormalization))
    before = layer.moving_mean.numpy()
    (body,) = keras.Model(fitted.inputs, layer.input)(images, training=True)
    mean = keras.ops.mean(body, axis=(0, 1))
    fitted(images, training=True)
    np.testing.assert_allclose(layer.moving_mean, (before + mean) / 2, rtol=1e-3, atol=1e-4)
    assert networks.architecture_digest(network) == digest


def test_a_network_without_normalisation_is_fitted_itself(frames):
    network = tiny_for(frames)
    assert fitted_network(network, replace(TINY, norm_momentum=0.5)) is network


def test_a_network_that_ends_at_full_size_is_fitted_as_it_is(frames):
    network = networks.build("simple", frames.image_shape, frames.num_classes)
    assert label_stride(network) == label_stride(tiny_for(frames)) == 1
    assert fitted_network(network, DECODER) is network
    assert label_stride(networks.build("simple_plus", frames.image_shape, 5)) == 4
    assert label_stride(networks.build("edgesegnet", frames.image_shape, 5)) == 4


def test_crops_need_a_network_that_can_be_built_again(frames):
    with pytest.raises(ValueError, match="tiny: cannot be built for another size"):
        fitted_network(tiny_for(frames), CROPS)


@pytest.mark.parametrize("recipe", [DECODER, CROPS], ids=["decoder", "crops"])
def test_an_interrupted_training_gives_the_same_result(frames, tmp_path, recipe):
    with eagerly():
        whole = train(frames, tmp_path / "whole", recipe, small(frames))
        with pytest.raises(KeyboardInterrupt):
            train(frames, tmp_path / "again", recipe, small(frames), callbacks=[StopAfter(3)])
        again = train(frames, tmp_path / "again", recipe, small(frames))
    assert everything_but_times(whole) == everything_but_times(again)


def test_the_network_gets_the_trained_weights(frames, tmp_path):
    network = small(frames)
    before = network.get_weights()
    with eagerly():
        run = train(frames, tmp_path, CROPS, network)
    assert any(not np.array_equal(*pair) for pair in zip(before, network.get_weights(), strict=True))
    for pair in zip(run.load_best().get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(*pair)


def test_places_beyond_the_edge_are_ignored():
    labels = np.arange(1, 16, dtype=np.uint8).reshape(1, 3, 5)
    results = [at_random_place(labels, 2, np.random.default_rng(seed)) for seed in range(20)]
    assert {result.shape for result in results} == {(1, 2, 3)}
    assert any((result[:, -1] == IGNORE).all() for result in results)
