"""Figures that explain how labels are decoded and how frames are augmented."""

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image
from scipy import ndimage

from roadseg.data.augmentation import Augmentation
from roadseg.data.classes import IGNORE, ClassMap
from roadseg.data.sources import Frame, Source
from roadseg.data.store import FrameStore
from roadseg.plots.frames import Panel, image_grid
from roadseg.plots.style import COLOURS, RIGHT, SMALL, class_patches, paint, patch

_VARIANTS = 8
_SMALLEST_NAMED = 0.0006  # share of the image; smaller areas get no number


def decoding_steps(source: Source, frame: Frame) -> Figure:
    """One frame at full size, step by step: image, label colours, instance ids, class ids.

    An instance id is the place of a colour among those that the sequence lists for its class. Classes
    with one colour, such as the sky, have no instances and are grey in that step.
    """
    class_map = source.class_map(frame.sequence)
    image, ids = source.read(frame)
    colours = _label_colours(frame, ids, class_map)
    instances = _instance_ids(colours, class_map)
    palette = np.array(source.palette)
    patches = [
        patch(f"{number} {name}", colour)
        for number, (name, colour) in enumerate(zip(source.class_names, palette, strict=True))
        if (ids == number).any()
    ]
    figure = image_grid(
        [
            [Panel("image", np.asarray(image)), Panel("1. colours in the label file", colours)],
            [
                Panel("2. instance ids (grey: classes without)", _paint_instances(instances)),
                Panel("3. class ids", paint(ids, palette)),
            ],
        ],
        patches,
    )
    _print_numbers(figure.axes[2], instances, {0})
    _print_numbers(figure.axes[3], ids, set())
    return figure


def _label_colours(frame: Frame, ids: np.ndarray, class_map: ClassMap) -> np.ndarray:
    """uint8 (H, W, 3) as in the label file; painted where the file holds ids itself."""
    with Image.open(frame.label) as file:
        return np.asarray(file) if file.mode == "RGB" else class_map.encode(ids)


def _instance_ids(colours: np.ndarray, class_map: ClassMap) -> np.ndarray:
    """int (H, W): 1, 2, ... within each class that has several colours, else 0."""
    listed: dict[int, list] = {}
    for colour, class_id in class_map.colour_to_id.items():
        listed.setdefault(class_id, []).append(colour)
    found = np.zeros(colours.shape[:2], int)
    for class_id, siblings in listed.items():
        if class_id == IGNORE or len(siblings) == 1:
            continue
        for number, colour in enumerate(siblings, start=1):
            found[(colours == colour).all(axis=-1)] = number
    return found


def _paint_instances(instances: np.ndarray) -> np.ndarray:
    """Neighbouring numbers in colours far from each other."""
    colours = (255 * np.array([to_rgb(colour) for colour in COLOURS])).astype(np.uint8)
    image = colours[instances % len(colours)]
    image[instances == 0] = RIGHT
    return image


def _print_numbers(axes: Axes, ids: np.ndarray, without: set[int]) -> None:
    """Each id on its largest connected area, at the point farthest from the area's edge."""
    for number in set(np.unique(ids).tolist()) - without:
        areas, _ = ndimage.label(ids == number)
        sizes = np.bincount(areas.ravel())[1:]
        if sizes.max() < _SMALLEST_NAMED * ids.size:
            continue
        inside = np.pad(areas == sizes.argmax() + 1, 1)
        row, column = np.unravel_index(ndimage.distance_transform_edt(inside).argmax(), inside.shape)
        text = axes.text(column - 1, row - 1, number, fontsize=SMALL, ha="center", va="center")
        text.set_path_effects([patheffects.withStroke(linewidth=2, foreground="white")])


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
    variants = [(images[0], labels[0])]
    for number in range(_VARIANTS):
        generator = np.random.default_rng([seed, number])
        variants.append(augmentation(images[0], labels[0], generator))
    rows = []
    for start in range(0, len(variants), 3):
        row = list(enumerate(variants))[start : start + 3]
        rows.append([Panel(f"variant {i}" if i else "original", image) for i, (image, _) in row])
        rows.append([Panel("", paint(ids, frames.palette)) for _, (_, ids) in row])
    return image_grid(rows, class_patches(frames, [ids for _, ids in variants]))
