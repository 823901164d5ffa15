"""World 0002: an avenue of four lanes with hedges."""

from roadscenes.models import buildings, shrubs, street_furniture, traffic_signs, trees
from roadscenes.worlds.cross_section import (
    DARK_ASPHALT,
    MEADOW,
    SLABS,
    RoadMarking,
    dashed,
    kerbs,
    on_both_sides,
    roadway,
)
from roadscenes.worlds.description import PARKED, RIGHT, FlowingLane, PropRow, WorldDescription

AVENUE = WorldDescription(
    name="0002",
    half_width=6.6,
    heading_swing=0.12,
    hill_height=0.0,
    camera_speed=10,
    camera_t=-4.6,
    ground=(
        roadway(6.6, DARK_ASPHALT),
        *kerbs(6.6),
        *on_both_sides((6.8, 9.6), (0.12, 0.12), "paving", SLABS),
        *on_both_sides((9.6, 130), (0.1, 0.3), "grass", MEADOW, bumps=1.0),
    ),
    markings=(
        RoadMarking(t=0.09),
        RoadMarking(t=-0.09),
        dashed(3.2),
        dashed(-3.2),
        RoadMarking(t=6.4),
        RoadMarking(t=-6.4),
    ),
    props=(
        PropRow(
            builders=(shrubs.hedge,),
            t=(10.6, 11.0),
            spacing=8.0,
            probability=0.5,
            clearance=5,
            scale=(0.8, 1.15),
        ),
        PropRow(
            builders=(trees.broadleaf, trees.spreading),
            t=(9.2, 9.4),
            spacing=11.0,
            probability=0.85,
            jitter=0.15,
            clearance=5,
        ),
        PropRow(
            builders=(*trees.MIXED, trees.conifer),
            t=(14.0, 20.0),
            spacing=8.0,
            probability=0.8,
            jitter=0.4,
            clearance=4,
        ),
        PropRow(
            builders=(buildings.block, buildings.house),
            t=(34.0, 38.0),
            spacing=36.0,
            probability=0.75,
            jitter=0.1,
            clearance=14,
        ),
        PropRow(builders=(trees.far_wood,), t=(58.0, 72.0), spacing=20.0, jitter=0.3, clearance=13),
        PropRow(
            builders=(PARKED,),
            t=(7.75, 7.9),
            spacing=8.0,
            probability=0.22,
            sides=RIGHT,
            jitter=0.1,
            clearance=9,
        ),
        PropRow(
            builders=(street_furniture.lamp_post,), t=(9.15, 9.3), spacing=38.0, jitter=0.1, clearance=3
        ),
        PropRow(
            builders=(traffic_signs.traffic_sign, traffic_signs.direction_sign),
            t=(9.1, 9.4),
            spacing=30.0,
            probability=0.8,
            sides=RIGHT,
            jitter=0.4,
        ),
        PropRow(
            builders=(street_furniture.bench, street_furniture.bin, street_furniture.bollard),
            t=(9.2, 9.5),
            spacing=15.0,
            probability=0.55,
            jitter=0.4,
            clearance=2,
        ),
    ),
    lanes=(
        FlowingLane(t=-4.7, speed=10.0, spacing=34, first_ahead=20, truck_share=0, van_share=0),
        FlowingLane(t=-1.6, speed=12.5, spacing=33, truck_share=0.02),
        FlowingLane(t=1.6, speed=-10.0, spacing=34),
        FlowingLane(t=4.7, speed=-8.5, spacing=40, truck_share=0.08),
    ),
    crossings=(130.0,),
    crossing_half_width=5.0,
)
