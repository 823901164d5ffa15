"""Virtual KITTI's class ids as constants."""

from roadseg.data.sources.virtual_kitti import VirtualKitti1

CLASS_NAMES = VirtualKitti1.class_names
(
    TERRAIN, SKY, TREE, VEGETATION, BUILDING, ROAD, GUARD_RAIL, TRAFFIC_SIGN, TRAFFIC_LIGHT, POLE, MISC,
    TRUCK, CAR, VAN,
) = range(len(CLASS_NAMES))  # fmt: skip
