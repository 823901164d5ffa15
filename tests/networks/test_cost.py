import keras

from roadseg.networks.cost import multiply_adds


def test_multiply_adds_by_hand():
    image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, 2, padding="same")(image)  # 9 * 3 * 4 at 4 x 4 places
    x = keras.layers.SeparableConv2D(5, 3, padding="same")(x)  # 9 * 4 and 4 * 5 at 4 x 4
    x = keras.layers.Conv2DTranspose(2, 3, 2, padding="same")(x)  # 9 * 5 * 2 for each of 4 x 4
    inner = keras.Model(image, keras.layers.DepthwiseConv2D(3, padding="same")(x))  # 9 * 2 at 8 x 8
    network = keras.Sequential([keras.Input((8, 8, 3)), inner])
    assert multiply_adds(network) == 16 * (108 + 36 + 20 + 90) + 64 * 18
