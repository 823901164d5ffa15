"""Groups the layers of a network into stages, with their connections and roles."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import keras

_NORMALISATION, _RELU = "BN", "ReLU"


@dataclass(eq=False)
class Stage:
    """The layers whose names begin with the same word, up to the first "_".

    level: how often the image was halved, before a pooling that ends the stage.
    """

    name: str
    layers: list[keras.layers.Layer] = field(default_factory=list)
    sources: list["Stage"] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)  # levels of the tensors from the sources
    level: int = 0
    role: str = "encoder"  # or "decoder", "skip", "context"

    @property
    def lines(self) -> list[str]:
        """A line for each layer; normalisation and activation stand behind what they are applied to."""
        lines: dict[int, str] = {}  # by the tensor that the line has made
        for layer in self.layers:
            words = describe(layer)
            if words in (_NORMALISATION, _RELU) and id(layer.input) in lines:
                words = f"{lines.pop(id(layer.input))}, {words}"
            if words:
                lines[id(layer.output)] = words
        return list(lines.values())

    @property
    def size(self) -> str:
        """Of the output."""
        return " x ".join(map(str, self.layers[-1].output.shape[1:]))


def stages(network: keras.Model) -> list[Stage]:
    """The stages of a functional network, each after those that it takes tensors from.

    Whatever scales the image before the first convolution belongs to the image's stage.
    """
    found: dict[str, Stage] = {}
    producer: dict[int, Stage] = {}  # by tensor
    for layer in network.layers:
        tensors = [tensor for tensor in keras.tree.flatten(layer.input) if id(tensor) in producer]
        name = layer.name.split("_")[0]
        if isinstance(layer, keras.layers.Rescaling) and tensors:
            name = producer[id(tensors[0])].name
        stage = found.setdefault(name, Stage(name))
        stage.layers.append(layer)
        producer[id(layer.output)] = stage
        for tensor in tensors:
            if (source := producer[id(tensor)]) is not stage:
                stage.inputs.append(_level(tensor, network))
                if source not in stage.sources:
                    stage.sources.append(source)
    for stage in found.values():
        kept = [each for each in stage.layers if not isinstance(each, keras.layers.MaxPooling2D)]
        stage.level = _level((kept or stage.layers)[-1].output, network)
    ordered = _sorted(list(found.values()))
    _assign_roles(ordered)
    return ordered


def _level(tensor, network: keras.Model) -> int:
    if len(tensor.shape) != 4:
        return 0
    return max(0, round(math.log2(network.input_shape[1] / tensor.shape[1])))


def _sorted(found: list[Stage]) -> list[Stage]:
    """Sources first, and those that lower the resolution before those that raise it."""
    ordered: list[Stage] = []
    while len(ordered) < len(found):
        rest = [stage for stage in found if stage not in ordered]
        ready = [stage for stage in rest if all(source in ordered for source in stage.sources)]
        ordered.append(min(ready, key=lambda stage: max(stage.inputs, default=0) > stage.level))
    return ordered


def _assign_roles(ordered: Sequence[Stage]) -> None:
    """From the resolutions alone, so that any network gets its colours.

    A decoder has passed a lower resolution; the context stays at the lowest one; a skip stays at its
    resolution and leads to the decoder only; all else encodes.
    """
    lowest = max(stage.level for stage in ordered)
    for stage in ordered:
        after_decoder = any(source.role == "decoder" for source in stage.sources)
        if after_decoder or any(level > stage.level for level in stage.inputs):
            stage.role = "decoder"
        elif lowest and stage.inputs and {stage.level, *stage.inputs} == {lowest}:
            stage.role = "context"
    for stage in reversed(ordered):
        targets = {each.role for each in ordered if stage in each.sources}
        if stage.role == "encoder" and {stage.level} == set(stage.inputs) and targets:
            stage.role = "skip" if targets <= {"decoder", "skip"} else "encoder"


def describe(layer: keras.layers.Layer) -> str:
    """A layer in the words of a paper's figure; nothing for the input itself."""
    kinds = keras.layers
    match layer:
        case kinds.InputLayer():
            return ""
        case kinds.Rescaling():
            return "scaled to -1..1"
        case kinds.Conv2DTranspose():
            return _convolution(layer, "transposed conv")
        case kinds.SeparableConv2D():
            return _convolution(layer, "separable conv")
        case kinds.Conv2D():
            return _convolution(layer, "conv")
        case kinds.UpSampling2D():
            return f"{layer.interpolation} upsampling x{layer.size[0]}"
        case kinds.Cropping2D():
            return "crop"
        case kinds.GlobalAveragePooling2D():
            return "mean over all pixels"
        case kinds.MaxPooling2D():
            return f"{_square(layer.pool_size)} max-pool /{layer.strides[0]}"
        case kinds.BatchNormalization():
            return _NORMALISATION
        case kinds.ReLU():
            return _RELU
        case kinds.ZeroPadding2D():
            sides = zip(layer.padding, ("row", "column"), strict=True)
            return "zero-pad " + ", ".join(f"{sum(n)} {name}" for n, name in sides if any(n))
        case kinds.Concatenate():
            return "concatenation"
        case kinds.Add():
            return "sum"
        case _:
            return type(layer).__name__.lower()


def _convolution(layer: keras.layers.Layer, kind: str) -> str:
    words = f"{_square(layer.kernel_size)} {kind}"
    if layer.strides[0] > 1:
        words += f" /{layer.strides[0]}"
    if layer.dilation_rate[0] > 1:
        words += f" dilated {layer.dilation_rate[0]}"
    words += f", {layer.filters}"
    activation = layer.activation.__name__
    return words + {"linear": "", "relu": f", {_RELU}"}.get(activation, f", {activation}")


def _square(size: Sequence[int]) -> str:
    return f"{size[0]}x{size[1]}"
