"""Class ids of what is rendered: Virtual KITTI's classes, and finer ones that the labels can show."""

from collections.abc import Sequence

import numpy as np

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
# What Virtual KITTI calls them; it has no people.
_COARSE = {
    PAVEMENT: TERRAIN, WALL: MISC, FENCE: MISC, SIGN_POST: TRAFFIC_SIGN, LIGHT_POST: TRAFFIC_LIGHT,
    PEDESTRIAN: MISC, BICYCLIST: MISC,
}  # fmt: skip
_IN_CAMVID = {
    SKY: "Sky", BUILDING: "Building", WALL: "Building", POLE: "Pole", SIGN_POST: "Pole",
    LIGHT_POST: "Pole", ROAD: "Road", PAVEMENT: "Pavement", TERRAIN: "Tree", TREE: "Tree",
    VEGETATION: "Tree", TRAFFIC_SIGN: "SignSymbol", TRAFFIC_LIGHT: "SignSymbol", GUARD_RAIL: "Fence",
    FENCE: "Fence", TRUCK: "Car", CAR: "Car", VAN: "Car", PEDESTRIAN: "Pedestrian",
    BICYCLIST: "Bicyclist",
}  # fmt: skip


def coarse(instance_ids: np.ndarray) -> np.ndarray:
    """Instance ids in which Virtual KITTI's classes stand for the finer ones."""
    table = np.array([_COARSE[class_id] for class_id in reversed(FINER)], np.int16)
    return np.where(instance_ids < 0, table[np.minimum(instance_ids, -1)], instance_ids)


def camvid_ids(class_ids: Sequence[int]) -> np.ndarray:
    """uint8: ids of CamVid's 11 classes as its label images have them, 11 for void."""
    names = [_IN_CAMVID.get(class_id) for class_id in class_ids]
    known = CamVid.class_names
    return np.array([known.index(name) if name else len(known) for name in names], np.uint8)
