"""Blocks that networks are made of: tensor in, tensor out, layers named by their stage."""

import keras


def convolution(x, filters: int, name: str, kernel_size: int = 3):
    """Convolution 'same' + ReLU."""
    return keras.layers.Conv2D(filters, kernel_size, padding="same", activation="relu", name=name)(x)


def enlarge_to(x, filters: int, height: int, width: int, name: str):
    """Transposed convolution 3x3, stride 2, + ReLU, zero-padded at the bottom and right to the size."""
    x = keras.layers.Conv2DTranspose(
        filters, 3, strides=2, padding="same", activation="relu", name=f"{name}_transposed"
    )(x)
    missing = (height - x.shape[1], width - x.shape[2])
    if any(missing):
        padding = tuple((0, count) for count in missing)
        x = keras.layers.ZeroPadding2D(padding, name=f"{name}_pad")(x)
    return x
