"""The more advanced network: the structure of EdgeSegNet, repaired so that it trains well.

EdgeSegNet: Lin, Chwyl, Wong 2019, arXiv 1905.04222. The paper leaves the inner widths of its modules
open. In PAPER they equal the outer ones, as in the public re-implementation N950/edge-segnet.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import keras

from roadseg.networks.blocks import ImageShape, global_context, normalised_input, upsample

MINIMUM_SIZE = 16

# As in the paper, except for the initial weights, which it does not state: 4,327,920 trained parameters
# with 32 classes.
PAPER = {
    "stem_filters": 13, "stem_activation": False, "reduction_strides": (8,),
    "batch_normalisation": False, "relu_after_sums": False, "context": False, "inner_filters": None,
    "fine_filters": 217, "upsampling": "bilinear", "skips": (), "classify_before_upsampling": False,
    "head_stddev": 0.01,
}  # fmt: skip
# The original repository's repeats pixels instead; the widths of its 3,692,608 parameters are unknown.
ORIGINAL = PAPER | {"upsampling": "nearest"}
_COARSE, _MERGED = 193, 217  # filters before and after the first merge


def build(
    image_shape: ImageShape,
    num_classes: int,
    *,
    stem_filters: int = 32,
    stem_activation: bool = True,
    reduction_strides: Sequence[int] = (2, 2, 2),
    batch_normalisation: bool = True,
    relu_after_sums: bool = True,
    context: bool = True,
    inner_filters: int | None = 64,
    fine_filters: int = 48,
    upsampling: str = "bilinear",
    skips: Sequence[int] = (),
    classify_before_upsampling: bool = True,
    head_stddev: float = 0.1,
) -> keras.Model:
    """Builds the repaired network; the options are the suspected causes of its poor training.

    PAPER holds the options as in the paper.

    Args:
        image_shape: (H, W, 3) with H and W of at least 16, or None for images of any size.
        num_classes: channels of the result.
        stem_filters: of the first convolution.
        stem_activation: ReLU, and normalisation if there is any, after the first convolution.
        reduction_strides: (8,), which looks at 9 of 64 pixels, or (2, 2, 2).
        batch_normalisation: after every convolution except a linear stem, the context's and the last.
            Without it, only the residual bottleneck normalises.
        relu_after_sums: ReLU after every sum of branches. Without it, modules follow one another
            linearly.
        context: adds the mean over the image at a sixteenth of its size.
        inner_filters: inside the modules at an eighth of the size; None: as many as outside.
        fine_filters: of the two refine modules at a quarter of the size.
        upsampling: "nearest", "bilinear", or "learned" (transposed convolutions).
        skips: strides (2, 1) of finer features that join after the last refine module, with half as many
            filters. In short trainings they do harm.
        classify_before_upsampling: puts the last 1x1 convolution before the last upsampling. The result
            is the same for bilinear and nearest upsampling, at a fraction of the cost.
        head_stddev: standard deviation of the last convolution's initial weights. Small ones keep a
            network without normalisation from starting with confident predictions.

    Returns:
        A model: uint8 (B, H, W, 3) -> float32 logits (B, H, W, num_classes).

    Raises:
        ValueError: the upsampling is unknown, or a skip has another stride than 1 or 2.
    """
    if not set(skips) <= {1, 2}:
        raise ValueError(f"skips={tuple(skips)}: strides 1 and 2 only")
    modules = Modules(batch_normalisation, relu_after_sums, upsampling)
    image, full = normalised_input(image_shape)

    half = modules.stem(full, stem_filters, stem_activation)
    quarter = keras.layers.MaxPooling2D(3, 2, padding="same", name="stem_pool")(half)

    coarse = modules.bottleneck_reduction(half, _COARSE, reduction_strides, "reduction")
    if context:
        coarse = global_context(coarse, "context")
    eighth = modules.residual_bottleneck(quarter, _COARSE, inner_filters or _COARSE, "residual")
    eighth = modules.refine(eighth, _COARSE, inner_filters or _COARSE, "refine1")
    merged = modules.merge(coarse, eighth, "merge1")
    merged = modules.refine(merged, _MERGED, inner_filters or _MERGED, "refine2")

    fine = modules.refine(quarter, fine_filters, fine_filters, "refine3")
    if fine_filters != _MERGED:
        merged = modules.convolution(merged, fine_filters, "merge2_project", 1)
    x = modules.merge(merged, fine, "merge2")
    x = modules.refine(x, fine_filters, fine_filters, "refine4")

    size = 4  # how many pixels wide a pixel of x is
    for stride in skips:
        skip = {1: full, 2: half}[stride]
        x = modules.join_skip(x, skip, size // stride, fine_filters // 2, f"skip{stride}")
        size = stride
    normal = keras.initializers.RandomNormal(stddev=head_stddev)
    head = {"kernel_initializer": normal, "dtype": "float32", "name": "head_logits"}
    classify = keras.layers.Conv2D(num_classes, 1, **head)
    if classify_before_upsampling:
        logits = upsample(classify(x), image, size, upsampling, "head")
    else:
        logits = classify(upsample(x, image, size, upsampling, "head"))
    return keras.Model(image, logits, name="edgesegnet")


@dataclass(frozen=True)
class Modules:
    """The modules of the paper, with the repairs that are wanted; tensor in, tensor out."""

    batch_normalisation: bool
    relu_after_sums: bool
    upsampling: str

    def stem(self, x, filters: int, activation: bool):
        """7x7 of stride 2."""
        if activation:
            return self.conv_relu(x, filters, "stem", 7, 2)
        return keras.layers.Conv2D(filters, 7, 2, padding="same", name="stem_conv")(x)

    def bottleneck_reduction(self, x, filters: int, strides: Sequence[int], name: str):
        """Much smaller, in one step or several: 3x3 with strides, 1x1, 3x3."""
        for step, stride in enumerate(strides, start=1):
            width = filters >> (len(strides) - step)
            x = self.conv_relu(x, width, f"{name}_reduce{step}", strides=stride)
        x = self.conv_relu(x, filters, f"{name}_point", 1)
        return self.convolution(x, filters, f"{name}_wide")

    def residual_bottleneck(self, x, filters: int, inner: int, name: str):
        """Half the size, pre-activated: 1x1, 3x3 of stride 2, 1x1, beside 3x3 of stride 2."""
        x = self.norm_relu(x, f"{name}_before")
        skip = self.convolution(x, filters, f"{name}_skip", strides=2)
        x = self.norm_relu(self.bare_convolution(x, inner, f"{name}_narrow", 1), f"{name}_narrow")
        x = self.bare_convolution(x, inner, f"{name}_middle", 3, 2)
        x = self.norm_relu(x, f"{name}_middle")
        x = self.convolution(x, filters, f"{name}_widen", 1)
        return self.sum([x, skip], name)

    def refine(self, x, filters: int, inner: int, name: str):
        """1x1, and a correction of it: 1x1, 3x3, 3x3."""
        x = self.convolution(x, filters, f"{name}_project", 1)
        correction = self.conv_relu(x, inner, f"{name}_narrow", 1)
        correction = self.conv_relu(correction, inner, f"{name}_middle")
        correction = self.convolution(correction, filters, f"{name}_correction")
        return self.sum([x, correction], name)

    def merge(self, coarse, fine, name: str):
        """The sum at the finer size, twice that of the coarse features."""
        return self.sum([upsample(coarse, fine, 2, self.upsampling, name), fine], name)

    def join_skip(self, x, skip, factor: int, filters: int, name: str):
        """Not in the paper: features of a larger size join those of the decoder."""
        skip = self.convolution(skip, filters, f"{name}_project")
        x = self.convolution(x, filters, f"{name}_narrow", 1)
        x = upsample(x, skip, factor, self.upsampling, name)
        x = keras.layers.ReLU(name=f"{name}_relu")(keras.layers.Add(name=f"{name}_add")([x, skip]))
        return self.conv_relu(x, filters, f"{name}_merge")

    def sum(self, branches, name: str):
        x = keras.layers.Add(name=f"{name}_add")(branches)
        return keras.layers.ReLU(name=f"{name}_add_relu")(x) if self.relu_after_sums else x

    def conv_relu(self, x, filters: int, name: str, kernel_size: int = 3, strides: int = 1):
        x = self.convolution(x, filters, name, kernel_size, strides)
        return keras.layers.ReLU(name=f"{name}_relu")(x)

    def convolution(self, x, filters: int, name: str, kernel_size: int = 3, strides: int = 1):
        """Convolution "same", normalised if wanted."""
        x = self.bare_convolution(x, filters, name, kernel_size, strides)
        return keras.layers.BatchNormalization(name=f"{name}_norm")(x) if self.batch_normalisation else x

    def bare_convolution(self, x, filters: int, name: str, kernel_size: int, strides: int = 1):
        options = {"padding": "same", "use_bias": not self.batch_normalisation, "name": f"{name}_conv"}
        return keras.layers.Conv2D(filters, kernel_size, strides, **options)(x)

    @staticmethod
    def norm_relu(x, name: str):
        x = keras.layers.BatchNormalization(name=f"{name}_norm")(x)
        return keras.layers.ReLU(name=f"{name}_relu")(x)
