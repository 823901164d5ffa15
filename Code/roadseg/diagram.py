"""The diagram of a network: its stages, what is in them, and how they are connected."""

import io
import shutil
from collections.abc import Mapping

import keras
import matplotlib.pyplot as plt
import pydot
from matplotlib.figure import Figure

Stages = Mapping[str, list[keras.layers.Layer]]
Edges = list[tuple[str, str]]

_BOX = "#DCE9F5"


def network_diagram(network: keras.Model) -> Figure:
    """Boxes are stages, the part of a layer's name before "_"; arrows are tensors between them.

    Laid out by graphviz where its `dot` is installed; else from left to right by depth and from top to
    bottom by resolution, with Matplotlib alone.
    """
    stages: dict[str, list[keras.layers.Layer]] = {}
    for layer in network.layers:
        stages.setdefault(_stage(layer), []).append(layer)
    edges = _edges(network)
    if shutil.which("dot"):
        return _draw_with_graphviz(network.name, stages, edges)
    return _draw_by_resolution(network.name, stages, edges)


def _stage(layer: keras.layers.Layer) -> str:
    return layer.name.split("_")[0]


def _edges(network: keras.Model) -> Edges:
    """Pairs of stages of which the second takes an output of the first."""
    producer = {id(layer.output): layer for layer in network.layers}
    edges = {}
    for layer in network.layers:
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        for tensor in inputs:
            pair = _stage(producer[id(tensor)]), _stage(layer)
            if pair[0] != pair[1]:
                edges[pair] = None  # a dict keeps the order
    return list(edges)


def _label(stage: str, layers: list[keras.layers.Layer]) -> str:
    lines: list[str] = []
    for words in filter(None, map(_describe, layers)):
        joins = words in ("batch norm", "relu") and lines and "conv" in lines[-1]
        if joins and words not in lines[-1]:
            lines[-1] += f", {words}"
        else:
            lines.append(words)
    _, height, width, channels = layers[-1].output.shape
    return "\n".join([stage, *lines, f"{height} x {width} x {channels}"])


def _describe(layer: keras.layers.Layer) -> str:
    """A layer in the words of a paper's figure; nothing for the input itself."""
    kinds = keras.layers
    match layer:
        case kinds.InputLayer():
            return ""
        case kinds.Conv2DTranspose():
            return f"transposed conv {layer.kernel_size[0]}x{layer.kernel_size[1]}, {layer.filters}"
        case kinds.Conv2D():
            stride = f"/{layer.strides[0]}" if layer.strides[0] > 1 else ""
            return f"conv {layer.kernel_size[0]}x{layer.kernel_size[1]}{stride}, {layer.filters}"
        case kinds.UpSampling2D():
            return f"{layer.interpolation} x{layer.size[0]}"
        case kinds.Cropping2D():
            return "crop"
        case kinds.GlobalAveragePooling2D():
            return "mean over all pixels"
        case kinds.MaxPooling2D():
            return f"max-pool {layer.pool_size[0]}"
        case kinds.BatchNormalization():
            return "batch norm"
        case kinds.ZeroPadding2D():
            sides = zip(layer.padding, ("row", "column"), strict=True)
            return "zero-pad " + ", ".join(f"{sum(n)} {name}" for n, name in sides if any(n))
        case kinds.Concatenate():
            return "concat"
        case _:
            return type(layer).__name__.lower()


def _draw_with_graphviz(name: str, stages: Stages, edges: Edges) -> Figure:
    graph = pydot.Dot(
        rankdir="LR",
        dpi="110",
        nodesep="0.15",
        ranksep="0.25",
        label=name,
        labelloc="t",
        fontname="DejaVu Sans",
    )
    graph.set_node_defaults(
        shape="box", style="rounded,filled", fillcolor=_BOX, fontname="DejaVu Sans", fontsize="10"
    )
    for stage, layers in stages.items():
        graph.add_node(pydot.Node(stage, label=_label(stage, layers)))
    for pair in edges:
        graph.add_edge(pydot.Edge(*pair))
    picture = plt.imread(io.BytesIO(graph.create_png()))
    height, width, _ = picture.shape
    figure = plt.figure(figsize=(12, 12 * height / width))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(picture)
    axes.set_axis_off()
    return figure


def _draw_by_resolution(name: str, stages: Stages, edges: Edges) -> Figure:
    depth = dict.fromkeys(stages, 0)
    for source, target in edges:  # in the order of the layers, so that sources are final
        depth[target] = max(depth[target], depth[source] + 1)
    heights = {stage: max(each.output.shape[1] for each in layers) for stage, layers in stages.items()}
    levels, taken = {}, set()
    for stage in stages:  # the first free row at or below the stage's resolution
        level = sorted(set(heights.values()), reverse=True).index(heights[stage])
        while (depth[stage], level) in taken:
            level += 1
        levels[stage] = level
        taken.add((depth[stage], level))

    rows = max(levels.values()) + 1
    labels = {stage: _label(stage, layers) for stage, layers in stages.items()}
    width = 1.9 * (max(depth.values()) + 1)
    height = rows * (0.5 + 0.15 * max(label.count("\n") + 1 for label in labels.values()))
    figure, axes = plt.subplots(figsize=(width, height), layout="constrained")
    boxes = {
        stage: axes.text(
            depth[stage],
            -levels[stage],
            labels[stage],
            ha="center",
            va="center",
            fontsize=8,
            bbox={"boxstyle": "round", "facecolor": _BOX},
        )
        for stage in stages
    }
    for source, target in edges:
        axes.annotate(
            "",
            xy=boxes[target].get_position(),
            xytext=boxes[source].get_position(),
            arrowprops={
                "arrowstyle": "-|>",
                "color": "black",
                "patchA": boxes[source].get_bbox_patch(),
                "patchB": boxes[target].get_bbox_patch(),
            },
        )
    axes.set_title(name)
    axes.set_xlim(-0.6, max(depth.values()) + 0.6)
    axes.set_ylim(-rows + 0.4, 0.6)
    axes.set_axis_off()
    return figure
