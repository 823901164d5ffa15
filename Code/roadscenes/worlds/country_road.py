"""World 0018: a country road through hills and forest."""

from roadscenes.models import buildings, shrubs, street_furniture, traffic_signs, trees
from roadscenes.worlds.cross_section import (
    ASPHALT,
    EARTH,
    LAWN,
    MEADOW,
    RoadMarking,
    dashed,
    on_both_sides,
    roadway,
)
from roadscenes.worlds.description import LEFT, RIGHT, FlowingLane, PropRow, WorldDescription

COUNTRY_ROAD = WorldDescription(
    name="0018",
    half_width=3.4,
    heading_swing=0.5,
    hill_height=2.2,
    camera_speed=13,
    camera_t=-1.6,
    ground=(
        roadway(3.4, ASPHALT),
        *on_both_sides((3.4, 5.2), (0.0, -0.05), "earth", EARTH),
        *on_both_sides((5.2, 9.0), (-0.05, 0.0), "grass", LAWN),
        *on_both_sides((9.0, 140), (0.0, 0.8), "grass", MEADOW, bumps=2.5),
    ),
    markings=(dashed(0.0), RoadMarking(t=3.2), RoadMarking(t=-3.2)),
    props=(
        PropRow(
            builders=(street_furniture.guard_rail,), t=(4.2, 4.2), spacing=4.0, sides=RIGHT, clearance=2
        ),
        PropRow(
            builders=(trees.broadleaf, trees.conifer, trees.conifer, trees.poplar),
            t=(9.0, 13.0),
            spacing=7.0,
            probability=0.8,
            jitter=0.45,
        ),
        PropRow(
            builders=(trees.thicket, trees.conifer),
            t=(18.0, 26.0),
            spacing=8.0,
            probability=0.85,
            jitter=0.4,
        ),
        PropRow(builders=(trees.far_wood,), t=(44.0, 64.0), spacing=20.0, jitter=0.3),
        PropRow(
            builders=(shrubs.weeds, shrubs.bush), t=(5.6, 8.0), spacing=7.0, probability=0.5, jitter=0.4
        ),
        PropRow(
            builders=(buildings.house, buildings.hall),
            t=(32.0, 38.0),
            spacing=90.0,
            probability=0.5,
            jitter=0.3,
            clearance=10,
        ),
        PropRow(
            builders=(street_furniture.telegraph_pole,),
            t=(6.6, 6.8),
            spacing=38.0,
            probability=0.9,
            sides=LEFT,
            jitter=0.1,
        ),
        PropRow(
            builders=(traffic_signs.traffic_sign, traffic_signs.direction_sign),
            t=(4.8, 5.4),
            spacing=52.0,
            probability=0.8,
            sides=RIGHT,
            jitter=0.4,
        ),
        PropRow(
            builders=(street_furniture.wall, street_furniture.fence),
            t=(8.4, 8.8),
            spacing=8.0,
            probability=0.12,
            sides=LEFT,
            clearance=3,
        ),
    ),
    lanes=(
        FlowingLane(t=-1.6, speed=13.0, spacing=60, first_ahead=22, truck_share=0, van_share=0),
        FlowingLane(t=1.7, speed=-13.0, spacing=55, truck_share=0.2),
    ),
)
