"""The simple multi-branch network, between U-net and Fast-SCNN, of ae137/SemanticSegmentation (2019).

U-net: Ronneberger, Fischer, Brox 2015, arXiv 1505.04597. Fast-SCNN: Poudel, Liwicki, Cipolla 2019,
arXiv 1902.04502. 469,430 parameters with 14 classes, whatever the size of the image.
"""

import keras

from roadseg.networks.blocks import convolution, enlarge_to

MINIMUM_SIZE = 16  # four halvings


def build(image_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """uint8 (B, H, W, 3) -> float32 logits (B, H, W, C); H and W of at least 16."""
    image = keras.Input(image_shape, dtype="uint8", name="image")
    x = keras.layers.Rescaling(1 / 128, offset=-1, name="normalise")(image)

    encoder = []  # each stage before its pooling
    for stage, filters in enumerate((12, 24, 48, 96), start=1):
        x = convolution(x, filters, name=f"encoder{stage}_conv")
        encoder.append(x)
        x = keras.layers.MaxPooling2D(2, name=f"encoder{stage}_pool")(x)
    encoder1, encoder2, encoder3, _ = encoder

    bottleneck = convolution(x, 96, kernel_size=1, name="bottleneck_conv1")
    bottleneck = convolution(bottleneck, 96, name="bottleneck_conv2")
    bottleneck = convolution(bottleneck, 48, name="bottleneck_conv3")
    bottleneck = convolution(bottleneck, 48, kernel_size=1, name="bottleneck_conv4")
    bottleneck = keras.layers.BatchNormalization(name="bottleneck_norm")(bottleneck)

    middle = convolution(encoder3, 48, name="middle_conv1")
    middle = convolution(middle, 48, kernel_size=1, name="middle_conv2")
    middle = convolution(middle, 48, name="middle_conv3")
    middle = keras.layers.BatchNormalization(name="middle_norm")(middle)

    x = keras.layers.Concatenate(name="decoder1_concat")([bottleneck, x])
    x = enlarge_to(x, 96, *encoder[3].shape[1:3], name="decoder1")
    for stage, (filters, skip) in enumerate(((48, middle), (48, encoder2), (24, encoder1)), start=2):
        x = enlarge_to(x, filters, *skip.shape[1:3], name=f"decoder{stage}")
        x = keras.layers.Concatenate(name=f"decoder{stage}_concat")([skip, x])

    x = convolution(x, 24, name="head_conv")
    logits = keras.layers.Conv2D(num_classes, 3, padding="same", dtype="float32", name="head_logits")(x)
    return keras.Model(image, logits, name="simple")
