"""Instance ids of vehicles, their label colours, and the lines of the encoding file."""

from functools import cache

import numpy as np

from roadscenes.class_ids import CLASS_NAMES, TRUCK
from roadseg.data.sources.virtual_kitti import VirtualKitti1


class Instances:
    """The cars and vans of one world, numbered from 0; trucks have no instance, as in Virtual KITTI.

    An instance id, in a mesh and in a frame, is len(CLASS_NAMES) + its number for a car or van, and the
    class id for everything else.
    """

    def __init__(self):
        self._vehicles: list[int] = []  # class ids, by number

    def add(self, class_id: int) -> int:
        """The instance id of another vehicle; class_id: TRUCK, VAN or CAR."""
        if class_id == TRUCK:
            return TRUCK
        self._vehicles.append(class_id)
        return len(CLASS_NAMES) + len(self._vehicles) - 1

    @property
    def encoding(self) -> list[str]:
        """Lines of the encoding file, after its header."""
        names = [name for name in CLASS_NAMES if name not in VirtualKitti1.instance_classes]
        colours = [VirtualKitti1.palette[CLASS_NAMES.index(name)] for name in names]
        names += [f"{CLASS_NAMES[class_id]}:{number}" for number, class_id in enumerate(self._vehicles)]
        colours += [tuple(colour) for colour in _vehicle_colours()[: len(self._vehicles)].tolist()]
        return [f"{name} {r} {g} {b}" for name, (r, g, b) in zip(names, colours, strict=True)]

    @property
    def colours(self) -> np.ndarray:
        """uint8 (instances, 3): the label colour of each instance id."""
        vehicles = _vehicle_colours()[: len(self._vehicles)]
        return np.concatenate([np.array(VirtualKitti1.palette, np.uint8), vehicles])

    @property
    def class_ids(self) -> np.ndarray:
        """uint8 (instances,): the class id of each instance id."""
        return np.array([*range(len(CLASS_NAMES)), *self._vehicles], np.uint8)


@cache
def _vehicle_colours() -> np.ndarray:
    """uint8 (N, 3), all different, the same in every world: one colour is a car here and a van there."""
    numbers = np.random.default_rng(131).permutation(50**3)
    channels = np.stack([numbers // 2500, numbers // 50 % 50, numbers % 50], 1)
    return (channels + 200).astype(np.uint8)
