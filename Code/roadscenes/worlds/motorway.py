"""World 0020: a motorway with guard rails; its other carriageway is to the left."""

from roadscenes.class_ids import ROAD
from roadscenes.models import buildings, shrubs, street_furniture, traffic_signs, trees
from roadscenes.worlds.cross_section import (
    DARK_ASPHALT,
    EARTH,
    LAWN,
    MEADOW,
    GroundStrip,
    RoadMarking,
    roadway,
)
from roadscenes.worlds.description import LEFT, RIGHT, FlowingLane, PropRow, WorldDescription


def _dashed(t: float) -> RoadMarking:
    return RoadMarking(t=t, dash=6.0, gap=10.0)


def _edge(t: float) -> RoadMarking:
    return RoadMarking(t=t, width=0.2)


MOTORWAY = WorldDescription(
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
        PropRow(builders=(street_furniture.guard_rail,), t=(8.2, 8.2), spacing=4.0, sides=LEFT),
        PropRow(builders=(street_furniture.guard_rail,), t=(9.8, 9.8), spacing=4.0, sides=LEFT),
        PropRow(builders=(street_furniture.guard_rail,), t=(8.4, 8.4), spacing=4.0, sides=RIGHT),
        PropRow(
            builders=(trees.broadleaf, trees.thicket, trees.poplar),
            t=(13.0, 20.0),
            spacing=8.5,
            probability=0.85,
            sides=RIGHT,
            jitter=0.45,
        ),
        PropRow(
            builders=(trees.broadleaf, trees.thicket),
            t=(33.0, 42.0),
            spacing=9.0,
            probability=0.85,
            sides=LEFT,
            jitter=0.45,
        ),
        PropRow(builders=(trees.far_wood,), t=(60.0, 80.0), spacing=20.0, jitter=0.3),
        PropRow(
            builders=(shrubs.bush, shrubs.weeds),
            t=(10.2, 12.0),
            spacing=11.0,
            probability=0.5,
            sides=RIGHT,
            jitter=0.4,
        ),
        PropRow(builders=(street_furniture.double_lamp_post,), t=(9.0, 9.0), spacing=44.0, sides=LEFT),
        PropRow(builders=(traffic_signs.gantry,), t=(8.9, 8.9), spacing=230.0, sides=RIGHT, jitter=0.2),
        PropRow(
            builders=(traffic_signs.direction_sign, traffic_signs.traffic_sign),
            t=(9.3, 10.0),
            spacing=62.0,
            probability=0.9,
            sides=RIGHT,
            jitter=0.3,
        ),
        PropRow(
            builders=(buildings.hall, buildings.block),
            t=(52.0, 56.0),
            spacing=120.0,
            probability=0.6,
            jitter=0.2,
        ),
        PropRow(
            builders=(street_furniture.wall,), t=(11.4, 11.4), spacing=8.0, probability=0.2, sides=RIGHT
        ),
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
