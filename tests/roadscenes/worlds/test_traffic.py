import numpy as np
import pytest

from roadscenes import WORLDS


@pytest.mark.parametrize("name", WORLDS)
def test_no_vehicle_drives_through_another_or_the_camera(furnished, name):
    """Vehicles of a lane stay a van's length apart; none in the camera's lane is where the camera is."""
    world, description = furnished(name), WORLDS[name]
    lanes = {}
    for vehicle in world.vehicles:
        lanes.setdefault((vehicle.road, vehicle.lane), []).append(vehicle)
    for frame in range(0, description.frames, 10):
        for (road, lane), stream in lanes.items():
            places = np.sort([vehicle.s(frame) for vehicle in stream])
            assert (np.diff(places) > 5.0).all(), (lane, frame)
            if road is world.network.main and abs(lane.t - description.camera_t) < 2.0:
                assert np.abs(places - world.camera_s(frame)).min() > 6.0, (lane, frame)
