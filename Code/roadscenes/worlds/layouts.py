"""The five worlds: a street, an avenue, a crossing, a country road and a motorway."""

from dataclasses import replace

from roadscenes.class_ids import PAVEMENT, ROAD
from roadscenes.models import street_furniture as furniture
from roadscenes.models.buildings import block, hall, house
from roadscenes.models.people import cyclist, pedestrian
from roadscenes.models.plants import (
    MIXED,
    broadleaf,
    bush,
    conifer,
    far_wood,
    hedge,
    poplar,
    spreading,
    thicket,
    weeds,
)  # fmt: skip
from roadscenes.models.traffic_signs import direction_sign, gantry, traffic_sign
from roadscenes.worlds.layout import (
    ASPHALT,
    DARK_ASPHALT,
    EARTH,
    LAWN,
    LEFT,
    MEADOW,
    PALE_GRAVEL,
    PARKED,
    RIGHT,
    SLABS,
    FlowingLane,
    GroundStrip,
    PropRow,
    QueueLane,
    RoadMarking,
    WorldLayout,
    dashed,
    kerbs,
    on_both_sides,
    pavements,
    roadway,
)  # fmt: skip

STREET = WorldLayout(
    name="0001", half_width=3.9, heading_swing=0.25, hill_height=0.0, camera_speed=8.5, camera_t=-1.7,
    ground=(
        roadway(3.9, ASPHALT),
        *kerbs(3.9),
        *pavements((4.1, 6.6), "gravel", PALE_GRAVEL),
        *on_both_sides((6.6, 130), (0.1, 0.4), "grass", LAWN, bumps=1.2),
    ),
    markings=(dashed(0.0), RoadMarking(t=3.7), RoadMarking(t=-3.7)),
    props=(
        PropRow((PARKED,), (4.75, 4.95), 7.5, chance=0.5, jitter=0.1, clearance=9),
        PropRow((hedge, hedge, furniture.wall, furniture.fence), (7.2, 7.5), 8.0, chance=0.5,
                clearance=6),
        PropRow((broadleaf, spreading, poplar), (8.5, 13.0), 9.0, chance=0.75, jitter=0.4, clearance=3),
        PropRow((broadleaf,), (6.25, 6.35), 19.0, chance=0.5, jitter=0.2, clearance=6,
                scale=(0.6, 0.85)),
        PropRow((house, house, block), (20.0, 24.0), 21.0, chance=0.75, jitter=0.1, clearance=12),
        PropRow((thicket, *MIXED), (36.0, 46.0), 14.0, chance=0.9, jitter=0.3, clearance=7),
        PropRow((far_wood,), (70.0, 90.0), 22.0, jitter=0.2, clearance=13),
        PropRow((furniture.lamp_post,), (6.25, 6.4), 42.0, chance=0.9, jitter=0.15, clearance=3),
        PropRow((traffic_sign,), (6.2, 6.5), 24.0, chance=0.75, sides=RIGHT, jitter=0.4),
        PropRow((furniture.bin, furniture.bench, furniture.bollard), (6.1, 6.4), 14.0, chance=0.5,
                jitter=0.4, clearance=2),
        PropRow((bush,), (8.2, 10.5), 8.0, chance=0.35, jitter=0.4),
    ),
    lanes=(
        FlowingLane(t=-1.7, speed=8.5, spacing=38, first_ahead=17, truck_share=0, van_share=0),
        FlowingLane(t=1.8, speed=-8.0, spacing=34, truck_share=0.08),
        QueueLane(t=-1.7, speed=5.0, on_crossings=True, stops_at=-8.0, queue_length=2),
        QueueLane(t=1.7, speed=-5.0, on_crossings=True, stops_at=8.0, queue_length=2),
    ),
    crossings=(95.0, 240.0, 420.0),
)  # fmt: skip

AVENUE = WorldLayout(
    name="0002", half_width=6.6, heading_swing=0.12, hill_height=0.0, camera_speed=10, camera_t=-4.6,
    ground=(
        roadway(6.6, DARK_ASPHALT),
        *kerbs(6.6),
        *pavements((6.8, 9.6), "paving", SLABS),
        *on_both_sides((9.6, 130), (0.1, 0.3), "grass", MEADOW, bumps=1.0),
    ),
    markings=(
        RoadMarking(t=0.09), RoadMarking(t=-0.09), dashed(3.2), dashed(-3.2), RoadMarking(t=6.4),
        RoadMarking(t=-6.4),
    ),
    props=(
        PropRow((hedge,), (10.6, 11.0), 8.0, chance=0.5, clearance=5, scale=(0.8, 1.15)),
        PropRow((broadleaf, spreading), (9.2, 9.4), 11.0, chance=0.85, jitter=0.15, clearance=5),
        PropRow((*MIXED, conifer), (14.0, 20.0), 8.0, chance=0.8, jitter=0.4, clearance=4),
        PropRow((block, house), (34.0, 38.0), 36.0, chance=0.75, jitter=0.1, clearance=14),
        PropRow((far_wood,), (58.0, 72.0), 20.0, jitter=0.3, clearance=13),
        PropRow((PARKED,), (7.75, 7.9), 8.0, chance=0.22, sides=RIGHT, jitter=0.1, clearance=9),
        PropRow((furniture.lamp_post,), (9.15, 9.3), 38.0, jitter=0.1, clearance=3),
        PropRow((traffic_sign, direction_sign), (9.1, 9.4), 30.0, chance=0.8, sides=RIGHT, jitter=0.4),
        PropRow((furniture.bench, furniture.bin, furniture.bollard), (9.2, 9.5), 15.0, chance=0.55,
                jitter=0.4, clearance=2),
    ),
    lanes=(
        FlowingLane(t=-4.7, speed=10.0, spacing=34, first_ahead=20, truck_share=0, van_share=0),
        FlowingLane(t=-1.6, speed=12.5, spacing=33, truck_share=0.02),
        FlowingLane(t=1.6, speed=-10.0, spacing=34),
        FlowingLane(t=4.7, speed=-8.5, spacing=40, truck_share=0.08),
    ),
    crossings=(130.0,), crossing_half_width=5.0,
)  # fmt: skip

CROSSING = WorldLayout(
    name="0006", half_width=7.2, heading_swing=0.05, hill_height=0.0, camera_speed=6, camera_t=-5.2,
    camera_stops_at=65.0,
    ground=(
        roadway(7.2, ASPHALT),
        *kerbs(7.2),
        *pavements((7.4, 10.5), "paving", SLABS),
        *on_both_sides((10.5, 140), (0.1, 0.6), "grass", MEADOW, bumps=1.0),
    ),
    markings=(
        RoadMarking(t=0.0, width=0.2), dashed(3.6), dashed(-3.6), RoadMarking(t=7.0),
        RoadMarking(t=-7.0),
    ),
    props=(
        PropRow((broadleaf, broadleaf, thicket), (16.0, 21.0), 7.5, chance=0.9, jitter=0.4, clearance=9),
        PropRow((far_wood,), (38.0, 52.0), 20.0, jitter=0.3, clearance=12),
        PropRow((block, hall), (62.0, 70.0), 38.0, chance=0.8, clearance=20),
        PropRow((hedge, bush), (12.0, 12.6), 9.0, chance=0.2, clearance=9),
        PropRow((furniture.double_lamp_post,), (9.9, 10.1), 38.0, jitter=0.1, clearance=2),
        PropRow((traffic_sign, traffic_sign, direction_sign), (9.8, 10.2), 34.0, chance=0.85,
                sides=RIGHT, jitter=0.4),
        PropRow((PARKED,), (8.4, 8.5), 8.0, chance=0.15, jitter=0.1, clearance=14),
        PropRow((furniture.bollard, furniture.bench, furniture.bin, furniture.wall), (10.0, 10.4), 17.0,
                chance=0.5, jitter=0.4, clearance=4),
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
    crossings=(92.0,), crossing_half_width=7.0,
)  # fmt: skip

COUNTRY_ROAD = WorldLayout(
    name="0018", half_width=3.4, heading_swing=0.5, hill_height=2.2, camera_speed=13, camera_t=-1.6,
    ground=(
        roadway(3.4, ASPHALT),
        *on_both_sides((3.4, 5.2), (0.0, -0.05), "earth", EARTH),
        *on_both_sides((5.2, 9.0), (-0.05, 0.0), "grass", LAWN),
        *on_both_sides((9.0, 140), (0.0, 0.8), "grass", MEADOW, bumps=2.5),
    ),
    markings=(dashed(0.0), RoadMarking(t=3.2), RoadMarking(t=-3.2)),
    props=(
        PropRow((furniture.guard_rail,), (4.2, 4.2), 4.0, sides=RIGHT, clearance=2),
        PropRow((broadleaf, conifer, conifer, poplar), (9.0, 13.0), 7.0, chance=0.8, jitter=0.45),
        PropRow((thicket, conifer), (18.0, 26.0), 8.0, chance=0.85, jitter=0.4),
        PropRow((far_wood,), (44.0, 64.0), 20.0, jitter=0.3),
        PropRow((weeds, bush), (5.6, 8.0), 7.0, chance=0.5, jitter=0.4),
        PropRow((house, hall), (32.0, 38.0), 90.0, chance=0.5, jitter=0.3, clearance=10),
        PropRow((furniture.telegraph_pole,), (6.6, 6.8), 38.0, chance=0.9, sides=LEFT, jitter=0.1),
        PropRow((traffic_sign, direction_sign), (4.8, 5.4), 52.0, chance=0.8, sides=RIGHT, jitter=0.4),
        PropRow((furniture.wall, furniture.fence), (8.4, 8.8), 8.0, chance=0.12, sides=LEFT,
                clearance=3),
    ),
    lanes=(
        FlowingLane(t=-1.6, speed=13.0, spacing=60, first_ahead=22, truck_share=0, van_share=0),
        FlowingLane(t=1.7, speed=-13.0, spacing=55, truck_share=0.2),
    ),
)  # fmt: skip

MOTORWAY = WorldLayout(
    name="0020", half_width=7.6, heading_swing=0.22, hill_height=1.2, camera_speed=12, camera_t=-1.9,
    ground=(
        roadway(7.6, DARK_ASPHALT),
        GroundStrip(t=(7.6, 10.4), z=(0.0, 0.0), texture="grass", tint=LAWN),
        GroundStrip(t=(10.4, 25.0), z=(0.0, 0.0), texture="asphalt", tint=DARK_ASPHALT, class_id=ROAD),
        GroundStrip(t=(25.0, 30.0), z=(0.0, 0.3), texture="gravel", tint=EARTH),
        GroundStrip(t=(30.0, 140), z=(0.3, 3.0), texture="grass", tint=MEADOW, bumps=2.5),
        GroundStrip(t=(-7.6, -10.5), z=(0.0, -0.1), texture="gravel", tint=EARTH),
        GroundStrip(t=(-10.5, -140), z=(-0.1, 2.0), texture="grass", tint=MEADOW, bumps=2.0),
    ),
    markings=(
        RoadMarking(t=7.0, width=0.2), RoadMarking(t=-7.0, width=0.2),
        *(dashed(t, 6.0, 10.0) for t in (3.6, 0.0, -3.6)),
        RoadMarking(t=11.0, width=0.2), RoadMarking(t=24.4, width=0.2),
        *(dashed(t, 6.0, 10.0) for t in (15.4, 19.8)),
    ),
    props=(
        PropRow((furniture.guard_rail,), (8.2, 8.2), 4.0, sides=LEFT),
        PropRow((furniture.guard_rail,), (9.8, 9.8), 4.0, sides=LEFT),
        PropRow((furniture.guard_rail,), (8.4, 8.4), 4.0, sides=RIGHT),
        PropRow((broadleaf, thicket, poplar), (13.0, 20.0), 8.5, chance=0.85, sides=RIGHT, jitter=0.45),
        PropRow((broadleaf, thicket), (33.0, 42.0), 9.0, chance=0.85, sides=LEFT, jitter=0.45),
        PropRow((far_wood,), (60.0, 80.0), 20.0, jitter=0.3),
        PropRow((bush, weeds), (10.2, 12.0), 11.0, chance=0.5, sides=RIGHT, jitter=0.4),
        PropRow((furniture.double_lamp_post,), (9.0, 9.0), 44.0, sides=LEFT),
        PropRow((gantry,), (8.9, 8.9), 230.0, sides=RIGHT, jitter=0.2),
        PropRow((direction_sign, traffic_sign), (9.3, 10.0), 62.0, chance=0.9, sides=RIGHT, jitter=0.3),
        PropRow((hall, block), (52.0, 56.0), 120.0, chance=0.6, jitter=0.2),
        PropRow((furniture.wall,), (11.4, 11.4), 8.0, chance=0.2, sides=RIGHT),
    ),
    lanes=(
        FlowingLane(t=-1.9, speed=12.0, spacing=30, first_ahead=15, truck_share=0, van_share=0),
        FlowingLane(t=-5.4, speed=10.0, spacing=27, truck_share=0.11),
        FlowingLane(t=1.8, speed=14.0, spacing=30),
        FlowingLane(t=5.4, speed=15.5, spacing=36, truck_share=0.0),
        FlowingLane(t=13.2, speed=-15.0, spacing=30),
        FlowingLane(t=17.6, speed=-14.0, spacing=26),
        FlowingLane(t=22.0, speed=-12.0, spacing=26, truck_share=0.25),
    ),
)  # fmt: skip

WORLDS: dict[str, WorldLayout] = {
    world.name: world for world in (STREET, AVENUE, CROSSING, COUNTRY_ROAD, MOTORWAY)
}


def peopled(layout: WorldLayout) -> WorldLayout:
    """A layout with the people and railings of a town, and with houses closer to the road."""
    edge = layout.half_width
    widths = [abs(strip.t[1]) - edge for strip in layout.ground if strip.class_id == PAVEMENT]
    if not widths:
        return layout
    width, gutter = max(widths), (edge - 0.55, edge - 0.35)  # which no lane's cars reach
    return replace(
        layout,
        props=(
            PropRow((house, house, block), (edge + width + 9.5, edge + width + 12), 20.0, chance=0.5,
                    jitter=0.1, clearance=12),
            PropRow((furniture.railing, furniture.railing, furniture.fence),
                    (edge + width, edge + width + 0.4), 3.0, chance=0.3, clearance=6),
            *layout.props,
            PropRow((cyclist,), gutter, 11.0, chance=0.5, jitter=0.45, clearance=3),
            PropRow((pedestrian,), (edge + 0.4, edge + width - 0.2), 2.0, chance=0.35, jitter=0.5,
                    scale=(0.7, 1.08)),
            PropRow((pedestrian,), gutter, 14.0, chance=0.3, jitter=0.5),
        ),
    )  # fmt: skip
