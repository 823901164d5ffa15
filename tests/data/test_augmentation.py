import json
from dataclasses import asdict

import numpy as np
import pytest

from roadseg.data.augmentation import Augmentation
from roadseg.data.classes import IGNORE

STRONG = Augmentation(scale=(0.5, 2.0), brightness=0.3, contrast=0.3, saturation=0.3, gamma=0.3)


def coloured(labels):
    """An image that shows its labels, so that any misalignment is seen."""
    return np.repeat(labels[..., None] * 10, 3, axis=2)


@pytest.fixture
def labels():
    """Blocks of 8 x 8 pixels of classes 0..13, none of them grey 128."""
    blocks = np.random.default_rng(0).integers(0, 12, (6, 10), np.uint8)
    return np.kron(blocks, np.ones((8, 8), np.uint8))


def test_shapes_and_types_stay_and_no_class_is_invented(labels):
    for seed in range(30):
        image, ids = STRONG(coloured(labels), labels, np.random.default_rng(seed))
        again, _ = STRONG(coloured(labels), labels, np.random.default_rng(seed))
        assert np.array_equal(image, again)
        assert image.shape == (*labels.shape, 3)
        assert ids.shape == labels.shape
        assert image.dtype == ids.dtype == np.uint8
        assert set(np.unique(ids)) <= {*np.unique(labels), IGNORE}


def test_image_and_labels_move_together(labels):
    for augmentation in (
        Augmentation(scale=(0.5, 2.0)),
        Augmentation(crop=(24, 40), flip=False),
        Augmentation(crop=(60, 100), flip=False),
    ):
        for seed in range(20):
            image, ids = augmentation(coloured(labels), labels, np.random.default_rng(seed))
            assert ids.shape == (augmentation.crop or labels.shape)
            # Pillow blends neighbours at an edge of the image and takes one of them in the labels, so
            # only pixels whose neighbours have the same label can be compared exactly.
            windows = np.lib.stride_tricks.sliding_window_view(ids, (3, 3))
            inner = (np.ptp(windows, axis=(2, 3)) == 0) & (windows[..., 1, 1] != IGNORE)
            assert inner.sum() > 300
            shown = image[1:-1, 1:-1, 0][inner]
            assert np.array_equal(np.rint(shown / 10), ids[1:-1, 1:-1][inner])
            assert (ids == IGNORE).sum() == pytest.approx((image == 128).all(-1).sum(), rel=0.05, abs=99)
    _, ids = Augmentation(scale=(0.5, 0.5))(coloured(labels), labels, np.random.default_rng(1))
    assert (ids == IGNORE).mean() == pytest.approx(0.75, abs=0.02)


def test_mirroring_changes_nothing_but_the_side(labels):
    seen = set()
    for seed in range(12):
        image, ids = Augmentation()(coloured(labels), labels, np.random.default_rng(seed))
        for name, expected in (("as it was", labels), ("mirrored", labels[:, ::-1])):
            if np.array_equal(ids, expected):
                assert np.array_equal(image, coloured(expected))
                seen.add(name)
    assert seen == {"as it was", "mirrored"}


def test_colour_changes_the_image_only():
    generator = np.random.default_rng(0)
    image = generator.integers(60, 180, (20, 30, 3), np.uint8)
    labels = generator.integers(0, 12, (20, 30), np.uint8)
    for name in ("brightness", "contrast", "saturation", "gamma"):
        changed, ids = Augmentation(flip=False, **{name: 0.4})(image, labels, np.random.default_rng(5))
        assert np.array_equal(ids, labels)
        assert not np.array_equal(changed, image)
    brighter, _ = Augmentation(flip=False, brightness=0.4)(image, labels, np.random.default_rng(5))
    factor = brighter / image
    assert np.ptp(factor) < 0.05
    grey, _ = Augmentation(flip=False, saturation=0.4)(image * 0 + 90, labels, np.random.default_rng(5))
    assert np.abs(grey.astype(int) - 90).max() <= 1


def test_a_range_that_makes_no_sense_is_refused_when_it_is_made():
    for wrong in (
        {"scale": (0, 1)},
        {"scale": (2.0, 0.5)},
        {"brightness": -0.1},
        {"contrast": 1.5},
        {"paste": float("nan")},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Augmentation(**wrong)
    made = Augmentation(scale=[0.5, 2], crop=[24, 40], brightness=0.25)
    assert made == Augmentation(**json.loads(json.dumps(asdict(made))))
    assert (made.scale, made.crop) == ((0.5, 2.0), (24, 40))


def test_rare_objects_of_another_frame_come_with_their_pixels(labels):
    other = np.full_like(labels, 3)
    other[10:20, 5:15] = 20
    pasting = Augmentation(flip=False, paste=1.0)
    frame = coloured(labels), labels
    image, ids = pasting(*frame, np.random.default_rng(0), (coloured(other), other), np.array([20]))
    expected = np.where(other == 20, 20, labels)
    assert np.array_equal(ids, expected)
    assert np.array_equal(image, coloured(expected))
    for pasted in (None, np.array([], np.uint8)):
        _, ids = pasting(*frame, np.random.default_rng(0), (coloured(other), other), pasted)
        assert np.array_equal(ids, labels)


def test_transferred_colours_have_the_mean_and_deviation_of_the_other_frame():
    generator = np.random.default_rng(0)
    image = generator.integers(100, 140, (40, 60, 3), np.uint8)
    other = np.clip(generator.normal((60, 120, 180), (10, 20, 30), (40, 60, 3)), 0, 255).astype(np.uint8)
    labels = generator.integers(0, 12, (40, 60), np.uint8)
    transferring = Augmentation(flip=False, transfer=1.0)
    changed, ids = transferring(image, labels, np.random.default_rng(0), (other, labels))
    assert np.array_equal(ids, labels)
    np.testing.assert_allclose(changed.mean((0, 1)), other.mean((0, 1)), atol=3)
    np.testing.assert_allclose(changed.std((0, 1)), other.std((0, 1)), rtol=0.2)


def test_skies_become_blue_deeper_at_the_top_and_nothing_else_changes():
    image = np.full((60, 80, 3), 230, np.uint8)
    image[:, ::10] = 200  # clouds
    labels = np.full((60, 80), 3, np.uint8)
    labels[:40] = 7
    always = Augmentation(flip=False, blue_sky=1.0)
    for seed in range(10):
        changed, ids = always(image, labels, np.random.default_rng(seed), sky=7)
        assert np.array_equal(ids, labels)
        assert np.array_equal(changed[43:], image[43:])
        top, bottom = changed[0, 5].astype(int), changed[35, 5].astype(int)
        assert (np.diff(top) >= 0).all(), "red is least, blue is most"
        assert (top <= bottom + 1).all()
        assert (changed[:38, ::10] <= changed[:38, 5:6]).all(), "clouds keep their shape"
    for sky in (None, 9):
        same, _ = always(image, labels, np.random.default_rng(0), sky=sky)
        assert np.array_equal(same, image)


def test_grey_frames_have_no_colours_left_and_others_keep_them():
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    labels = np.zeros((8, 8), np.uint8)
    results = [
        Augmentation(flip=False, grey=0.5)(image, labels, np.random.default_rng(seed))[0]
        for seed in range(20)
    ]
    grey = [np.ptp(result.astype(int), axis=-1).max() <= 1 for result in results]
    assert 3 < sum(grey) < 17
    assert all(np.array_equal(r, image) for r, is_grey in zip(results, grey, strict=True) if not is_grey)
