"""Roads out of town: a country road and a motorway."""

from roadscenes.class_ids import ROAD
from roadscenes.models import street_furniture as furniture
from roadscenes.models.buildings import block, hall, house
from roadscenes.models.plants import broadleaf, bush, conifer, far_wood, poplar, thicket, weeds
from roadscenes.models.traffic_signs import direction_sign, gantry, traffic_sign
from roadscenes.worlds.layout import (
    ASPHALT,
    DARK_ASPHALT,
    EARTH,
    LAWN,
    LEFT,
    MEADOW,
    RIGHT,
    FlowingLane,
    GroundStrip,
    PropRow,
    RoadMarking,
    WorldLayout,
    dashed,
    on_both_sides,
    roadway,
)  # fmt: skip

COUNTRY_ROAD = WorldLayout(
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
        PropRow((furniture.guard_rail,), (4.2, 4.2), 4.0, sides=RIGHT, clearance=2),
        PropRow((broadleaf, conifer, conifer, poplar), (9.0, 13.0), 7.0, probability=0.8, jitter=0.45),
        PropRow((thicket, conifer), (18.0, 26.0), 8.0, probability=0.85, jitter=0.4),
        PropRow((far_wood,), (44.0, 64.0), 20.0, jitter=0.3),
        PropRow((weeds, bush), (5.6, 8.0), 7.0, probability=0.5, jitter=0.4),
        PropRow((house, hall), (32.0, 38.0), 90.0, probability=0.5, jitter=0.3, clearance=10),
        PropRow((furniture.telegraph_pole,), (6.6, 6.8), 38.0, probability=0.9, sides=LEFT, jitter=0.1),
        PropRow(
            (traffic_sign, direction_sign), (4.8, 5.4), 52.0, probability=0.8, sides=RIGHT, jitter=0.4
        ),
        PropRow(
            (furniture.wall, furniture.fence), (8.4, 8.8), 8.0, probability=0.12, sides=LEFT, clearance=3
        ),
    ),
    lanes=(
        FlowingLane(t=-1.6, speed=13.0, spacing=60, first_ahead=22, truck_share=0, van_share=0),
        FlowingLane(t=1.7, speed=-13.0, spacing=55, truck_share=0.2),
    ),
)


def _dashed(t: float) -> RoadMarking:
    return RoadMarking(t=t, dash=6.0, gap=10.0)


def _edge(t: float) -> RoadMarking:
    return RoadMarking(t=t, width=0.2)


MOTORWAY = WorldLayout(
    name="0020",
    half_width=7.6,
    heading_swing=0.22,
    hill_height=1.2,
    camera_speed=12,
    camera_t=-1.9,
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
        *(_edge(t) for t in (7.0, -7.0)),
        *(_dashed(t) for t in (3.6, 0.0, -3.6)),
        *(_edge(t) for t in (11.0, 24.4)),
        *(_dashed(t) for t in (15.4, 19.8)),
    ),
    props=(
        PropRow((furniture.guard_rail,), (8.2, 8.2), 4.0, sides=LEFT),
        PropRow((furniture.guard_rail,), (9.8, 9.8), 4.0, sides=LEFT),
        PropRow((furniture.guard_rail,), (8.4, 8.4), 4.0, sides=RIGHT),
        PropRow(
            (broadleaf, thicket, poplar), (13.0, 20.0), 8.5, probability=0.85, sides=RIGHT, jitter=0.45
        ),
        PropRow((broadleaf, thicket), (33.0, 42.0), 9.0, probability=0.85, sides=LEFT, jitter=0.45),
        PropRow((far_wood,), (60.0, 80.0), 20.0, jitter=0.3),
        PropRow((bush, weeds), (10.2, 12.0), 11.0, probability=0.5, sides=RIGHT, jitter=0.4),
        PropRow((furniture.double_lamp_post,), (9.0, 9.0), 44.0, sides=LEFT),
        PropRow((gantry,), (8.9, 8.9), 230.0, sides=RIGHT, jitter=0.2),
        PropRow(
            (direction_sign, traffic_sign), (9.3, 10.0), 62.0, probability=0.9, sides=RIGHT, jitter=0.3
        ),
        PropRow((hall, block), (52.0, 56.0), 120.0, probability=0.6, jitter=0.2),
        PropRow((furniture.wall,), (11.4, 11.4), 8.0, probability=0.2, sides=RIGHT),
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
)
