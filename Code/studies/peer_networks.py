"""Networks that a user might choose instead: uint8 images in, logits out, as in `roadseg.networks`.

Fast-SCNN after its paper; U-Net and LinkNet with a MobileNetV2 encoder from the package
segmodels-keras (pip install -e ".[peers]"). All start from random weights, though users would
usually take pretrained encoders.
"""

from collections.abc import Callable

import keras

from roadseg.networks.blocks import convolution, normalised_input, upsample


def fast_scnn(image_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Fast-SCNN: Poudel, Liwicki, Cipolla 2019, arXiv 1902.04502, table 1."""
    image, x = normalised_input(image_shape)
    x = _conv(x, 32, "down1", strides=2)
    x = _conv(x, 48, "down2", strides=2, separable=True)
    fine = x = _conv(x, 64, "down3", strides=2, separable=True)
    for stage, (filters, strides) in enumerate(((64, 2), (96, 2), (128, 1)), start=1):
        for block in range(1, 4):
            x = _inverted_residual(x, filters, strides if block == 1 else 1, f"features{stage}_{block}")
    x = _pyramid_pooling(x, "pyramid")
    x = upsample(x, fine, "bilinear", "fusion")
    x = keras.layers.DepthwiseConv2D(
        3, padding="same", dilation_rate=4, use_bias=False, name="fusion_depthwise"
    )(x)
    x = keras.layers.BatchNormalization(name="fusion_depthwise_norm")(x)
    x = keras.layers.ReLU(name="fusion_depthwise_relu")(x)
    coarse = _conv(x, 128, "fusion_coarse", 1, relu=False)
    fine = _conv(fine, 128, "fusion_fine", 1, relu=False)
    x = keras.layers.ReLU(name="fusion_relu")(keras.layers.Add(name="fusion_add")([coarse, fine]))
    for layer in (1, 2):
        x = _conv(x, 128, f"classifier{layer}", separable=True)
    x = keras.layers.Dropout(0.1, name="classifier_dropout")(x)
    small = keras.layers.Conv2D(num_classes, 1, dtype="float32", name="head_logits")(x)
    return keras.Model(image, upsample(small, image, "bilinear", "head"), name="fast_scnn")


def _conv(x, filters: int, name: str, kernel_size: int = 3, **options):
    return convolution(x, filters, name, kernel_size, batch_normalisation=True, **options)


def _inverted_residual(x, filters: int, strides: int, name: str):
    """Wide 1x1, 3x3 of each channel, narrow 1x1 without ReLU."""
    change = _conv(x, 6 * x.shape[-1], f"{name}_widen", 1)
    change = keras.layers.DepthwiseConv2D(
        3, strides, padding="same", use_bias=False, name=f"{name}_depthwise"
    )(change)
    change = keras.layers.BatchNormalization(name=f"{name}_depthwise_norm")(change)
    change = keras.layers.ReLU(name=f"{name}_depthwise_relu")(change)
    change = _conv(change, filters, f"{name}_narrow", 1, relu=False)
    same = strides == 1 and x.shape[-1] == filters
    return keras.layers.Add(name=f"{name}_add")([x, change]) if same else change


def _pyramid_pooling(x, name: str):
    """Means over the whole, halves, thirds and sixths of the image beside the features.

    Where there are fewer than six features in a row or column, over each of them.
    """
    parts = [x]
    for bins in (1, 2, 3, 6):
        if bins == 1:  # to which Keras 3.15 cannot pool adaptively on TensorFlow
            pooling = keras.layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}1_mean")
        else:
            size = tuple(min(bins, length) for length in x.shape[1:3])
            pooling = keras.layers.AdaptiveAveragePooling2D(size, name=f"{name}{bins}_mean")
        part = _conv(pooling(x), x.shape[-1] // 4, f"{name}{bins}_conv", 1)
        parts.append(
            keras.layers.Resizing(*x.shape[1:3], interpolation="bilinear", name=f"{name}{bins}")(part)
        )
    return _conv(keras.layers.Concatenate(name=f"{name}_concat")(parts), x.shape[-1], name, 1)


def _from_package(name: str, architecture: str) -> Callable[..., keras.Model]:
    """With the padding to a multiple of 32 that its networks need."""

    def build(image_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
        import segmodels_keras  # only this study needs it

        policy = keras.config.dtype_policy()
        keras.utils.clear_session(free_memory=False)  # the package leaves layers to be named by counting
        keras.config.set_dtype_policy(policy)
        image, x = normalised_input(image_shape)
        missing = [-length % 32 for length in image_shape[:2]]
        x = keras.layers.ZeroPadding2D([(0, count) for count in missing], name="pad")(x)
        inner = getattr(segmodels_keras, architecture)(
            "mobilenetv2",
            input_shape=x.shape[1:],
            classes=num_classes,
            activation="linear",
            encoder_weights=None,
        )
        for layer in inner.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = 0.9  # 0.999, as the encoder has it, remembers the training's start
        cropping = [(0, count) for count in missing]
        logits = keras.layers.Cropping2D(cropping, dtype="float32", name="crop")(inner(x))
        return keras.Model(image, logits, name=name)

    return build


unet_mobilenetv2 = _from_package("unet_mobilenetv2", "Unet")
linknet_mobilenetv2 = _from_package("linknet_mobilenetv2", "Linknet")
