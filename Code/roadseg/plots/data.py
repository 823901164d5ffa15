"""Figures of a data set: its frames and classes, how labels are decoded and frames augmented."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from roadseg.data.augmentation import Augmentation
from roadseg.data.classes import IGNORE, ClassMap
from roadseg.data.sources import Frame, Source
from roadseg.data.splits import Split
from roadseg.data.store import FrameStore
from roadseg.plots import style
from roadseg.plots.style import Panel, class_patches, frame_panels, image_grid, paint

_VARIANTS = 8


def decoding_steps(source: Source, frame: Frame) -> Figure:
    """One frame at full size, step by step: image, label colours, instance ids, class ids.

    An instance id is the place of a colour among those that the sequence lists for its class. Classes
    with one colour, such as the sky, have no instances and are grey in that step.
    """
    class_map = source.class_map(frame.sequence)
    image, ids = source.read(frame)
    with Image.open(frame.label) as file:  # painted where the file holds ids itself
        colours = np.asarray(file) if file.mode == "RGB" else class_map.encode(ids)
    instances = _instance_ids(colours, class_map)
    # Neighbouring numbers get colours far from each other.
    colour_cycle = 255 * np.array([to_rgb(colour) for colour in style.COLOURS])
    painted = colour_cycle[instances % len(colour_cycle)].astype(np.uint8)
    painted[instances == 0] = style.RIGHT
    palette = np.array(source.palette)
    class_panel = Panel("3. class ids", paint(ids, palette))
    rows = [
        [Panel("image", np.asarray(image)), Panel("1. colours in the label file", colours)],
        [Panel("2. instance ids (grey: classes without)", painted), class_panel],
    ]
    numbers = np.unique(ids[ids != IGNORE]).tolist()
    handles = [style.patch(f"{each} {source.class_names[each]}", palette[each]) for each in numbers]
    figure = image_grid(rows, handles)
    style.name_regions(figure.axes[2], instances, {each: each for each in range(1, instances.max() + 1)})
    style.name_regions(figure.axes[3], ids, {each: each for each in numbers})
    return figure


def _instance_ids(colours: np.ndarray, class_map: ClassMap) -> np.ndarray:
    """int (H, W): 1, 2, ... within each class that has several colours, else 0."""
    class_ids = list(class_map.colour_to_id.values())
    found, counts = np.zeros(colours.shape[:2], int), dict.fromkeys(class_ids, 0)
    for colour, class_id in class_map.colour_to_id.items():
        counts[class_id] += 1
        if class_id != IGNORE and class_ids.count(class_id) > 1:
            found[(colours == colour).all(axis=-1)] = counts[class_id]
    return found


def samples(frames: FrameStore, indices: Sequence[int]) -> Figure:
    """Images and their ground truth, one below the other where frames are wide, else side by side.

    indices: positions in the store.
    """
    _, labels = frames.read(indices)
    pairs = [frame_panels(frames, index) for index in indices]
    height, width = labels.shape[1:]
    rows = list(zip(*pairs, strict=True)) if width > 2 * height else pairs
    return image_grid(rows, class_patches(frames, labels))


def variations(frames: FrameStore) -> Figure:
    """The first frame of each sequence "world/variation": a column for each world."""
    first = {name: i for i, name in reversed(list(enumerate(frames.sequence)))}
    worlds, kinds = (sorted({name.split("/")[part] for name in first}) for part in (0, 1))
    blank = Panel("", np.full(frames.image_shape, 255, np.uint8))
    panels = {name: Panel(name, frames.images[index]) for name, index in first.items()}
    return image_grid([[panels.get(f"{each}/{kind}", blank) for each in worlds] for kind in kinds])


def class_shares(frames: FrameStore, split: Split) -> Figure:
    """Each class's share of the labelled pixels in both parts of a split."""
    size = style.WIDTH, 0.27 * frames.num_classes + 0.8
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    axes.set(xscale="log", xlabel="share of the labelled pixels, % (logarithmic)")
    parts = {"train": split.train, "validation": split.validation}
    for order, (name, indices) in enumerate(parts.items()):
        pixels = frames.class_pixels(indices)
        values = np.where(pixels > 0, 100 * pixels / pixels.sum(), np.nan)
        places = np.arange(len(values)) + 0.4 * order - 0.2
        axes.plot(values, places, "o", color=style.COLOURS[order], label=name)
        text_style = {"va": "center", "fontsize": style.SMALL, "color": style.COLOURS[order]}
        for value, place in zip(values, places, strict=True):
            if value > 0:
                beside = {"xytext": (7, 0), "textcoords": "offset points"}
                style.halo(axes.annotate(f"{value:.2g}", (value, place), **beside, **text_style))
            else:
                axes.text(0.01, place, "absent", transform=axes.get_yaxis_transform(), **text_style)
    style.name_rows(axes, frames.class_names)
    axes.margins(x=0.1)
    axes.xaxis.set_major_formatter("{x:g}")
    style.legend_above(axes)
    return figure


def augmentations(frames: FrameStore, index: int, augmentation: Augmentation, seed: int = 0) -> Figure:
    """A frame as it is and eight random variants of it, each above its labels.

    Args:
        frames: an opened store.
        index: position of the frame in the store.
        augmentation: what may change, for example that of a recipe.
        seed: of the random changes.

    Returns:
        A figure of three columns; labels have the classes' colours and are black outside the frame.
    """
    images, labels = frames.read([index])
    variants = [("original", images[0], labels[0])]
    for number in range(1, _VARIANTS + 1):
        generator = np.random.default_rng([seed, number - 1])
        other = None
        if augmentation.takes_from_others:
            others = frames.read([int(generator.integers(len(frames)))])
            other = tuple(each[0] for each in others)  # image and labels
        variant = augmentation(images[0], labels[0], generator, other)
        variants.append((f"variant {number}", *variant))
    rows = []
    for start in range(0, len(variants), 3):
        row = variants[start : start + 3]
        rows.append([Panel(name, image) for name, image, _ in row])
        rows.append([Panel("", paint(ids, frames.palette)) for _, _, ids in row])
    return image_grid(rows, class_patches(frames, [ids for _, _, ids in variants]))
