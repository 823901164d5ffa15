"""The simple network redesigned within its number of parameters: most of the work at low resolution.

In the spirit of U-net (a decoder that joins features of every resolution) and Fast-SCNN (down to an
eighth of the size in three convolutions), with residual blocks of batch-normalised convolutions
(He et al. 2016, arXiv 1512.03385), some of them dilated. Below 470,000 parameters with 14 classes.
"""

from collections.abc import Sequence

import keras

from roadseg.networks.blocks import convolution, global_context, resized_to

MINIMUM_SIZE = 16  # four halvings


def build(
    image_shape: tuple[int, int, int],
    num_classes: int,
    *,
    filters: Sequence[int] = (16, 48, 64, 88),
    dilations: Sequence[int] = (1, 2),
    context: bool = True,
    output_stride: int = 4,
) -> keras.Model:
    """uint8 (B, H, W, 3) -> float32 logits (B, H, W, C); H and W of at least 16.

    filters: at a half, a quarter, an eighth and a sixteenth of the size.
    dilations: of the residual blocks at an eighth of the size.
    context: adds the mean over the picture at a sixteenth.
    output_stride: 2 or 4, the decoder ends at a half or a quarter of the size; what follows is bilinear
        enlargement. Raises ValueError for another number.
    """
    if output_stride not in (2, 4):
        raise ValueError(f"output_stride={output_stride}: 2 or 4")
    image = keras.Input(image_shape, dtype="uint8", name="image")
    x = keras.layers.Rescaling(1 / 128, offset=-1, name="normalise")(image)

    encoder = []
    for stage, width in enumerate(filters, start=1):
        x = _convolution(x, width, f"encoder{stage}_reduce", strides=2)
        for block, dilation in enumerate({3: dilations, 4: (1,)}.get(stage, ()), start=1):
            x = _residual(x, dilation, f"encoder{stage}_block{block}")
        encoder.append(x)
    if context:
        x = global_context(x, "context")

    skips = encoder[{2: 0, 4: 1}[output_stride] : 3]
    for stage, skip in enumerate(reversed(skips), start=1):
        x = _join(x, skip, f"decoder{stage}")

    small = keras.layers.Conv2D(num_classes, 1, dtype="float32", name="head_logits")(x)
    logits = resized_to(small, image, "bilinear", "head")
    return keras.Model(image, logits, name="simple_plus")


def _convolution(x, filters: int, name: str, kernel_size: int = 3, **options):
    return convolution(x, filters, name, kernel_size, batch_normalisation=True, **options)


def _residual(x, dilation: int, name: str):
    """Two convolutions and what they started from."""
    change = _convolution(x, x.shape[-1], f"{name}_conv1", dilation=dilation)
    change = _convolution(change, x.shape[-1], f"{name}_conv2", dilation=dilation, rectify=False)
    return _rectified_sum([x, change], name)


def _join(x, skip, name: str):
    """Coarse features, enlarged, and finer ones become features of the finer size."""
    filters = skip.shape[-1]
    x = _convolution(x, filters, f"{name}_narrow", 1, rectify=False)
    x = resized_to(x, skip, "bilinear", name)
    x = _rectified_sum([x, _convolution(skip, filters, f"{name}_skip", 1, rectify=False)], name)
    return _convolution(x, filters, f"{name}_merge")


def _rectified_sum(parts, name: str):
    return keras.layers.ReLU(name=f"{name}_relu")(keras.layers.Add(name=f"{name}_add")(parts))
