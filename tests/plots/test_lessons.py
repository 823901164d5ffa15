import numpy as np
import pytest

from roadseg import plots
from roadseg.data import sources
from roadseg.data.augmentation import Augmentation
from roadseg.plots import lessons
from roadseg.plots.style import RIGHT
from tests import own_data
from tests.plots.looking import images, pixels_wide, words


def test_decoding_goes_from_colours_to_instances_to_classes(raw):
    source = sources.open(raw)
    frame = source.frames()[0]
    figure = plots.decoding_steps(source, frame)
    image, colours, instances, classes = images(figure)
    expected, ids = source.read(frame)
    np.testing.assert_array_equal(image, expected)
    np.testing.assert_array_equal(source.class_map(frame.sequence).decode(colours), ids)
    np.testing.assert_array_equal(classes, plots.paint(ids, np.array(source.palette)))
    assert instances.shape == classes.shape
    present = {f"{number} {source.class_names[number]}" for number in np.unique(ids)}
    assert present <= words(figure)
    assert pixels_wide(figure) <= 901


@pytest.mark.parametrize(
    ("table", "mask"),
    [(own_data.ID_TABLE, own_data.grey()), (own_data.COLOUR_TABLE, own_data.coloured())],
    ids=["ids", "colours"],
)
@pytest.mark.parametrize("size", [None, (12, 18)])
def test_masks_of_ones_own_are_decoded_too(tmp_path, table, mask, size):
    source = sources.open(own_data.folder(tmp_path, table, mask), size=size)
    figure = plots.decoding_steps(source, source.frames()[0])
    expected = plots.paint(source.read(source.frames()[0])[1], np.array(source.palette))
    np.testing.assert_array_equal(images(figure)[3], expected)
    assert {"0 road", "1 kerb", "2 sky"} <= words(figure)


def test_instances_are_numbered_within_their_class(raw):
    class_map = sources.open(raw).class_map("0001/clone")
    listed = list(class_map.colour_to_id.items())
    car = class_map.class_names.index("Car")
    cars = [colour for colour, class_id in listed if class_id == car]
    sky = next(c for c, class_id in listed if class_map.class_names[class_id] == "Sky")
    found = lessons._instance_ids(np.array([[*cars, sky]], np.uint8), class_map)
    assert len(cars) > 1
    assert found.tolist() == [[*range(1, len(cars) + 1), 0]]
    assert lessons._paint_instances(found)[0, -1].tolist() == list(RIGHT)


def test_eight_variants_stand_beside_the_original_each_above_its_labels(frames):
    figure = plots.augmentations(frames, 0, Augmentation(scale=(0.5, 0.6), brightness=0.5), seed=1)
    assert {"original", *(f"variant {number}" for number in range(1, 9)), "void"} <= words(figure)
    shown = images(figure)
    assert len(shown) == 18
    expected, labels = frames.read([0])
    np.testing.assert_array_equal(shown[0], expected[0])
    np.testing.assert_array_equal(shown[3], plots.paint(labels[0], frames.palette))
    assert not any(np.array_equal(shown[0], each) for each in shown[1:3])


def test_the_same_seed_gives_the_same_variants(frames):
    once, again, other = (
        images(plots.augmentations(frames, 0, Augmentation(brightness=0.5), seed)) for seed in (1, 1, 2)
    )
    for one, two in zip(once, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(once[1], other[1])
