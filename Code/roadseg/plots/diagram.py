"""Figures of networks: the diagram, with stages from top to bottom, and the receptive field.

A stage is the layers whose names begin with the same word. keras.utils.plot_model draws layers, not
stages, and needs graphviz, which pip does not install.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Patch, Rectangle
from matplotlib.textpath import TextPath

from roadseg.networks import fixed_size
from roadseg.networks.blocks import MatchSize
from roadseg.networks.receptive_field import receptive_field
from roadseg.plots.style import COLOURS, TEXT, WIDTH, legend_above

_ROLES = {"encoder": "#CFE3F5", "context": "#F6E3A8", "skip": "#FAD3BC", "decoder": "#CDEBDD"}
_SKIP, _EDGE = COLOURS[1], {"edgecolor": "black", "linewidth": 0.8}
_LINE, _PAD, _GAP, _MARGIN = 0.19, 0.09, 0.3, 0.06  # inches
_LANE = 0.2  # inches from a box's left edge to an arrow that passes other boxes
_HEADER = 0.75  # inches for title and legend
_CONVOLUTIONS = {
    "Conv2D": "conv",
    "Conv2DTranspose": "transposed conv",
    "SeparableConv2D": "separable conv",
}
_WORDS = {  # of layers that have no numbers to tell
    "InputLayer": "",
    "Rescaling": "scaled to -1..1",
    "GlobalAveragePooling2D": "mean over all pixels",
    "BatchNormalization": "BN",
    "ReLU": "ReLU",
    "Concatenate": "concatenation",
    "Add": "sum",
}


@dataclass(eq=False)
class Stage:
    """The layers whose names begin with the same word, up to the first "_", and the box for them."""

    name: str
    lines: dict[int, str] = field(default_factory=dict)  # layers in words, by the tensor they make
    size: str = ""  # of the output
    sources: list["Stage"] = field(default_factory=list)  # where its tensors come from
    inputs: list[int] = field(default_factory=list)  # levels of these tensors
    level: int = 0  # how often the image was halved, before a pooling that ends the stage
    role: str = "encoder"  # or another key of _ROLES
    left: float = 0  # inches
    right: float = 0
    top: float = 0  # y grows downwards
    bottom: float = 0


def network_diagram(network: keras.Model) -> Figure:
    """Boxes are stages, the first word of their layers' names; arrows are tensors between them.

    Data flows downwards; the lower the resolution, the farther to the right. The size beside a stage's
    name is that of its output. network: a functional one.
    """
    ordered = stages(fixed_size(network))
    _place(ordered)
    height = _HEADER + max(stage.bottom for stage in ordered) + _MARGIN
    figure = plt.figure(figsize=(WIDTH, height))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(height - _HEADER, -_HEADER))
    axes.set_axis_off()
    for stage in ordered:
        _draw_box(axes, stage)
    for stage in ordered:
        for source in stage.sources:
            _draw_arrow(axes, source, stage, ordered)
    _draw_header(axes, f"{network.name}: {network.count_params():,} parameters", ordered)
    return figure


def stages(network: keras.Model) -> list[Stage]:
    """The stages of a functional network of one size, each after those that it takes tensors from.

    Whatever scales the image before the first convolution belongs to the image's stage.
    """
    found: dict[str, Stage] = {}
    made: dict[int, tuple[Stage, int]] = {}  # tensor -> the stage that makes it, and its level
    for layer in network.layers:
        tensors = [id(tensor) for tensor in keras.tree.flatten(layer.input) if id(tensor) in made]
        if isinstance(layer, MatchSize):
            tensors = tensors[:1]  # of the other one only the size
        name, shape = layer.name.split("_")[0], layer.output.shape
        if isinstance(layer, keras.layers.Rescaling) and tensors:
            name = made[tensors[0]][0].name
        stage = found.setdefault(name, Stage(name))
        level = max(0, round(math.log2(network.input_shape[1] / shape[1]))) if len(shape) == 4 else 0
        made[id(layer.output)] = stage, level
        for source, its_level in map(made.get, tensors):
            if source is not stage:
                stage.inputs.append(its_level)
                if source not in stage.sources:
                    stage.sources.append(source)
        if not isinstance(layer, keras.layers.MaxPooling2D) or not stage.lines:
            stage.level = level
        words = describe(layer)
        if words in ("BN", "ReLU", "") and tensors and tensors[0] in stage.lines:
            before = stage.lines.pop(tensors[0])  # the layer stands behind what it is applied to
            words = f"{before}, {words}" if words else before
        if words:
            stage.lines[id(layer.output)] = words
        stage.size = " x ".join(map(str, shape[1:]))
    ordered: list[Stage] = []
    while rest := [stage for stage in found.values() if stage not in ordered]:
        # Sources first, and those that lower the resolution before those that raise it.
        ready = [stage for stage in rest if {*stage.sources} <= {*ordered}]
        ordered.append(min(ready, key=lambda stage: max(stage.inputs, default=0) > stage.level))
    _assign_roles(ordered)
    return ordered


def _assign_roles(ordered: Sequence[Stage]) -> None:
    """From the resolutions alone, so that any network gets its colours.

    A decoder has passed a lower resolution; the context stays at the lowest one; a skip stays at its
    resolution and leads to the decoder only; all else encodes.
    """
    lowest = max(stage.level for stage in ordered)
    for stage in ordered:
        after_decoder = any(source.role == "decoder" for source in stage.sources)
        if after_decoder or max(stage.inputs, default=0) > stage.level:
            stage.role = "decoder"
        elif lowest and stage.inputs and {stage.level, *stage.inputs} == {lowest}:
            stage.role = "context"
    for stage in reversed(ordered):
        targets = {each.role for each in ordered if stage in each.sources}
        if stage.role == "encoder" and {stage.level} == {*stage.inputs} and targets:
            stage.role = "skip" if targets <= {"decoder", "skip"} else "encoder"


def describe(layer: keras.layers.Layer) -> str:
    """A layer in the words of a paper's figure; nothing for one that changes nothing."""
    kind = type(layer).__name__
    if kind in _CONVOLUTIONS:
        words = "{}x{} ".format(*layer.kernel_size) + _CONVOLUTIONS[kind]
        if layer.strides[0] > 1:
            words += f" /{layer.strides[0]}"
        if layer.dilation_rate[0] > 1:
            words += f" dilated {layer.dilation_rate[0]}"
        name = layer.activation.__name__
        activation = {"linear": "", "relu": ", ReLU"}.get(name, f", {name}")
        return f"{words}, {layer.filters}{activation}"
    if isinstance(layer, keras.layers.UpSampling2D):
        return f"{layer.interpolation} upsampling x{layer.size[0]}"
    if kind == "MaxPooling2D":
        return "{}x{} max-pool".format(*layer.pool_size) + f" /{layer.strides[0]}"
    if isinstance(layer, MatchSize):
        given, wanted = layer.input[0].shape, layer.output.shape
        rows, columns = wanted[1] - given[1], wanted[2] - given[2]
        if rows < 0 or columns < 0:
            return "crop"
        sides = [f"{count} {name}" for count, name in ((rows, "row"), (columns, "column")) if count]
        return f"zero-pad {', '.join(sides)}" if sides else ""
    return _WORDS.get(kind, kind.lower())


def _place(ordered: Sequence[Stage]) -> None:
    """Each stage in the lane of its resolution, as far up as its sources and the boxes above permit.

    A resolution from whose stages no arrow leads to another of them needs no lane of its own, and shares
    that of the next lower one.
    """
    connected = {each.level for each in ordered for source in each.sources if source.level == each.level}
    lanes, lane = {}, 0  # lanes: level -> number from the left
    for level in sorted({stage.level for stage in ordered}):
        lanes[level] = lane
        lane += level in connected
    widths = [_width(each.name, "bold") + _width(f"   {each.size}") for each in ordered]
    width = 2 * _PAD + max(widths + [_width(line) for each in ordered for line in each.lines.values()])
    room = WIDTH - width - 2 * _MARGIN
    for place, stage in enumerate(ordered):
        stage.left = _MARGIN + room * lanes[stage.level] / max(1, *lanes.values())
        stage.right = stage.left + width
        above = [
            each.bottom + _GAP
            for each in ordered[:place]
            if each in stage.sources or abs(each.left - stage.left) < width + _MARGIN
        ]
        stage.top = max(above, default=0.0)
        stage.bottom = stage.top + _LINE * (1 + len(stage.lines)) + 2 * _PAD


def _width(text: str, weight: str = "normal") -> float:
    """In inches."""
    properties = {"family": plt.rcParams["font.family"], "weight": weight, "size": TEXT}
    return TextPath((0, 0), text.replace(" ", "n"), prop=properties).get_extents().width / 72


def _draw_box(axes: Axes, stage: Stage) -> None:
    size = stage.right - stage.left, stage.bottom - stage.top
    rounded = {"boxstyle": "round,pad=0,rounding_size=0.06", **_EDGE}
    axes.add_patch(
        FancyBboxPatch((stage.left, stage.top), *size, facecolor=_ROLES[stage.role], **rounded)
    )
    first = stage.top + _PAD
    style = {"fontsize": TEXT, "va": "top"}
    axes.text(stage.left + _PAD, first, stage.name, fontweight="bold", **style)
    axes.text(stage.right - _PAD, first, stage.size, ha="right", **style)
    for number, line in enumerate(stage.lines.values(), start=1):
        axes.text(stage.left + _PAD, first + number * _LINE, line, **style)


def _draw_arrow(axes: Axes, source: Stage, target: Stage, ordered: Sequence[Stage]) -> None:
    """Straight down where boxes overlap; else first to the side when the resolution falls, and first
    down when it rises."""
    joins = target.role == "decoder" and source.role != "decoder" and source.level == target.level
    colour, width = (_SKIP, 2) if joins or target.role == "skip" else ("black", 1)
    left, right = max(source.left, target.left), min(source.right, target.right)
    if left < right:
        x = (left + right) / 2
        between = [each for each in ordered if each.top > source.top and each.bottom < target.bottom]
        if any(each.left - _MARGIN < x < each.right + _MARGIN for each in between):
            x = left + _LANE  # passes them
        points = [(x, source.bottom), (x, target.top)]
    elif target.left > source.left:
        x, y = (target.left + target.right) / 2, (source.top + source.bottom) / 2
        points = [(source.right, y), (x, y), (x, target.top)]
    else:
        x, y = (source.left + source.right) / 2, (target.top + target.bottom) / 2
        points = [(x, source.bottom), (x, y), (target.right, y)]
    axes.plot(*zip(*points[:-1], strict=True), color=colour, linewidth=width)
    style = {"arrowstyle": "-|>", "color": colour, "lw": width, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=points[-1], xytext=points[-2], arrowprops=style)


def _draw_header(axes: Axes, title: str, ordered: Sequence[Stage]) -> None:
    axes.text(_MARGIN, -_HEADER + 0.06, title, fontsize=TEXT + 2, fontweight="bold", va="top")
    words = "/2: stride of 2    BN: batch normalisation"
    axes.text(WIDTH - _MARGIN, -_HEADER + 0.08, words, fontsize=TEXT, ha="right", va="top")
    shown = [stage.role for stage in ordered]
    handles = [Patch(facecolor=_ROLES[each], label=each, **_EDGE) for each in _ROLES if each in shown]
    handles.append(Line2D([], [], color=_SKIP, linewidth=2, label="skip connection"))
    axes.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(_MARGIN, -_HEADER + 0.3),
        bbox_transform=axes.transData, ncols=len(handles), frameon=False, fontsize=TEXT, borderpad=0,
        borderaxespad=0, handlelength=1.5,
    )  # fmt: skip


def receptive_fields(networks: Mapping[str, keras.Model], image: np.ndarray) -> Figure:
    """An image, and for each network a square around what the class of the middle pixel depends on.

    Squares that reach beyond the image are drawn whole. networks: name -> network for images of
    this size. image: uint8 (H, W, 3).
    """
    fields = {name: receptive_field(network) for name, network in networks.items()}
    rows, columns = zip(((0, len(image)), (0, image.shape[1])), *fields.values(), strict=True)
    (top, bottom), (left, right) = ((np.min(ends) - 4, np.max(ends) + 4) for ends in (rows, columns))
    size = WIDTH, WIDTH * (bottom - top) / (right - left)
    figure = plt.figure(figsize=size)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(left, right), ylim=(bottom, top))
    axes.imshow(image, extent=(0, image.shape[1], len(image), 0))
    axes.set_axis_off()
    for order, (name, ((first, last), (start, end))) in enumerate(fields.items()):
        label = f"{name}: {end - start + 1} x {last - first + 1} pixels"
        style = {"edgecolor": COLOURS[order % len(COLOURS)], "linewidth": 3, "label": label}
        axes.add_patch(Rectangle((start, first), end - start + 1, last - first + 1, fill=False, **style))
    axes.plot(image.shape[1] // 2 + 0.5, len(image) // 2 + 0.5, "s", color="black", mec="white")
    legend_above(axes)
    return figure
