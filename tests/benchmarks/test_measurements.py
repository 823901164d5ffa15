"""Each benchmark measures, on little data."""

import pytest

from benchmarks import compression, preprocessing, training_speed
from roadseg.data import sources


@pytest.fixture
def source(raw):
    return sources.open(raw)


def test_compression_writes_and_reads_what_it_measures(raw):
    images, labels = compression.load(raw, 3, count=4)
    assert images.shape == (4, 21, 32, 3)
    none = compression.measure(images, labels, {})
    isal = compression.measure(images, labels, {"compression": "gzip"}, isal=True)
    assert min(*none.values(), *isal.values()) > 0


def test_preprocessing_is_compared_with_decoding_and_with_the_original(source):
    frames = preprocessing.repeat(source.frames(), 12)
    assert [frame.index for frame in frames] == list(range(12))
    measured = preprocessing.measure(source, frames, rounds=1)
    assert measured["frames"] == 12
    assert measured["times_smaller"] > 1
    assert measured["class_ids_times_faster"] > 1


def test_reading_is_timed_with_and_without_augmentation():
    plain, augmented = (training_speed.reading(32, 48, recipe) for recipe in ("original", "quick"))
    assert 0 < plain < augmented
