"""World 0001: a residential street."""

from roadscenes.models import buildings, shrubs, street_furniture, traffic_signs, trees
from roadscenes.worlds.cross_section import (
    ASPHALT,
    LAWN,
    PALE_GRAVEL,
    RoadMarking,
    dashed,
    kerbs,
    on_both_sides,
    roadway,
)
from roadscenes.worlds.description import (
    PARKED,
    RIGHT,
    FlowingLane,
    PropRow,
    QueueLane,
    WorldDescription,
)

STREET = WorldDescription(
    name="0001",
    half_width=3.9,
    heading_swing=0.25,
    hill_height=0.0,
    camera_speed=8.5,
    camera_t=-1.7,
    ground=(
        roadway(3.9, ASPHALT),
        *kerbs(3.9),
        *on_both_sides((4.1, 6.6), (0.12, 0.12), "gravel", PALE_GRAVEL),
        *on_both_sides((6.6, 130), (0.1, 0.4), "grass", LAWN, bumps=1.2),
    ),
    markings=(dashed(0.0), RoadMarking(t=3.7), RoadMarking(t=-3.7)),
    props=(
        PropRow(
            builders=(PARKED,), t=(4.75, 4.95), spacing=7.5, probability=0.5, jitter=0.1, clearance=9
        ),
        PropRow(
            builders=(shrubs.hedge, shrubs.hedge, street_furniture.wall, street_furniture.fence),
            t=(7.2, 7.5),
            spacing=8.0,
            probability=0.5,
            clearance=6,
        ),
        PropRow(
            builders=(trees.broadleaf, trees.spreading, trees.poplar),
            t=(8.5, 13.0),
            spacing=9.0,
            probability=0.75,
            jitter=0.4,
            clearance=3,
        ),
        PropRow(
            builders=(trees.broadleaf,),
            t=(6.25, 6.35),
            spacing=19.0,
            probability=0.5,
            jitter=0.2,
            clearance=6,
            scale=(0.6, 0.85),
        ),
        PropRow(
            builders=(buildings.house, buildings.house, buildings.block),
            t=(20.0, 24.0),
            spacing=21.0,
            probability=0.75,
            jitter=0.1,
            clearance=12,
        ),
        PropRow(
            builders=(trees.thicket, *trees.MIXED),
            t=(36.0, 46.0),
            spacing=14.0,
            probability=0.9,
            jitter=0.3,
            clearance=7,
        ),
        PropRow(builders=(trees.far_wood,), t=(70.0, 90.0), spacing=22.0, jitter=0.2, clearance=13),
        PropRow(
            builders=(street_furniture.lamp_post,),
            t=(6.25, 6.4),
            spacing=42.0,
            probability=0.9,
            jitter=0.15,
            clearance=3,
        ),
        PropRow(
            builders=(traffic_signs.traffic_sign,),
            t=(6.2, 6.5),
            spacing=24.0,
            probability=0.75,
            sides=RIGHT,
            jitter=0.4,
        ),
        PropRow(
            builders=(street_furniture.bin, street_furniture.bench, street_furniture.bollard),
            t=(6.1, 6.4),
            spacing=14.0,
            probability=0.5,
            jitter=0.4,
            clearance=2,
        ),
        PropRow(builders=(shrubs.bush,), t=(8.2, 10.5), spacing=8.0, probability=0.35, jitter=0.4),
    ),
    lanes=(
        FlowingLane(t=-1.7, speed=8.5, spacing=38, first_ahead=17, truck_share=0, van_share=0),
        FlowingLane(t=1.8, speed=-8.0, spacing=34, truck_share=0.08),
        QueueLane(t=-1.7, speed=5.0, on_crossings=True, stops_at=-8.0, queue_length=2),
        QueueLane(t=1.7, speed=-5.0, on_crossings=True, stops_at=8.0, queue_length=2),
    ),
    crossings=(95.0, 240.0, 420.0),
)
