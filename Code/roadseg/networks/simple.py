"""The simple multi-branch network, between U-net and Fast-SCNN, of ae137/SemanticSegmentation (2019).

U-net: Ronneberger, Fischer, Brox 2015, arXiv 1505.04597. Fast-SCNN: Poudel, Liwicki, Cipolla 2019,
arXiv 1902.04502. 469,430 parameters with 14 classes, whatever the size of the image.
"""

import keras

from roadseg.networks.blocks import convolution, upsample_to

MINIMUM_SIZE = 16  # four halvings


def build(
    image_shape: tuple[int, int, int],
    num_classes: int,
    *,
    separable_encoder: bool = False,
    bilinear_decoder: bool = False,
    zero_padding: bool = True,
    encoder_layers: int = 1,
    width: float = 1.0,
    batch_normalisation: bool = False,
) -> keras.Model:
    """uint8 (B, H, W, 3) -> float32 logits (B, H, W, C); H and W of at least 16.

    The defaults are the original network; the options are the ideas that its author listed and did not
    try, as far as they concern the network, and batch normalisation.
    separable_encoder: depthwise-separable convolutions in the encoder, but for the first.
    bilinear_decoder: convolution and bilinear enlargement instead of transposed convolutions.
    zero_padding: False: halvings round up, so that the decoder cuts off what is too much instead of
        adding zeros. No part of the picture is lost, as it would be by cropping the input.
    encoder_layers: convolutions in each stage of the encoder.
    width: factor of the number of filters.
    batch_normalisation: batch normalisation after every convolution but the last.
    """
    image = keras.Input(image_shape, dtype="uint8", name="image")
    x = keras.layers.Rescaling(1 / 128, offset=-1, name="normalise")(image)

    def wide(filters: int) -> int:
        return round(width * filters)

    def conv(x, filters: int, name: str, kernel_size: int = 3, separable: bool = False):
        return convolution(
            x,
            wide(filters),
            name,
            kernel_size,
            separable=separable,
            batch_normalisation=batch_normalisation,
        )

    encoder = []  # each stage before its pooling
    for stage, filters in enumerate((12, 24, 48, 96), start=1):
        x = conv(x, filters, f"encoder{stage}_conv", separable=separable_encoder and stage > 1)
        for layer in range(2, encoder_layers + 1):
            x = conv(x, filters, f"encoder{stage}_conv{layer}", separable=separable_encoder)
        encoder.append(x)
        pooled = "valid" if zero_padding else "same"
        x = keras.layers.MaxPooling2D(2, padding=pooled, name=f"encoder{stage}_pool")(x)
    encoder1, encoder2, encoder3, _ = encoder

    bottleneck = conv(x, 96, "bottleneck_conv1", 1)
    bottleneck = conv(bottleneck, 96, "bottleneck_conv2")
    bottleneck = conv(bottleneck, 48, "bottleneck_conv3")
    bottleneck = conv(bottleneck, 48, "bottleneck_conv4", 1)
    bottleneck = keras.layers.BatchNormalization(name="bottleneck_norm")(bottleneck)

    middle = conv(encoder3, 48, "middle_conv1")
    middle = conv(middle, 48, "middle_conv2", 1)
    middle = conv(middle, 48, "middle_conv3")
    middle = keras.layers.BatchNormalization(name="middle_norm")(middle)

    def enlarge(x, filters: int, like, name: str):
        return upsample_to(
            x,
            wide(filters),
            *like.shape[1:3],
            name,
            bilinear=bilinear_decoder,
            batch_normalisation=batch_normalisation,
        )

    x = keras.layers.Concatenate(name="decoder1_concat")([bottleneck, x])
    x = enlarge(x, 96, encoder[3], "decoder1")
    for stage, (filters, skip) in enumerate(((48, middle), (48, encoder2), (24, encoder1)), start=2):
        x = enlarge(x, filters, skip, f"decoder{stage}")
        x = keras.layers.Concatenate(name=f"decoder{stage}_concat")([skip, x])

    x = conv(x, 24, "head_conv")
    logits = keras.layers.Conv2D(num_classes, 3, padding="same", dtype="float32", name="head_logits")(x)
    return keras.Model(image, logits, name="simple")
