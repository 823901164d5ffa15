"""The simple network redesigned within its number of parameters: most of the work at low resolution.

Its decoder joins features of every resolution, as U-net's does. Like Fast-SCNN it reaches an eighth of
the size in three convolutions. Its residual blocks (He et al. 2016, arXiv 1512.03385) have batch
normalisation, and some are dilated. Fewer than 470,000 parameters with 14 classes.
"""

from collections.abc import Sequence

import keras

from roadseg.networks.blocks import ImageShape, convolution, global_context, normalised_input, upsample

MINIMUM_SIZE = 16  # four halvings
_FIRST_SKIP = {2: 0, 4: 1}  # output stride -> the finest encoder stage that joins the decoder


def build(
    image_shape: ImageShape,
    num_classes: int,
    *,
    filters: Sequence[int] = (16, 48, 64, 88),
    dilations: Sequence[int] = (1, 2),
    context: bool = True,
    output_stride: int = 4,
) -> keras.Model:
    """Builds the network.

    Args:
        image_shape: (H, W, 3) with H and W of at least 16, or None for images of any size.
        num_classes: channels of the result.
        filters: at a half, a quarter, an eighth and a sixteenth of the size.
        dilations: of the residual blocks at an eighth of the size.
        context: adds the mean over the image at a sixteenth of the size.
        output_stride: 2 or 4: the decoder ends at a half or a quarter of the size, and bilinear
            upsampling does the rest.

    Returns:
        A model: uint8 (B, H, W, 3) -> float32 logits (B, H, W, num_classes).

    Raises:
        ValueError: the output stride is neither 2 nor 4.
    """
    if output_stride not in _FIRST_SKIP:
        raise ValueError(f"output_stride={output_stride}: 2 or 4")
    image, x = normalised_input(image_shape)

    encoder = []
    for stage, width in enumerate(filters, start=1):
        x = _convolution(x, width, f"encoder{stage}_reduce", strides=2)
        for block, dilation in enumerate({3: dilations, 4: (1,)}.get(stage, ()), start=1):
            x = _residual(x, dilation, f"encoder{stage}_block{block}")
        encoder.append(x)
    if context:
        x = global_context(x, "context")

    skips = encoder[_FIRST_SKIP[output_stride] : 3]
    for stage, skip in enumerate(reversed(skips), start=1):
        x = _join(x, skip, f"decoder{stage}")

    coarse = keras.layers.Conv2D(num_classes, 1, dtype="float32", name="head_logits")(x)
    logits = upsample(coarse, image, output_stride, "bilinear", "head")
    return keras.Model(image, logits, name="simple_plus")


def _convolution(x, filters: int, name: str, kernel_size: int = 3, **options):
    return convolution(x, filters, name, kernel_size, batch_normalisation=True, **options)


def _residual(x, dilation: int, name: str):
    """Two convolutions, added to what they started from."""
    change = _convolution(x, x.shape[-1], f"{name}_conv1", dilation=dilation)
    change = _convolution(change, x.shape[-1], f"{name}_conv2", dilation=dilation, relu=False)
    return _sum_and_relu([x, change], name)


def _join(x, skip, name: str):
    """Upsampled coarse features and fine ones, merged at the fine size."""
    filters = skip.shape[-1]
    x = _convolution(x, filters, f"{name}_project", 1, relu=False)
    x = upsample(x, skip, 2, "bilinear", name)
    x = _sum_and_relu([x, _convolution(skip, filters, f"{name}_skip", 1, relu=False)], name)
    return _convolution(x, filters, f"{name}_merge")


def _sum_and_relu(branches, name: str):
    return keras.layers.ReLU(name=f"{name}_relu")(keras.layers.Add(name=f"{name}_add")(branches))
