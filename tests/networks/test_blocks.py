import keras
import numpy as np
import pytest

from roadseg.networks import blocks


def layers_of(network):
    return [layer.name for layer in network.layers]


def test_the_input_is_scaled_to_minus_one_to_one():
    network = keras.Model(*blocks.normalised_input((1, 3, 3)))
    pixels = np.repeat(np.array([0, 128, 255], np.uint8)[:, None], 3, axis=1)[None, None]
    assert network.predict_on_batch(pixels)[0, 0, :, 0].tolist() == [-1, 0, 255 / 128 - 1]


@pytest.mark.parametrize("separable", [False, True])
def test_a_normalised_convolution_has_no_bias_and_a_relu_of_its_own(separable):
    x = keras.Input((8, 10, 4))
    plain, normalised = (
        keras.Model(x, blocks.convolution(x, 6, "a", separable=separable, batch_normalisation=wanted))
        for wanted in (False, True)
    )
    assert layers_of(plain)[1:] == ["a"]
    assert plain.layers[1].activation is keras.activations.relu
    assert layers_of(normalised)[1:] == ["a", "a_norm", "a_relu"]
    assert not normalised.layers[1].use_bias


def test_upsampling_matches_the_size_by_padding_or_cropping_at_the_end():
    ones = np.ones((1, 4, 5, 1), np.float32)
    for size in ((7, 9), (8, 10), (9, 11), (9, 9)):
        for unknown in (False, True):
            x = keras.Input((None, None, 1) if unknown else (4, 5, 1))
            like = keras.Input((None, None, 2) if unknown else (*size, 2))
            network = keras.Model([x, like], blocks.upsample(x, like, 2, "nearest", "a"))
            y = network([ones, np.zeros((1, *size, 2), np.float32)])
            expected = np.zeros((1, *size, 1))
            expected[:, :8, :10] = 1
            np.testing.assert_array_equal(y, expected)


def test_global_context_carries_one_pixel_to_every_other():
    x = keras.Input((6, 6, 3))
    network = keras.Model(x, blocks.global_context(x, "a"))
    network.layers[2].set_weights([np.ones((1, 1, 3, 3), np.float32), np.zeros(3, np.float32)])
    image = np.zeros((1, 6, 6, 3), np.float32)
    image[0, 0, 0] = 12
    assert network.predict_on_batch(image)[0, 5, 5] == pytest.approx(1)
