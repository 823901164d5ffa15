"""World 0006: a wide crossing with traffic lights, where the camera waits."""

from roadscenes.models import buildings, shrubs, street_furniture, traffic_signs, trees
from roadscenes.worlds.cross_section import (
    ASPHALT,
    MEADOW,
    SLABS,
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

CROSSING = WorldDescription(
    name="0006",
    half_width=7.2,
    heading_swing=0.05,
    hill_height=0.0,
    camera_speed=6,
    camera_t=-5.2,
    camera_stops_at=65.0,
    ground=(
        roadway(7.2, ASPHALT),
        *kerbs(7.2),
        *on_both_sides((7.4, 10.5), (0.12, 0.12), "paving", SLABS),
        *on_both_sides((10.5, 140), (0.1, 0.6), "grass", MEADOW, bumps=1.0),
    ),
    markings=(
        RoadMarking(t=0.0, width=0.2),
        dashed(3.6),
        dashed(-3.6),
        RoadMarking(t=7.0),
        RoadMarking(t=-7.0),
    ),
    props=(
        PropRow(
            builders=(trees.broadleaf, trees.broadleaf, trees.thicket),
            t=(16.0, 21.0),
            spacing=7.5,
            probability=0.9,
            jitter=0.4,
            clearance=9,
        ),
        PropRow(builders=(trees.far_wood,), t=(38.0, 52.0), spacing=20.0, jitter=0.3, clearance=12),
        PropRow(
            builders=(buildings.block, buildings.hall),
            t=(62.0, 70.0),
            spacing=38.0,
            probability=0.8,
            clearance=20,
        ),
        PropRow(
            builders=(shrubs.hedge, shrubs.bush),
            t=(12.0, 12.6),
            spacing=9.0,
            probability=0.2,
            clearance=9,
        ),
        PropRow(
            builders=(street_furniture.double_lamp_post,),
            t=(9.9, 10.1),
            spacing=38.0,
            jitter=0.1,
            clearance=2,
        ),
        PropRow(
            builders=(
                traffic_signs.traffic_sign,
                traffic_signs.traffic_sign,
                traffic_signs.direction_sign,
            ),
            t=(9.8, 10.2),
            spacing=34.0,
            probability=0.85,
            sides=RIGHT,
            jitter=0.4,
        ),
        PropRow(
            builders=(PARKED,), t=(8.4, 8.5), spacing=8.0, probability=0.15, jitter=0.1, clearance=14
        ),
        PropRow(
            builders=(
                street_furniture.bollard,
                street_furniture.bench,
                street_furniture.bin,
                street_furniture.wall,
            ),
            t=(10.0, 10.4),
            spacing=17.0,
            probability=0.5,
            jitter=0.4,
            clearance=4,
        ),
    ),
    lanes=(
        QueueLane(t=-5.3, speed=6.0, stops_at=75.6, queue_length=1),
        QueueLane(t=-1.8, speed=8.0, stops_at=75.2, queue_length=3),
        QueueLane(t=1.8, speed=-8.0, stops_at=104.5),
        QueueLane(t=5.4, speed=-8.0, stops_at=105.5, truck_share=0.1),
        FlowingLane(t=-5.0, speed=7.5, spacing=22, truck_share=0.03, on_crossings=True),
        FlowingLane(t=-1.7, speed=9.0, spacing=30, on_crossings=True),
        FlowingLane(t=1.7, speed=-8.0, spacing=26, on_crossings=True),
        FlowingLane(t=5.0, speed=-7.0, spacing=34, on_crossings=True),
    ),
    crossings=(92.0,),
    crossing_half_width=7.0,
)
