import matplotlib.pyplot as plt
import numpy as np
import pytest

from roadseg import plots
from roadseg.data import sources, splits
from roadseg.data.augmentation import Augmentation
from roadseg.plots import style
from tests import own_data
from tests.plots.looking import images, pixels_wide, sized, words


def test_decoding_goes_from_colours_to_instances_to_classes(raw):
    source = sources.open(raw)
    frame = source.frames()[0]
    class_map = source.class_map(frame.sequence)
    figure = plots.decoding_steps(source, frame)
    image, colours, instances, classes = images(figure)
    expected, ids = source.read(frame)
    np.testing.assert_array_equal(image, expected)
    np.testing.assert_array_equal(class_map.decode(colours), ids)
    np.testing.assert_array_equal(classes, plots.paint(ids, np.array(source.palette)))
    assert {f"{number} {source.class_names[number]}" for number in np.unique(ids)} <= words(figure)
    assert pixels_wide(figure) <= 901
    sky, car = (source.class_names.index(name) for name in ("Sky", "Car"))
    listed = list(class_map.colour_to_id.values())
    assert listed.count(sky) == 1
    assert listed.count(car) > 1
    assert np.unique(instances[ids == sky], axis=0).tolist() == [[226, 226, 226]]
    cars = len(np.unique(colours[ids == car], axis=0))
    assert len(np.unique(instances[ids == car], axis=0)) == cars


def test_masks_that_hold_ids_themselves_are_painted(tmp_path):
    source = sources.open(own_data.folder(tmp_path, own_data.ID_TABLE, own_data.grey()))
    figure = plots.decoding_steps(source, source.frames()[0])
    expected = plots.paint(source.read(source.frames()[0])[1], np.array(source.palette))
    np.testing.assert_array_equal(images(figure)[3], expected)
    assert {"0 road", "1 kerb", "2 sky"} <= words(figure)


def test_samples_and_variations_show_images_and_name_them(frames):
    figure = plots.samples(frames, [0, 9])
    expected, labels = frames.read([0, 9])
    present = {frames.class_names[i] for i in np.unique(labels) if i < frames.num_classes}
    assert {"0001/clone, frame 0", "ground truth", *present} <= words(figure)
    np.testing.assert_array_equal(images(figure)[0], expected[0])
    np.testing.assert_array_equal(images(figure)[1], plots.paint(labels[0], frames.palette))
    figure = plots.variations(frames)
    assert {"0001/clone", "0002/clone"} <= words(figure)
    for image, position in zip(images(figure), (0, 8), strict=True):
        np.testing.assert_array_equal(image, frames.images[position])


def test_shares_are_shown_for_both_parts_and_absent_classes_say_so(frames):
    figure = plots.class_shares(frames, splits.block(frames, gap=1))
    assert {"train", "validation", "absent", *frames.class_names} <= words(figure)
    assert (frames.class_pixels(range(len(frames))) == 0).any()


def test_eight_variants_stand_beside_the_original_each_above_its_labels(frames):
    brighter = Augmentation(scale=(0.5, 0.6), brightness=0.5)
    figure = plots.augmentations(frames, 0, brighter, seed=1)
    assert {"original", *(f"variant {number}" for number in range(1, 9)), "void"} <= words(figure)
    shown = images(figure)
    expected, labels = frames.read([0])
    assert len(shown) == 18
    np.testing.assert_array_equal(shown[0], expected[0])
    np.testing.assert_array_equal(shown[3], plots.paint(labels[0], frames.palette))
    assert not any(np.array_equal(shown[0], each) for each in shown[1:3])
    again, other = (images(plots.augmentations(frames, 0, brighter, seed)) for seed in (1, 2))
    assert all(map(np.array_equal, shown, again))
    assert not all(map(np.array_equal, shown, other))
    with_others = images(plots.augmentations(frames, 0, Augmentation(transfer=1.0)))
    np.testing.assert_array_equal(with_others[0], expected[0])
    assert len(with_others) == 18


def test_panels_have_square_pixels_and_large_letters_and_touch_neither_each_other_nor_the_legend(frames):
    for width, rows, columns in ((32, 3, 2), (64, 2, 3)):  # wide frames stand in columns
        figure = plots.samples(sized(frames, width), [0, 1, 2])
        assert pixels_wide(figure) <= 901
        boxes = [axes.get_window_extent() for axes in figure.axes]
        assert len({round(box.y0) for box in boxes}) == rows
        assert len({round(box.x0) for box in boxes}) == columns
        for number, box in enumerate(boxes):
            assert box.width / box.height == pytest.approx(width / 21, rel=0.01)
            assert not any(box.overlaps(other) for other in boxes[:number])
        legend = figure.legends[0].get_window_extent()
        assert 0 <= min(box.y0 for box in boxes) - legend.y1 < 20
        assert legend.y0 >= 0
        assert min(axes.title.get_fontsize() for axes in figure.axes) >= style.TEXT
        plt.close(figure)
