import numpy as np
import pytest

from roadscenes.class_ids import MISC, ROAD, SKY
from roadscenes.models.primitives import quad
from roadscenes.render.variations import Light
from tests.roadscenes.small_scenes import look, road_with

# 2 m wide, 1 m high, 10 m ahead.
PLATE = quad((10, -1, 1.5), (0, 2, 0), (0, 0, 1), "flat", class_id=MISC)


def test_the_camera_is_that_of_virtual_kitti():
    """f = 725, centre (620.5, 187)."""
    _, instance_ids = look(road_with(PLATE), Light())
    rows, columns = np.nonzero(instance_ids == MISC)
    assert (columns.min(), columns.max()) == (548, 693)  # 620.5 -+ 72.5, where the edge belongs to it
    assert (rows.min(), rows.max()) == (115, 187)  # 187 - 72.5 .. 187
    assert len(rows) == (693 - 548 + 1) * (187 - 115 + 1)
    assert instance_ids[0, 0] == SKY
    assert instance_ids[-1, 0] == ROAD


def test_a_camera_turned_to_the_left_sees_things_further_right():
    ahead, left = (look(road_with(PLATE), Light(), turn)[1] == MISC for turn in (0.0, np.radians(15)))
    shift = np.nonzero(left)[1].mean() - np.nonzero(ahead)[1].mean()
    assert shift == pytest.approx(725 * np.tan(np.radians(15)), rel=0.02)
