import numpy as np

from roadscenes.class_ids import MISC, ROAD, SKY
from roadscenes.models.primitives import quad
from roadscenes.render.variations import Light
from tests.roadscenes.small_scenes import look, road_with


def test_labels_are_hard_and_images_are_not():
    plate = quad((10, -1.003, 1.5), (0, 2, 0), (0, 0.31, 1), "flat", (0.9, 0.1, 0.1), MISC)
    image, instance_ids = look(road_with(plate), Light(clouds=0.0))
    assert set(np.unique(instance_ids)) == {ROAD, SKY, MISC}
    on_plate = instance_ids[120:180] == MISC
    rows, columns = np.nonzero(on_plate[:, 1:] != on_plate[:, :-1])
    colours = image[120:180].astype(int)
    plate_colour, sky_colour = colours[30, 640], colours[30, 300]

    def is_mixed(beside):
        return np.all([np.abs(beside - each).sum(1) > 30 for each in (plate_colour, sky_colour)], axis=0)

    mixed = is_mixed(colours[rows, columns]) | is_mixed(colours[rows, columns + 1])
    assert mixed.mean() > 0.4
