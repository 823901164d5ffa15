"""The diagram of a network: its stages, what is in them, and how they are connected.

keras.utils.plot_model draws layers, not stages, and needs graphviz, which pip does not install.
"""

from collections.abc import Mapping

import keras
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

Stages = Mapping[str, list[keras.layers.Layer]]
Edges = list[tuple[str, str]]

_BOX = "#DCE9F5"
_FONT = 8  # points
_CHARACTER, _LINE, _GAP = 0.068, 0.155, 0.4  # inches: of text in that size, and between boxes


def network_diagram(network: keras.Model) -> Figure:
    """Boxes are stages, the part of a layer's name before "_"; arrows are tensors between them.

    From left to right by depth, from top to bottom by resolution. network: a functional one.
    """
    stages: dict[str, list[keras.layers.Layer]] = {}
    for layer in network.layers:
        stages.setdefault(_stage(layer), []).append(layer)
    return _draw(network.name, stages, _edges(network), network.input_shape[1])


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


def _columns(stages: Stages, edges: Edges) -> dict[str, int]:
    """How many stages lie before each, at most."""
    depth = dict.fromkeys(stages, 0)
    for source, target in edges:  # in the order of the layers, so that sources are final
        depth[target] = max(depth[target], depth[source] + 1)
    return depth


def _rows(stages: Stages, columns: Mapping[str, int], picture: int) -> dict[str, int]:
    """A row a resolution; a stage whose place is taken goes below.

    A stage is in the row of its largest output, not counting what is cropped from more than the picture,
    which has that height. Those that keep their resolution are placed first.
    """
    heights = {stage: [each.output.shape[1] for each in layers] for stage, layers in stages.items()}
    heights = {stage: [min(each, picture) for each in outputs] for stage, outputs in heights.items()}
    resolutions = sorted({max(each) for each in heights.values()}, reverse=True)
    rows, taken = {}, set()
    for stage in sorted(stages, key=lambda stage: max(heights[stage]) != min(heights[stage])):
        row = resolutions.index(max(heights[stage]))
        while (columns[stage], row) in taken:
            row += 1
        rows[stage] = row
        taken.add((columns[stage], row))
    return rows


def _middles(places: Mapping[str, int], sizes: Mapping[str, float]) -> tuple[dict[str, float], float]:
    """Middle of each stage's column or row in inches, and how much all of them take."""
    end, middle = 0.0, {}
    for place in range(max(places.values()) + 1):
        size = max((sizes[stage] for stage in places if places[stage] == place), default=0.0) + _GAP
        middle[place] = end + size / 2
        end += size
    return {stage: middle[place] for stage, place in places.items()}, end


def _draw(name: str, stages: Stages, edges: Edges, picture: int) -> Figure:
    """picture: its height."""
    labels = {stage: _label(stage, layers) for stage, layers in stages.items()}
    lines = {stage: label.split("\n") for stage, label in labels.items()}
    columns = _columns(stages, edges)
    x, width = _middles(
        columns, {stage: _CHARACTER * max(map(len, each)) for stage, each in lines.items()}
    )
    y, height = _middles(
        _rows(stages, columns, picture), {stage: _LINE * len(each) for stage, each in lines.items()}
    )
    figure = plt.figure(figsize=(width, height + _GAP))
    axes = figure.add_axes((0, 0, 1, height / (height + _GAP)), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    axes.set_title(name)
    boxes = {
        stage: axes.text(
            x[stage],
            y[stage],
            label,
            ha="center",
            va="center",
            fontsize=_FONT,
            bbox={"boxstyle": "round", "facecolor": _BOX},
        )
        for stage, label in labels.items()
    }
    for source, target in edges:
        axes.annotate(
            "",
            xy=(0, 0.5),  # from the middle of a right side to that of a left one
            xycoords=boxes[target].get_bbox_patch(),
            xytext=(1, 0.5),
            textcoords=boxes[source].get_bbox_patch(),
            arrowprops={"arrowstyle": "-|>", "color": "black", "shrinkA": 0, "shrinkB": 0},
        )
    return figure
