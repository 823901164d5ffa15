"""Blocks that networks are made of: tensor in, tensor out, layers named by their stage.

The part of a layer's name before the first "_" is its stage: "encoder2_conv1" is in "encoder2".
"""

import keras
from keras import ops

ImageShape = tuple[int | None, int | None, int]  # (H, W, 3); None: any height or width


def normalised_input(image_shape: ImageShape):
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


@keras.saving.register_keras_serializable("roadseg")
class Upsampling(keras.layers.UpSampling2D):
    """UpSampling2D that TensorFlow compiles for images of any size: Keras 3.15 compares sizes with 0."""

    def call(self, x):
        height, width = ops.shape(x)[1:3]
        if self.interpolation == "nearest" or (isinstance(height, int) and isinstance(width, int)):
            return super().call(x)
        import tensorflow as tf  # no other backend has sizes that it does not know

        size = height * self.size[0], width * self.size[1]
        return tf.cast(tf.image.resize(x, size, self.interpolation), x.dtype)


@keras.saving.register_keras_serializable("roadseg")
class MatchSize(keras.layers.Layer):
    """Pads with zeros, or crops, to the height and width of another tensor.

    Rows and columns are added and cut off at the bottom and on the right. The sizes may be unknown until
    an image comes, so that a network takes images of any size.
    """

    def call(self, x, like):
        height, width = ops.shape(like)[1:3]
        rows, columns = height - ops.shape(x)[1], width - ops.shape(x)[2]  # missing; below 0: too many
        if isinstance(rows, int) and isinstance(columns, int):  # known while the graph is built
            if rows > 0 or columns > 0:
                x = ops.pad(x, ((0, 0), (0, max(0, rows)), (0, max(0, columns)), (0, 0)))
            return x if rows >= 0 and columns >= 0 else x[:, :height, :width]
        rows, columns = ops.maximum(0, rows), ops.maximum(0, columns)
        return ops.pad(x, ((0, 0), (0, rows), (0, columns), (0, 0)))[:, :height, :width]

    def compute_output_shape(self, x_shape, like_shape):
        return (*like_shape[:3], x_shape[-1])


def upsampling_convolution(
    x, filters: int, like, name: str, *, bilinear: bool = False, batch_normalisation: bool = False
):
    """Doubles the size by a 3x3 transposed convolution and ReLU.

    Args:
        x: (B, H, W, C).
        filters: channels of the result.
        like: (B, H', W', any), whose height and width the result gets, see `MatchSize`.
        name: of the stage.
        bilinear: a 3x3 convolution and fixed bilinear upsampling instead of the transposed convolution,
            with as many weights and multiply-adds.
        batch_normalisation: before the ReLU.

    Returns:
        (B, H', W', filters).
    """
    if bilinear:
        x = convolution(x, filters, f"{name}_conv", batch_normalisation=batch_normalisation)
        x = Upsampling(2, interpolation="bilinear", name=f"{name}_upsample")(x)
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
    return MatchSize(name=f"{name}_match")(x, like)


def upsample(x, like, factor: int, method: str, name: str):
    """Upsamples by a whole factor, then crops to a size that no halving divides evenly.

    Args:
        x: (B, H, W, C).
        like: (B, H', W', any), whose height and width the result gets, see `MatchSize`.
        factor: at least H' / H and W' / W.
        method: "nearest", "bilinear" or "learned", a transposed convolution.
        name: of the stage.

    Returns:
        (B, H', W', C).

    Raises:
        ValueError: the method is unknown.
    """
    if method == "learned":
        dtype = "float32" if x.dtype == "float32" else None  # never weights in bfloat16
        x = keras.layers.Conv2DTranspose(
            x.shape[-1],
            2 * factor - factor % 2,
            factor,
            padding="same",
            dtype=dtype,
            name=f"{name}_transposed",
        )(x)
    elif method in ("nearest", "bilinear"):
        x = Upsampling(factor, interpolation=method, dtype=x.dtype, name=f"{name}_upsample")(x)
    else:
        raise ValueError(f"unknown upsampling {method!r}: nearest, bilinear or learned")
    return MatchSize(dtype=x.dtype, name=f"{name}_match")(x, like)


def global_context(x, name: str):
    """Adds the mean over the image, after a 1x1 convolution and ReLU; (B, H, W, C) -> the same shape."""
    mean = keras.layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_mean")(x)
    mean = keras.layers.Conv2D(x.shape[-1], 1, activation="relu", name=f"{name}_conv")(mean)
    return keras.layers.Add(name=f"{name}_add")([x, mean])
