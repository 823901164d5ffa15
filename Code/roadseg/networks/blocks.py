"""Blocks that networks are made of: tensor in, tensor out, layers named by their stage."""

import keras


def convolution(
    x,
    filters: int,
    name: str,
    kernel_size: int = 3,
    *,
    strides: int = 1,
    dilation: int = 1,
    separable: bool = False,
    batch_normalisation: bool = False,
    rectify: bool = True,
):
    """(B, H, W, C) -> (B, H / strides, W / strides, filters): convolution 'same', batch normalisation if
    wanted, ReLU if wanted.

    separable: one kernel for each channel, then a 1x1 convolution of all.
    """
    layer = keras.layers.SeparableConv2D if separable else keras.layers.Conv2D
    x = layer(
        filters,
        kernel_size,
        strides,
        padding="same",
        dilation_rate=dilation,
        use_bias=not batch_normalisation,
        activation="relu" if rectify and not batch_normalisation else None,
        name=name,
    )(x)
    if batch_normalisation:
        x = keras.layers.BatchNormalization(name=f"{name}_norm")(x)
        if rectify:
            x = keras.layers.ReLU(name=f"{name}_relu")(x)
    return x


def upsample_to(
    x,
    filters: int,
    height: int,
    width: int,
    name: str,
    *,
    bilinear: bool = False,
    batch_normalisation: bool = False,
):
    """(B, H, W, C) -> (B, height, width, filters): twice the size by a transposed convolution 3x3 and
    ReLU, then padded or cropped.

    Zeros are added, or what is too much cut off, at the bottom and right. bilinear: a convolution 3x3,
    then fixed bilinear enlargement, instead; as many weights and multiply-adds.
    """
    if bilinear:
        x = convolution(x, filters, f"{name}_conv", batch_normalisation=batch_normalisation)
        x = keras.layers.UpSampling2D(2, interpolation="bilinear", name=f"{name}_enlarge")(x)
    else:
        x = keras.layers.Conv2DTranspose(
            filters,
            3,
            strides=2,
            padding="same",
            use_bias=not batch_normalisation,
            activation=None if batch_normalisation else "relu",
            name=f"{name}_transposed",
        )(x)
        if batch_normalisation:
            x = keras.layers.BatchNormalization(name=f"{name}_norm")(x)
            x = keras.layers.ReLU(name=f"{name}_relu")(x)
    missing = (height - x.shape[1], width - x.shape[2])
    if max(missing) > 0:
        padding = tuple((0, max(0, count)) for count in missing)
        x = keras.layers.ZeroPadding2D(padding, name=f"{name}_pad")(x)
    return _cropped_to(x, height, width, f"{name}_crop")


def resized_to(x, like, upsampling: str, name: str):
    """(B, H, W, C) -> (B, height and width of `like`, C): enlarged by whole factors, and cropped at the
    bottom and right.

    upsampling: "nearest", "bilinear" or "learned", a transposed convolution. Raises ValueError.
    """
    height, width = like.shape[1:3]
    factors = -(-height // x.shape[1]), -(-width // x.shape[2])
    if upsampling == "learned":
        kernel = tuple(2 * factor - factor % 2 for factor in factors)
        dtype = "float32" if x.dtype == "float32" else None  # never weights in bfloat16
        x = keras.layers.Conv2DTranspose(
            x.shape[-1], kernel, factors, padding="same", dtype=dtype, name=f"{name}_transposed"
        )(x)
    elif upsampling in ("nearest", "bilinear"):
        x = keras.layers.UpSampling2D(
            factors, interpolation=upsampling, dtype=x.dtype, name=f"{name}_enlarge"
        )(x)
    else:
        raise ValueError(f"unknown upsampling {upsampling!r}: nearest, bilinear or learned")
    return _cropped_to(x, height, width, f"{name}_crop")


def global_context(x, name: str):
    """(B, H, W, C) -> the same and what the whole picture says: its mean, through a 1x1 convolution."""
    mean = keras.layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_mean")(x)
    mean = keras.layers.Conv2D(x.shape[-1], 1, activation="relu", name=f"{name}_conv")(mean)
    return keras.layers.Add(name=f"{name}_add")([x, mean])


def _cropped_to(x, height: int, width: int, name: str):
    excess = (x.shape[1] - height, x.shape[2] - width)
    if max(excess) <= 0:
        return x
    cropping = tuple((0, max(0, count)) for count in excess)
    return keras.layers.Cropping2D(cropping, dtype=x.dtype, name=name)(x)
