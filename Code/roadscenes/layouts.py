"""The five worlds as tables: what the ground is made of, what stands beside the road, who drives."""

from roadscenes import buildings, furniture, plants
from roadscenes.labels import ROAD, TERRAIN
from roadscenes.layout import LEFT, PARKED, RIGHT, Lane, Layout, Row
from roadscenes.roads import Band, Line
from roadseg.data.sources.virtual_kitti import FRAME_COUNTS

_TREES = (plants.broadleaf, plants.broadleaf, plants.spreading, plants.poplar)
_ASPHALT, _DARK_ASPHALT = (0.062, 0.06, 0.058), (0.04, 0.04, 0.041)
_PALE, _SLABS, _LAWN, _MEADOW, _EARTH = (
    (0.5, 0.46, 0.4), (0.3, 0.29, 0.27), (0.07, 0.1, 0.025), (0.14, 0.14, 0.045), (0.17, 0.13, 0.085),
)  # fmt: skip


def _both(
    low: float, high: float, z: tuple[float, float], texture: str, tint, bumps: float = 0.0
) -> tuple[Band, ...]:
    """The same strip of terrain on both sides."""
    return (
        Band((low, high), z, texture, tint, TERRAIN, bumps),
        Band((-low, -high), z, texture, tint, TERRAIN, bumps),
    )


def _road(half: float, tint) -> Band:
    return Band((-half, half), (0.0, 0.0), "asphalt", tint, ROAD)


def _kerb(half: float) -> tuple[Band, ...]:
    edge = _both(half, half + 0.01, (0.0, 0.12), "concrete", (0.4, 0.4, 0.39))
    return edge + _both(half + 0.01, half + 0.2, (0.12, 0.12), "concrete", (0.45, 0.45, 0.43))


_DASHES = {"dash": 3.0, "gap": 5.0}

LAYOUTS: dict[str, Layout] = {
    "0001": Layout(  # a residential street
        frames=FRAME_COUNTS["0001"],
        speed=8.5,
        half_road=3.9,
        camera_t=-1.7,
        bends=0.25,
        hills=0.0,
        bands=(
            _road(3.9, _ASPHALT),
            *_kerb(3.9),
            *_both(4.1, 6.6, (0.12, 0.12), "gravel", _PALE),
            *_both(6.6, 130, (0.1, 0.4), "grass", _LAWN, bumps=1.2),
        ),
        lines=(Line(0.0, **_DASHES), Line(3.7), Line(-3.7)),
        rows=(
            Row((PARKED,), (4.75, 4.95), 7.5, 0.5, jitter=0.1, clear=9),
            Row(
                (plants.hedge, plants.hedge, furniture.wall, furniture.fence),
                (7.2, 7.5),
                8.0,
                0.5,
                clear=6,
            ),
            Row(
                (plants.broadleaf, plants.spreading, plants.poplar),
                (8.5, 13.0),
                9.0,
                0.75,
                jitter=0.4,
                clear=3,
            ),
            Row(
                (plants.broadleaf,),
                (6.25, 6.35),
                19.0,
                0.5,
                jitter=0.2,
                clear=6,
                scale=(0.6, 0.85),
            ),
            Row(
                (buildings.house, buildings.house, buildings.block),
                (20.0, 24.0),
                21.0,
                0.75,
                jitter=0.1,
                clear=12,
            ),
            Row((plants.thicket, *_TREES), (36.0, 46.0), 14.0, 0.9, jitter=0.3, clear=7),
            Row((plants.far_wood,), (70.0, 90.0), 22.0, jitter=0.2, clear=13),
            Row((furniture.lamp_post,), (6.25, 6.4), 42.0, 0.9, jitter=0.15, clear=3),
            Row(
                (furniture.traffic_sign,),
                (6.2, 6.5),
                24.0,
                0.75,
                sides=RIGHT,
                jitter=0.4,
            ),
            Row(
                (furniture.bin, furniture.bench, furniture.bollard),
                (6.1, 6.4),
                14.0,
                0.5,
                jitter=0.4,
                clear=2,
            ),
            Row((plants.bush,), (8.2, 10.5), 8.0, 0.35, jitter=0.4),
        ),
        lanes=(
            Lane(-1.7, 8.5, 38, first=17, trucks=0, vans=0),
            Lane(1.8, -8.0, 34, trucks=0.08),
            Lane(-1.7, 5.0, 8, crossing=True, halts_at=-8.0, waiting=2),
            Lane(1.7, -5.0, 8, crossing=True, halts_at=8.0, waiting=2),
        ),
        crossings=(95.0, 240.0, 420.0),
    ),
    "0002": Layout(  # an avenue with hedges
        frames=FRAME_COUNTS["0002"],
        speed=10,
        half_road=6.6,
        camera_t=-4.6,
        bends=0.12,
        hills=0.0,
        bands=(
            _road(6.6, _DARK_ASPHALT),
            *_kerb(6.6),
            *_both(6.8, 9.6, (0.12, 0.12), "paving", _SLABS),
            *_both(9.6, 130, (0.1, 0.3), "grass", _MEADOW, bumps=1.0),
        ),
        lines=(
            Line(0.09),
            Line(-0.09),
            Line(3.2, **_DASHES),
            Line(-3.2, **_DASHES),
            Line(6.4),
            Line(-6.4),
        ),
        rows=(
            Row((plants.hedge,), (10.6, 11.0), 8.0, 0.5, clear=5, scale=(0.8, 1.15)),
            Row(
                (plants.broadleaf, plants.spreading),
                (9.2, 9.4),
                11.0,
                0.85,
                jitter=0.15,
                clear=5,
            ),
            Row((*_TREES, plants.conifer), (14.0, 20.0), 8.0, 0.8, jitter=0.4, clear=4),
            Row((buildings.block, buildings.house), (34.0, 38.0), 36.0, 0.75, jitter=0.1, clear=14),
            Row((plants.far_wood,), (58.0, 72.0), 20.0, jitter=0.3, clear=13),
            Row((PARKED,), (7.75, 7.9), 8.0, 0.22, sides=RIGHT, jitter=0.1, clear=9),
            Row((furniture.lamp_post,), (9.15, 9.3), 38.0, jitter=0.1, clear=3),
            Row(
                (furniture.traffic_sign, furniture.direction_sign),
                (9.1, 9.4),
                30.0,
                0.8,
                sides=RIGHT,
                jitter=0.4,
            ),
            Row(
                (furniture.bench, furniture.bin, furniture.bollard),
                (9.2, 9.5),
                15.0,
                0.55,
                jitter=0.4,
                clear=2,
            ),
        ),
        lanes=(
            Lane(-4.7, 10.0, 34, first=20, trucks=0, vans=0),
            Lane(-1.6, 12.5, 33, trucks=0.02),
            Lane(1.6, -10.0, 34),
            Lane(4.7, -8.5, 40, trucks=0.08),
        ),
        crossings=(130.0,),
        half_crossing=5.0,
    ),
    "0006": Layout(  # a crossing with traffic lights
        frames=FRAME_COUNTS["0006"],
        speed=6,
        half_road=7.2,
        camera_t=-5.2,
        bends=0.05,
        hills=0.0,
        bands=(
            _road(7.2, _ASPHALT),
            *_kerb(7.2),
            *_both(7.4, 10.5, (0.12, 0.12), "paving", _SLABS),
            *_both(10.5, 140, (0.1, 0.6), "grass", _MEADOW, bumps=1.0),
        ),
        lines=(Line(0.0, 0.2), Line(3.6, **_DASHES), Line(-3.6, **_DASHES), Line(7.0), Line(-7.0)),
        rows=(
            Row(
                (plants.broadleaf, plants.broadleaf, plants.thicket),
                (16.0, 21.0),
                7.5,
                0.9,
                jitter=0.4,
                clear=9,
            ),
            Row((plants.far_wood,), (38.0, 52.0), 20.0, jitter=0.3, clear=12),
            Row((buildings.block, buildings.hall), (62.0, 70.0), 38.0, 0.8, clear=20),
            Row((plants.hedge, plants.bush), (12.0, 12.6), 9.0, 0.2, clear=9),
            Row((furniture.double_lamp_post,), (9.9, 10.1), 38.0, 1.0, jitter=0.1, clear=2),
            Row(
                (furniture.traffic_sign, furniture.traffic_sign, furniture.direction_sign),
                (9.8, 10.2),
                34.0,
                0.85,
                sides=RIGHT,
                jitter=0.4,
            ),
            Row((PARKED,), (8.4, 8.5), 8.0, 0.15, jitter=0.1, clear=14),
            Row(
                (furniture.bollard, furniture.bench, furniture.bin, furniture.wall),
                (10.0, 10.4),
                17.0,
                0.5,
                jitter=0.4,
                clear=4,
            ),
        ),
        lanes=(
            Lane(-5.3, 6.0, 8, halts_at=75.6, waiting=1),
            Lane(-1.8, 8.0, 8, halts_at=75.2, waiting=3),
            Lane(1.8, -8.0, 8, halts_at=104.5),
            Lane(5.4, -8.0, 8, trucks=0.1, halts_at=105.5),
            Lane(-5.0, 7.5, 22, trucks=0.03, crossing=True),
            Lane(-1.7, 9.0, 30, crossing=True),
            Lane(1.7, -8.0, 26, crossing=True),
            Lane(5.0, -7.0, 34, crossing=True),
        ),
        crossings=(92.0,),
        half_crossing=7.0,
        stops_at=65.0,
    ),
    "0018": Layout(  # a country road with forest
        frames=FRAME_COUNTS["0018"],
        speed=13,
        half_road=3.4,
        camera_t=-1.6,
        bends=0.5,
        hills=2.2,
        bands=(
            _road(3.4, _ASPHALT),
            *_both(3.4, 5.2, (0.0, -0.05), "earth", _EARTH),
            *_both(5.2, 9.0, (-0.05, 0.0), "grass", _LAWN),
            *_both(9.0, 140, (0.0, 0.8), "grass", _MEADOW, bumps=2.5),
        ),
        lines=(Line(0.0, **_DASHES), Line(3.2), Line(-3.2)),
        rows=(
            Row((furniture.guard_rail,), (4.2, 4.2), 4.0, 1.0, sides=RIGHT, clear=2),
            Row(
                (plants.broadleaf, plants.conifer, plants.conifer, plants.poplar),
                (9.0, 13.0),
                7.0,
                0.8,
                jitter=0.45,
            ),
            Row((plants.thicket, plants.conifer), (18.0, 26.0), 8.0, 0.85, jitter=0.4),
            Row((plants.far_wood,), (44.0, 64.0), 20.0, jitter=0.3),
            Row((plants.weeds, plants.bush), (5.6, 8.0), 7.0, 0.5, jitter=0.4),
            Row((buildings.house, buildings.hall), (32.0, 38.0), 90.0, 0.5, jitter=0.3, clear=10),
            Row((furniture.telegraph_pole,), (6.6, 6.8), 38.0, 0.9, sides=LEFT, jitter=0.1),
            Row(
                (furniture.traffic_sign, furniture.direction_sign),
                (4.8, 5.4),
                52.0,
                0.8,
                sides=RIGHT,
                jitter=0.4,
            ),
            Row((furniture.wall, furniture.fence), (8.4, 8.8), 8.0, 0.12, sides=LEFT, clear=3),
        ),
        lanes=(Lane(-1.6, 13.0, 60, first=22, trucks=0, vans=0), Lane(1.7, -13.0, 55, trucks=0.2)),
    ),
    "0020": Layout(  # a motorway with guard rails
        frames=FRAME_COUNTS["0020"],
        speed=12,
        half_road=7.6,
        camera_t=-1.9,
        bends=0.22,
        hills=1.2,
        bands=(
            _road(7.6, _DARK_ASPHALT),
            Band((7.6, 10.4), (0.0, 0.0), "grass", _LAWN, TERRAIN),
            Band((10.4, 25.0), (0.0, 0.0), "asphalt", _DARK_ASPHALT, ROAD),
            Band((25.0, 30.0), (0.0, 0.3), "gravel", _EARTH, TERRAIN),
            Band((30.0, 140), (0.3, 3.0), "grass", _MEADOW, TERRAIN, 2.5),
            Band((-7.6, -10.5), (0.0, -0.1), "gravel", _EARTH, TERRAIN),
            Band((-10.5, -140), (-0.1, 2.0), "grass", _MEADOW, TERRAIN, 2.0),
        ),
        lines=(
            Line(7.0, 0.2),
            Line(-7.0, 0.2),
            Line(3.6, dash=6, gap=10),
            Line(0.0, dash=6, gap=10),
            Line(-3.6, dash=6, gap=10),
            Line(11.0, 0.2),
            Line(24.4, 0.2),
            Line(15.4, dash=6, gap=10),
            Line(19.8, dash=6, gap=10),
        ),
        rows=(
            Row((furniture.guard_rail,), (8.2, 8.2), 4.0, sides=LEFT),
            Row((furniture.guard_rail,), (9.8, 9.8), 4.0, sides=LEFT),
            Row((furniture.guard_rail,), (8.4, 8.4), 4.0, sides=RIGHT),
            Row(
                (plants.broadleaf, plants.thicket, plants.poplar),
                (13.0, 20.0),
                8.5,
                0.85,
                sides=RIGHT,
                jitter=0.45,
            ),
            Row(
                (plants.broadleaf, plants.thicket),
                (33.0, 42.0),
                9.0,
                0.85,
                sides=LEFT,
                jitter=0.45,
            ),
            Row((plants.far_wood,), (60.0, 80.0), 20.0, jitter=0.3),
            Row((plants.bush, plants.weeds), (10.2, 12.0), 11.0, 0.5, sides=RIGHT, jitter=0.4),
            Row((furniture.double_lamp_post,), (9.0, 9.0), 44.0, 1.0, sides=LEFT),
            Row(
                (furniture.gantry,),
                (8.9, 8.9),
                230.0,
                1.0,
                sides=RIGHT,
                jitter=0.2,
            ),
            Row(
                (furniture.direction_sign, furniture.traffic_sign),
                (9.3, 10.0),
                62.0,
                0.9,
                sides=RIGHT,
                jitter=0.3,
            ),
            Row((buildings.hall, buildings.block), (52.0, 56.0), 120.0, 0.6, jitter=0.2),
            Row((furniture.wall,), (11.4, 11.4), 8.0, 0.2, sides=RIGHT),
        ),
        lanes=(
            Lane(-1.9, 12.0, 30, first=15, trucks=0, vans=0),
            Lane(-5.4, 10.0, 27, trucks=0.11),
            Lane(1.8, 14.0, 30),
            Lane(5.4, 15.5, 36, trucks=0.0),
            Lane(13.2, -15.0, 30),
            Lane(17.6, -14.0, 26),
            Lane(22.0, -12.0, 26, trucks=0.25),
        ),
    ),
}
