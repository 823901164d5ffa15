"""The simple multi-branch network of ae137/SemanticSegmentation (2019), between U-net and Fast-SCNN.

U-net: Ronneberger, Fischer, Brox 2015, arXiv 1505.04597. Fast-SCNN: Poudel, Liwicki, Cipolla 2019,
arXiv 1902.04502. 469,430 parameters with 14 classes, whatever the size of the image.
"""

from functools import partial

import keras

from roadseg.networks.blocks import ImageShape, convolution, normalised_input, upsampling_convolution

MINIMUM_SIZE = 16  # four halvings


def build(
    image_shape: ImageShape,
    num_classes: int,
    *,
    separable_encoder: bool = False,
    bilinear_decoder: bool = False,
    zero_padding: bool = True,
    encoder_layers: int = 1,
    width: float = 1.0,
    batch_normalisation: bool = False,
) -> keras.Model:
    """Builds the original network; the options are ideas to improve it.

    All but the last are ideas that the original's author listed and never tried.

    Args:
        image_shape: (H, W, 3) with H and W of at least 16, or None for images of any size.
        num_classes: channels of the result.
        separable_encoder: depthwise-separable convolutions in the encoder, except for the first.
        bilinear_decoder: convolution and bilinear upsampling instead of transposed convolutions.
        zero_padding: False makes pooling round up, so that the decoder crops instead of padding with
            zeros. Every pixel of the image still counts, which cropping the input would not give.
        encoder_layers: convolutions in each stage of the encoder.
        width: factor of the number of filters.
        batch_normalisation: after every convolution except the last.

    Returns:
        A model: uint8 (B, H, W, 3) -> float32 logits (B, H, W, num_classes).
    """
    conv = partial(_convolution, width=width, batch_normalisation=batch_normalisation)
    upsample = partial(
        _upsample, width=width, bilinear=bilinear_decoder, batch_normalisation=batch_normalisation
    )
    image, x = normalised_input(image_shape)

    encoder = []  # each stage before its pooling
    for stage, filters in enumerate((12, 24, 48, 96), start=1):
        for layer in range(1, encoder_layers + 1):
            separable = separable_encoder and (stage, layer) != (1, 1)
            x = conv(x, filters, f"encoder{stage}_conv{layer}", separable=separable)
        encoder.append(x)
        rounding = "valid" if zero_padding else "same"
        x = keras.layers.MaxPooling2D(2, padding=rounding, name=f"encoder{stage}_pool")(x)

    deep = _bottleneck(x, conv)
    middle = _middle(encoder[2], conv)

    x = keras.layers.Concatenate(name="decoder1_concat")([deep, x])
    x = upsample(x, 96, encoder[3], "decoder1")
    for stage, (filters, skip) in enumerate(((48, middle), (48, encoder[1]), (24, encoder[0])), start=2):
        x = upsample(x, filters, skip, f"decoder{stage}")
        x = keras.layers.Concatenate(name=f"decoder{stage}_concat")([skip, x])

    x = conv(x, 24, "head_conv")
    logits = keras.layers.Conv2D(num_classes, 3, padding="same", dtype="float32", name="head_logits")(x)
    return keras.Model(image, logits, name="simple")


def _bottleneck(x, conv):
    """The deep branch, at a sixteenth of the size."""
    x = conv(x, 96, "bottleneck_conv1", 1)
    x = conv(x, 96, "bottleneck_conv2")
    x = conv(x, 48, "bottleneck_conv3")
    x = conv(x, 48, "bottleneck_conv4", 1)
    return keras.layers.BatchNormalization(name="bottleneck_norm")(x)


def _middle(x, conv):
    """The branch at a quarter of the size."""
    x = conv(x, 48, "middle_conv1")
    x = conv(x, 48, "middle_conv2", 1)
    x = conv(x, 48, "middle_conv3")
    return keras.layers.BatchNormalization(name="middle_norm")(x)


def _convolution(x, filters: int, name: str, kernel_size: int = 3, *, width: float, **options):
    return convolution(x, round(width * filters), name, kernel_size, **options)


def _upsample(x, filters: int, like, name: str, *, width: float, **options):
    return upsampling_convolution(x, round(width * filters), like, name, **options)
