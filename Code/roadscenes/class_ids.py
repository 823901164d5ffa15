"""Class ids of what is rendered: Virtual KITTI's classes, and finer ones that the labels can show."""

from collections.abc import Sequence

import numpy as np

from roadseg.data.classes import IGNORE
from roadseg.data.sources import load_table
from roadseg.data.sources.camvid import CamVid
from roadseg.data.sources.virtual_kitti import VirtualKitti1

CLASS_NAMES = VirtualKitti1.class_names
(
    TERRAIN, SKY, TREE, VEGETATION, BUILDING, ROAD, GUARD_RAIL, TRAFFIC_SIGN, TRAFFIC_LIGHT, POLE, MISC,
    TRUCK, CAR, VAN,
) = range(len(CLASS_NAMES))  # fmt: skip

# Counted from the end, so that vehicles are numbered after Virtual KITTI's classes: an array of all
# instance ids ends with these rows.
PAVEMENT, WALL, FENCE, SIGN_POST, LIGHT_POST, PEDESTRIAN, BICYCLIST = FINER = range(-1, -8, -1)
_IN_OTHERS = {  # what they are in Virtual KITTI, which has no people, and in CamVid
    PAVEMENT: (TERRAIN, "Pavement"), WALL: (MISC, "Building"), FENCE: (MISC, "Fence"),
    SIGN_POST: (TRAFFIC_SIGN, "Pole"), LIGHT_POST: (TRAFFIC_LIGHT, "Pole"),
    PEDESTRIAN: (MISC, "Pedestrian"), BICYCLIST: (MISC, "Bicyclist"),
}  # fmt: skip


def coarse(instance_ids: np.ndarray) -> np.ndarray:
    """Instance ids in which Virtual KITTI's classes stand for the finer ones."""
    table = np.array([_IN_OTHERS[class_id][0] for class_id in reversed(FINER)], np.int16)
    return np.where(instance_ids < 0, table[np.minimum(instance_ids, -1)], instance_ids)


def camvid_ids(class_ids: Sequence[int]) -> np.ndarray:
    """Ids of CamVid's 11 classes as its label images have them, 11 for void: uint8 (len(class_ids),)."""
    table, void = load_table("virtual_kitti_to_camvid"), len(CamVid.class_names)
    names = {class_id: name for class_id, (_, name) in _IN_OTHERS.items()}
    for class_id, name in enumerate(CLASS_NAMES):
        if (number := table.classes[name]) != IGNORE:
            names[class_id] = table.class_names[number]
    known = {class_id: CamVid.class_names.index(name) for class_id, name in names.items()}
    return np.array([known.get(class_id, void) for class_id in class_ids], np.uint8)
