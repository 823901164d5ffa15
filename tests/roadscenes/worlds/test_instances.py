import numpy as np

from roadscenes.class_ids import CAR, TRUCK, VAN
from roadscenes.worlds.instances import Instances


def test_instances_have_colours_of_their_own_and_one_colour_may_be_a_car_here_and_a_van_there():
    here, there = Instances(), Instances()
    added = [here.add(class_id) for class_id in (CAR, VAN, TRUCK, CAR)]
    there.add(VAN)
    assert added[2] == TRUCK
    assert here.class_ids[added].tolist() == [CAR, VAN, TRUCK, CAR]
    colours = here.colours[[added[0], added[1], added[3]]]
    assert len(np.unique(colours, axis=0)) == 3
    assert ((colours >= 200) & (colours < 250)).all()
    assert here.encoding[-3].startswith("Car:0 ")
    assert there.encoding[-1] == here.encoding[-3].replace("Car:0", "Van:0")
