"""The diagram of a network: its stages from top to bottom, indented by resolution.

keras.utils.plot_model draws layers, not stages, and needs graphviz, which pip does not install.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import keras
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Patch
from matplotlib.textpath import TextPath

from roadseg.plots.stages import Stage, stages
from roadseg.plots.style import COLOURS, TEXT, WIDTH

_ROLES = {"encoder": "#CFE3F5", "context": "#F6E3A8", "skip": "#FAD3BC", "decoder": "#CDEBDD"}
_SKIP = COLOURS[1]
_LINE, _PAD, _GAP, _MARGIN = 0.19, 0.09, 0.3, 0.06  # inches
_LANE = 0.2  # inches from a box's left edge to an arrow that passes other boxes
_HEADER = 0.75  # inches for title and legend


@dataclass(eq=False)
class _Box:
    """A stage and its place in inches; y grows downwards."""

    stage: Stage
    left: float
    width: float
    top: float = 0.0
    sources: list["_Box"] = field(default_factory=list)

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def height(self) -> float:
        return _LINE * (1 + len(self.stage.lines)) + 2 * _PAD

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def middle(self) -> float:
        return self.top + self.height / 2

    def covers(self, x: float) -> bool:
        return self.left - _MARGIN < x < self.right + _MARGIN


def network_diagram(network: keras.Model) -> Figure:
    """Boxes are stages, the first word of their layers' names; arrows are tensors between them.

    Data flows downwards; the lower the resolution, the farther to the right. The size beside a stage's
    name is that of its output. network: a functional one.
    """
    boxes = _placed(stages(network))
    height = _HEADER + max(box.bottom for box in boxes) + _MARGIN
    figure = plt.figure(figsize=(WIDTH, height))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(height - _HEADER, -_HEADER))
    axes.set_axis_off()
    for box in boxes:
        _draw_box(axes, box)
    for box in boxes:
        for source in box.sources:
            _draw_arrow(axes, source, box, boxes)
    _draw_header(axes, network, boxes)
    return figure


def _placed(ordered: Sequence[Stage]) -> list[_Box]:
    """Each stage in the lane of its resolution, as far up as its sources and the boxes above permit."""
    lanes = _lanes(ordered)
    width = max(_width(stage) for stage in ordered) + 2 * _PAD
    room = WIDTH - width - 2 * _MARGIN
    boxes: dict[Stage, _Box] = {}
    for stage in ordered:
        left = _MARGIN + room * lanes[stage.level] / max(1, *lanes.values())
        box = _Box(stage, left, width, sources=[boxes[source] for source in stage.sources])
        above = [each for each in boxes.values() if each in box.sources or _overlap(each, box)]
        box.top = max((each.bottom + _GAP for each in above), default=0.0)
        boxes[stage] = box
    return list(boxes.values())


def _lanes(ordered: Sequence[Stage]) -> dict[int, int]:
    """Level -> lane. A level from whose stages no arrow leads to another of them needs none of its own,
    and shares that of the next lower resolution."""
    connected = {each.level for each in ordered for source in each.sources if source.level == each.level}
    lanes, lane = {}, 0
    for level in sorted({stage.level for stage in ordered}):
        lanes[level] = lane
        lane += level in connected
    return lanes


def _overlap(one: _Box, other: _Box) -> bool:
    return one.left < other.right + _MARGIN and other.left < one.right + _MARGIN


def _width(stage: Stage) -> float:
    """Of the widest line, in inches."""
    title = _measure(stage.name, "bold") + _measure(f"   {stage.size}")
    return max([title, *map(_measure, stage.lines)])


def _measure(text: str, weight: str = "normal") -> float:
    properties = {"family": plt.rcParams["font.family"], "weight": weight, "size": TEXT}
    return TextPath((0, 0), text.replace(" ", "n"), prop=properties).get_extents().width / 72


def _draw_box(axes: Axes, box: _Box) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (box.left, box.top), box.width, box.height, boxstyle="round,pad=0,rounding_size=0.06",
            facecolor=_ROLES[box.stage.role], edgecolor="black", linewidth=0.8,
        )
    )  # fmt: skip
    first = box.top + _PAD
    style = {"fontsize": TEXT, "va": "top"}
    axes.text(box.left + _PAD, first, box.stage.name, fontweight="bold", **style)
    axes.text(box.right - _PAD, first, box.stage.size, ha="right", **style)
    for number, line in enumerate(box.stage.lines, start=1):
        axes.text(box.left + _PAD, first + number * _LINE, line, **style)


def _draw_arrow(axes: Axes, source: _Box, target: _Box, boxes: Sequence[_Box]) -> None:
    """Straight down where boxes overlap; else first to the side when the resolution falls, and first
    down when it rises."""
    colour, width = (_SKIP, 2) if _skips(source.stage, target.stage) else ("black", 1)
    shared = max(source.left, target.left), min(source.right, target.right)
    if shared[0] < shared[1]:
        x = _free_lane(shared, source, target, boxes)
        points = [(x, source.bottom), (x, target.top)]
    elif target.left > source.left:
        x = target.left + target.width / 2
        points = [(source.right, source.middle), (x, source.middle), (x, target.top)]
    else:
        x = source.left + source.width / 2
        points = [(x, source.bottom), (x, target.middle), (target.right, target.middle)]
    axes.plot(*zip(*points[:-1], strict=True), color=colour, linewidth=width)
    axes.annotate(
        "",
        xy=points[-1],
        xytext=points[-2],
        arrowprops={"arrowstyle": "-|>", "color": colour, "lw": width, "shrinkA": 0, "shrinkB": 0},
    )


def _skips(source: Stage, target: Stage) -> bool:
    """Whether features go on at their resolution, past those of lower ones."""
    joins = target.role == "decoder" and source.role != "decoder" and source.level == target.level
    return joins or target.role == "skip"


def _free_lane(shared: tuple[float, float], source: _Box, target: _Box, boxes: Sequence[_Box]) -> float:
    """Where a vertical arrow meets no box: in the middle of what both boxes share, else at its left."""
    between = [box for box in boxes if box.top > source.top and box.bottom < target.bottom]
    middle = sum(shared) / 2
    return shared[0] + _LANE if any(box.covers(middle) for box in between) else middle


def _draw_header(axes: Axes, network: keras.Model, boxes: Sequence[_Box]) -> None:
    title = f"{network.name}: {network.count_params():,} parameters"
    axes.text(_MARGIN, -_HEADER + 0.06, title, fontsize=TEXT + 2, fontweight="bold", va="top")
    words = "/2: stride of 2    BN: batch normalisation"
    axes.text(WIDTH - _MARGIN, -_HEADER + 0.08, words, fontsize=TEXT, ha="right", va="top")
    present = {box.stage.role for box in boxes}
    handles = [
        Patch(facecolor=colour, edgecolor="black", linewidth=0.8, label=role)
        for role, colour in _ROLES.items()
        if role in present
    ]
    handles.append(Line2D([], [], color=_SKIP, linewidth=2, label="skip connection"))
    axes.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(_MARGIN, -_HEADER + 0.3),
        bbox_transform=axes.transData, ncols=len(handles), frameon=False, fontsize=TEXT, borderpad=0,
        borderaxespad=0, handlelength=1.5,
    )  # fmt: skip
