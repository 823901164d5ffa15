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


def resized_to(x, like, enlargement: str, name: str):
    """Enlarged by whole factors and cropped at the bottom and right to the size of another tensor.

    enlargement: "nearest", "bilinear" or "learned", a transposed convolution. Raises ValueError.
    """
    height, width = like.shape[1:3]
    factors = -(-height // x.shape[1]), -(-width // x.shape[2])
    if enlargement == "learned":
        kernel = tuple(2 * factor - factor % 2 for factor in factors)
        x = keras.layers.Conv2DTranspose(
            x.shape[-1], kernel, factors, padding="same", dtype=x.dtype, name=f"{name}_transposed"
        )(x)
    elif enlargement in ("nearest", "bilinear"):
        x = keras.layers.UpSampling2D(
            factors, interpolation=enlargement, dtype=x.dtype, name=f"{name}_enlarge"
        )(x)
    else:
        raise ValueError(f"unknown enlargement {enlargement!r}: nearest, bilinear or learned")
    excess = (x.shape[1] - height, x.shape[2] - width)
    if any(excess):
        cropping = tuple((0, count) for count in excess)
        x = keras.layers.Cropping2D(cropping, dtype=x.dtype, name=f"{name}_crop")(x)
    return x
