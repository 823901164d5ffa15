import keras
import numpy as np

from roadseg.networks import blocks


def test_the_input_is_scaled_to_minus_one_to_one():
    network = keras.Model(*blocks.normalised_input((1, 3, 3)))
    pixels = np.repeat(np.array([0, 128, 255], np.uint8)[:, None], 3, axis=1)[None, None]
    assert network.predict_on_batch(pixels)[0, 0, :, 0].tolist() == [-1, 0, 255 / 128 - 1]


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
