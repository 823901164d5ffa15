"""Blocks that networks are made of: tensor in, tensor out, layers named by their stage.

The part of a layer's name before the first "_" is its stage: "encoder2_conv1" is in "encoder2".
"""

import keras


def normalised_input(image_shape: tuple[int, int, int]):
    """The input, uint8 (B, H, W, 3), and the same scaled from 0..255 to -1..1."""
    image = keras.Input(image_shape, dtype="uint8", name="image")
    return image, keras.layers.Rescaling(1 / 128, offset=-1, name="normalise")(image)


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
    relu: bool = True,
):
    """Convolution with padding "same", then batch normalisation and ReLU if wanted.

    Args:
        x: (B, H, W, C).
        filters: channels of the result.
        name: of the convolution; the other layers get suffixes.
        kernel_size: of the square kernel.
        strides: of both axes.
        dilation: spacing of the kernel's taps.
        separable: one kernel for each channel, then a 1x1 convolution over all of them.
        batch_normalisation: between convolution and ReLU; the convolution then has no bias.
        relu: whether ReLU comes last.

    Returns:
        (B, ceil(H / strides), ceil(W / strides), filters).
    """
    layer = keras.layers.SeparableConv2D if separable else keras.layers.Conv2D
    x = layer(
        filters,
        kernel_size,
        strides,
        padding="same",
        dilation_rate=dilation,
        use_bias=not batch_normalisation,
        activation="relu" if relu and not batch_normalisation else None,
        name=name,
    )(x)
    return _normalise(x, name, relu) if batch_normalisation else x


def _normalise(x, name: str, relu: bool = True):
    x = keras.layers.BatchNormalization(name=f"{name}_norm")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x) if relu else x


def upsampling_convolution(
    x, filters: int, like, name: str, *, bilinear: bool = False, batch_normalisation: bool = False
):
    """Doubles the size by a 3x3 transposed convolution and ReLU, then pads with zeros or crops.

    Args:
        x: (B, H, W, C).
        filters: channels of the result.
        like: (B, H', W', any), whose height and width the result gets. Rows and columns are added and
            cut off at the bottom and on the right.
        name: of the stage.
        bilinear: a 3x3 convolution and fixed bilinear upsampling instead of the transposed convolution,
            with as many weights and multiply-adds.
        batch_normalisation: before the ReLU.

    Returns:
        (B, H', W', filters).
    """
    if bilinear:
        x = convolution(x, filters, f"{name}_conv", batch_normalisation=batch_normalisation)
        x = keras.layers.UpSampling2D(2, interpolation="bilinear", name=f"{name}_upsample")(x)
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
        x = _normalise(x, name) if batch_normalisation else x
    return _crop(_pad(x, like, f"{name}_pad"), like, f"{name}_crop")


def upsample(x, like, method: str, name: str):
    """Upsamples by whole factors, and crops at the bottom and on the right.

    Args:
        x: (B, H, W, C).
        like: (B, H', W', any), whose height and width the result gets.
        method: "nearest", "bilinear" or "learned", a transposed convolution.
        name: of the stage.

    Returns:
        (B, H', W', C).

    Raises:
        ValueError: the method is unknown.
    """
    factors = tuple(-(-there // here) for there, here in zip(like.shape[1:3], x.shape[1:3], strict=True))
    if method == "learned":
        kernel = tuple(2 * factor - factor % 2 for factor in factors)
        dtype = "float32" if x.dtype == "float32" else None  # never weights in bfloat16
        x = keras.layers.Conv2DTranspose(
            x.shape[-1], kernel, factors, padding="same", dtype=dtype, name=f"{name}_transposed"
        )(x)
    elif method in ("nearest", "bilinear"):
        x = keras.layers.UpSampling2D(
            factors, interpolation=method, dtype=x.dtype, name=f"{name}_upsample"
        )(x)
    else:
        raise ValueError(f"unknown upsampling {method!r}: nearest, bilinear or learned")
    return _crop(x, like, f"{name}_crop")


def global_context(x, name: str):
    """Adds the mean over the image, after a 1x1 convolution and ReLU; (B, H, W, C) -> the same shape."""
    mean = keras.layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_mean")(x)
    mean = keras.layers.Conv2D(x.shape[-1], 1, activation="relu", name=f"{name}_conv")(mean)
    return keras.layers.Add(name=f"{name}_add")([x, mean])


def _pad(x, like, name: str):
    missing = [there - here for there, here in zip(like.shape[1:3], x.shape[1:3], strict=True)]
    if max(missing) <= 0:
        return x
    padding = tuple((0, max(0, count)) for count in missing)
    return keras.layers.ZeroPadding2D(padding, name=name)(x)


def _crop(x, like, name: str):
    excess = [here - there for there, here in zip(like.shape[1:3], x.shape[1:3], strict=True)]
    if max(excess) <= 0:
        return x
    cropping = tuple((0, max(0, count)) for count in excess)
    return keras.layers.Cropping2D(cropping, dtype=x.dtype, name=name)(x)
