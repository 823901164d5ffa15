"""The more advanced network, in the structure of EdgeSegNet, and what was repaired in it.

EdgeSegNet: Lin, Chwyl, Wong 2019, arXiv 1905.04222. The paper leaves the inner widths of its modules
open; in PAPER they are those of the public re-implementation N950/edge-segnet, equal to the outer ones.
"""

from collections.abc import Sequence

import keras

from roadseg.networks.blocks import global_context, resized_to

MINIMUM_SIZE = 16

# As in the paper, but for the first weights, which it does not tell: 4,327,920 trained parameters at 32
# classes.
PAPER = {
    "stem_filters": 13,
    "stem_activation": False,
    "reduction_strides": (8,),
    "batch_normalisation": False,
    "rectify_sums": False,
    "context": False,
    "inner_filters": None,
    "fine_filters": 217,
    "upsampling": "bilinear",
    "skips": (),
    "classify_first": False,
    "head_stddev": 0.01,
}
# The original repository's enlarges by repeating; the widths of its 3,692,608 parameters are not known.
ORIGINAL = PAPER | {"upsampling": "nearest"}
_COARSE, _MERGED = 193, 217  # filters before and after the first merge


class _Blocks:
    """The paper's modules, with or without normalisation and rectified sums; tensor in, tensor out."""

    def __init__(self, batch_normalisation: bool, rectify_sums: bool):
        self._batch_normalisation = batch_normalisation
        self._rectify_sums = rectify_sums

    def convolution(self, x, filters: int, name: str, kernel_size: int = 3, strides: int = 1):
        """Convolution 'same', normalised."""
        x = self._bare_convolution(x, filters, name, kernel_size, strides)
        return self.normalisation(x, name) if self._batch_normalisation else x

    def _bare_convolution(self, x, filters: int, name: str, kernel_size: int, strides: int):
        return keras.layers.Conv2D(
            filters,
            kernel_size,
            strides,
            padding="same",
            use_bias=not self._batch_normalisation,
            name=f"{name}_conv",
        )(x)

    @staticmethod
    def normalisation(x, name: str):
        return keras.layers.BatchNormalization(name=f"{name}_norm")(x)

    @staticmethod
    def relu(x, name: str):
        return keras.layers.ReLU(name=f"{name}_relu")(x)

    def sum(self, parts, name: str):
        x = keras.layers.Add(name=f"{name}_add")(parts)
        return self.relu(x, f"{name}_add") if self._rectify_sums else x

    def bottleneck_reduction(self, x, filters: int, strides: Sequence[int], name: str):
        """Much smaller, in one step or several: 3x3 with strides, 1x1, 3x3."""
        for stage, stride in enumerate(strides, start=1):
            width = filters >> (len(strides) - stage)
            x = self.convolution(x, width, f"{name}_reduce{stage}", strides=stride)
            x = self.relu(x, f"{name}_reduce{stage}")
        x = self.relu(self.convolution(x, filters, f"{name}_point", 1), f"{name}_point")
        return self.convolution(x, filters, f"{name}_wide")

    def residual_bottleneck(self, x, filters: int, inner: int, name: str):
        """Half the size, pre-activated: 1x1, 3x3 of stride 2, 1x1, beside 3x3 of stride 2."""
        x = self.relu(self.normalisation(x, f"{name}_before"), f"{name}_before")
        skip = self.convolution(x, filters, f"{name}_skip", strides=2)
        x = self._bare_convolution(x, inner, f"{name}_narrow", 1, 1)
        x = self.relu(self.normalisation(x, f"{name}_narrow"), f"{name}_narrow")
        x = self._bare_convolution(x, inner, f"{name}_middle", 3, 2)
        x = self.relu(self.normalisation(x, f"{name}_middle"), f"{name}_middle")
        x = self.convolution(x, filters, f"{name}_widen", 1)
        return self.sum([x, skip], name)

    def refine(self, x, filters: int, inner: int, name: str):
        """1x1, and a correction of it: 1x1, 3x3, 3x3."""
        x = self.convolution(x, filters, f"{name}_fit", 1)
        correction = self.relu(self.convolution(x, inner, f"{name}_narrow", 1), f"{name}_narrow")
        correction = self.relu(self.convolution(correction, inner, f"{name}_middle"), f"{name}_middle")
        correction = self.convolution(correction, filters, f"{name}_correction")
        return self.sum([x, correction], name)


def build(
    image_shape: tuple[int, int, int],
    num_classes: int,
    *,
    stem_filters: int = 32,
    stem_activation: bool = True,
    reduction_strides: Sequence[int] = (2, 2, 2),
    batch_normalisation: bool = True,
    rectify_sums: bool = True,
    context: bool = True,
    inner_filters: int | None = 64,
    fine_filters: int = 48,
    upsampling: str = "bilinear",
    skips: Sequence[int] = (),
    classify_first: bool = True,
    head_stddev: float = 0.1,
) -> keras.Model:
    """uint8 (B, H, W, 3) -> float32 logits (B, H, W, C); H and W of at least 16.

    The options are the suspected causes of its bad training; PAPER has them as in the paper.
    stem_filters, stem_activation: of the first convolution, and whether it is rectified.
    reduction_strides: (8,), which looks at 9 of 64 places, or (2, 2, 2).
    batch_normalisation: after every convolution but a linear stem's, the context's and the last, not
        only in the residual bottleneck.
    rectify_sums: ReLU after every sum of branches; without it, modules follow one another linearly.
    context: adds the mean over the picture at a sixteenth of its size.
    inner_filters: within the modules at an eighth of the size; None: as many as outside.
    fine_filters: of the two refine modules at a quarter.
    upsampling: "nearest", "bilinear", or "learned" (transposed convolutions).
    skips: strides (2, 1) of finer features that join after the last refine module, with half as many
        filters. In short trainings the network learns less with them.
    classify_first: the last 1x1 convolution before the last enlargement, with which it commutes if that
        is bilinear or nearest, at a fraction of the cost.
    head_stddev: standard deviation of the last convolution's weights before training. Small ones keep
        sums of branches that are not normalised from being certain of anything.
    """
    blocks = _Blocks(batch_normalisation, rectify_sums)
    image = keras.Input(image_shape, dtype="uint8", name="image")
    x = keras.layers.Rescaling(1 / 128, offset=-1, name="normalise")(image)
    finer = {1: x}

    if stem_activation:
        x = blocks.relu(blocks.convolution(x, stem_filters, "stem", 7, 2), "stem")
    else:
        x = keras.layers.Conv2D(stem_filters, 7, 2, padding="same", name="stem_conv")(x)
    finer[2] = half = x
    quarter = keras.layers.MaxPooling2D(3, 2, padding="same", name="stem_pool")(half)

    coarse = blocks.bottleneck_reduction(half, _COARSE, reduction_strides, "reduction")
    if context:
        coarse = global_context(coarse, "context")
    inner = inner_filters or _COARSE
    eighth = blocks.residual_bottleneck(quarter, _COARSE, inner, "residual")
    eighth = blocks.refine(eighth, _COARSE, inner, "refine1")
    x = resized_to(coarse, eighth, upsampling, "merge1")
    x = blocks.sum([x, eighth], "merge1")

    x = blocks.refine(x, _MERGED, inner_filters or _MERGED, "refine2")
    fine = blocks.refine(quarter, fine_filters, fine_filters, "refine3")
    if fine_filters != _MERGED:  # narrowed before it is enlarged
        x = blocks.convolution(x, fine_filters, "merge2_fit", 1)
    x = resized_to(x, fine, upsampling, "merge2")
    x = blocks.sum([x, fine], "merge2")
    x = blocks.refine(x, fine_filters, fine_filters, "refine4")

    for stride in skips:
        skip = blocks.convolution(finer[stride], fine_filters // 2, f"skip{stride}_fit")
        x = blocks.convolution(x, fine_filters // 2, f"skip{stride}_narrow", 1)
        x = resized_to(x, skip, upsampling, f"skip{stride}")
        x = keras.layers.Add(name=f"skip{stride}_add")([x, skip])
        x = blocks.relu(x, f"skip{stride}")
        x = blocks.relu(
            blocks.convolution(x, fine_filters // 2, f"skip{stride}_merge"), f"skip{stride}_merge"
        )

    normal = keras.initializers.RandomNormal(stddev=head_stddev)
    classify = keras.layers.Conv2D(
        num_classes, 1, kernel_initializer=normal, dtype="float32", name="head_logits"
    )
    if classify_first:
        logits = resized_to(classify(x), image, upsampling, "head")
    else:
        logits = classify(resized_to(x, image, upsampling, "head"))
    return keras.Model(image, logits, name="edgesegnet")
