"""Which vehicle is which: instance numbers, their colours and the lines of the encoding file."""

from functools import cache

import numpy as np

from roadscenes.labels import CLASS_NAMES, TRUCK
from roadseg.data.sources.virtual_kitti import VirtualKitti1


class Instances:
    """The vehicles of one world, numbered through; trucks have no instance, as in Virtual KITTI.

    An owner, in a Mesh and in a frame, is a class id, or len(CLASS_NAMES) + a vehicle's number.
    """

    def __init__(self):
        self._kinds: list[int] = []  # class ids, by number

    def new_owner(self, kind: int) -> int:
        """kind: TRUCK, VAN or CAR."""
        if kind == TRUCK:
            return TRUCK
        self._kinds.append(kind)
        return len(CLASS_NAMES) + len(self._kinds) - 1

    @property
    def encoding(self) -> list[str]:
        """Lines of the encoding file, after its header."""
        names = [name for name in CLASS_NAMES if name not in VirtualKitti1.instance_classes]
        colours = [VirtualKitti1.palette[CLASS_NAMES.index(name)] for name in names]
        names += [f"{CLASS_NAMES[kind]}:{number}" for number, kind in enumerate(self._kinds)]
        colours += [tuple(colour) for colour in _colours()[: len(self._kinds)].tolist()]
        return [f"{name} {r} {g} {b}" for name, (r, g, b) in zip(names, colours, strict=True)]

    @property
    def colours(self) -> np.ndarray:
        """uint8 (owners, 3): the label colour of each owner."""
        return np.concatenate(
            [np.array(VirtualKitti1.palette, np.uint8), _colours()[: len(self._kinds)]]
        )

    @property
    def classes(self) -> np.ndarray:
        """uint8 (owners,): the class id of each owner."""
        return np.array([*range(len(CLASS_NAMES)), *self._kinds], np.uint8)


@cache
def _colours() -> np.ndarray:
    """uint8 (N, 3), all different, the same in every world: one colour is a car here and a van there."""
    numbers = np.random.default_rng(131).permutation(50**3)
    channels = np.stack([numbers // 2500, numbers // 50 % 50, numbers % 50], 1)
    return (channels + 200).astype(np.uint8)
