"""Random changes in JAX: what happens to labels happens to images."""

import functools

import jax
import numpy as np
import pytest

from roadseg.data.classes import IGNORE
from studies.gpu.augmentation import DeviceAugmentation

_COLOURS = ("brightness", "contrast", "saturation", "channels", "grey", "gamma", "noise")
GEOMETRY_ALONE = dict.fromkeys(_COLOURS, 0.0)
NOTHING = GEOMETRY_ALONE | {"scale": (1.0, 1.0), "aspect": 0.0, "rotation": 0.0}


@pytest.fixture
def batch() -> tuple[np.ndarray, ...]:
    """Images whose channels are all ten times their labels 1..20, smooth; donors of class 30 alone."""
    rows, columns = np.mgrid[:24, :32]
    labels = (1 + rows // 3 + columns // 3).astype(np.uint8)[None].repeat(8, 0)
    donor_labels = np.full_like(labels, 30)
    donor_labels[:, :12] = 31
    return _image(labels), labels, _image(donor_labels) // 2, donor_labels


def _image(labels: np.ndarray) -> np.ndarray:
    return (10 * np.minimum(labels, 25)[..., None]).repeat(3, axis=-1).astype(np.uint8)


@functools.cache
def compiled(augmentation: DeviceAugmentation):
    """Quickly, for arrays as small as these."""
    return jax.jit(augmentation.__call__, compiler_options={"xla_backend_optimization_level": 0})


def augment(batch, seed: int = 0, **settings) -> tuple[np.ndarray, np.ndarray]:
    augmentation = DeviceAugmentation(**{"crop": (24, 32), **settings})
    images, labels = compiled(augmentation)(jax.random.key(seed), *batch)
    return np.asarray(images), np.asarray(labels)


def test_labels_and_images_move_together(batch):
    images, labels = augment(batch, crop=(16, 20), **GEOMETRY_ALONE)
    assert images.shape == (8, 16, 20, 3)
    inside = labels != IGNORE
    errors = np.abs(images[inside].astype(int) - 10 * labels[inside, None])
    assert errors.max() <= 20  # a neighbour's share, where classes meet
    assert np.median(errors) <= 1
    assert (labels != labels[0]).any()  # each frame is changed by itself


def test_outside_of_the_frame_is_void_and_grey(batch):
    images, labels = augment(batch, **{**GEOMETRY_ALONE, "scale": (0.5, 0.5)}, aspect=0.0, rotation=0.0)
    outside = labels == IGNORE
    assert outside.mean() == pytest.approx(0.75, abs=0.05)
    assert (images[outside] == 128).all()


def test_the_same_key_gives_the_same_result(batch):
    first, again, other = (augment(batch, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[0] != other[0]).any()


def test_without_ranges_frames_are_at_most_mirrored(batch):
    images, labels = augment(batch, **NOTHING)
    mirrored = [(each == batch[1][0][:, ::-1]).all() for each in labels]
    assert 0 < sum(mirrored) < len(mirrored)
    for image, is_mirrored in zip(images, mirrored, strict=True):
        np.testing.assert_array_equal(image, batch[0][0][:, ::-1] if is_mirrored else batch[0][0])


def test_objects_of_the_donor_are_copied_with_their_pixels(batch):
    images, labels = augment(batch, **NOTHING, copied=(30,), copy_share=1.0)
    assert (labels[:, 12:] == 30).all()
    assert (labels[:, :12] < 30).all()
    assert (images[labels == 30] == batch[2][0, -1, 0]).all()
    assert (augment(batch, **NOTHING)[1] < 30).all()


def test_colours_change_without_the_labels(batch):
    settings = NOTHING | {"brightness": 0.4, "noise": 5.0}
    images, labels = augment(batch, **settings)
    plain_images, plain_labels = augment(batch, **NOTHING)
    np.testing.assert_array_equal(labels, plain_labels)
    assert (images != plain_images).mean() > 0.5
