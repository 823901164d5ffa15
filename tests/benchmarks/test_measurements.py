"""Each benchmark measures, on little data."""

import json
from pathlib import Path

import pytest

from benchmarks import (
    compression,
    exported_networks,
    gpu_training,
    loss_size,
    preprocessing,
    training_speed,
)
from roadseg.data import sources
from tests.training import runs


@pytest.fixture
def eager():
    with runs.eagerly():
        yield


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


def test_a_step_is_timed_apart_from_reading(tmp_path, capsys, eager):
    small = ["--size", "32", "48", "--frames", "9", "--batch", "4", "--steps", "2"]
    output = tmp_path / "speed.json"
    gpu_training.main([*small, "--networks", "simple_plus", "--output", str(output)])
    report = json.loads(output.read_text("utf-8"))
    assert (report["frames"], report["batch_size"]) == (8, 4)
    assert report["networks"].keys() == {"simple_plus"}
    for speeds in report["networks"]["simple_plus"].values():
        assert min(speeds.values()) > 0
        frames = speeds["training_ms_per_frame"] * speeds["training_frames_per_second"] / 1000
        assert frames == pytest.approx(1)


def test_the_page_on_export_has_the_measured_table():
    results = Path(exported_networks.__file__).parent / "results/exported_networks.json"
    measured = json.loads(results.read_text("utf-8"))["networks"]
    page = Path(__file__).parents[2] / "docs/export.md"
    assert exported_networks.as_markdown(measured) in page.read_text("utf-8")


def test_both_sizes_of_the_loss_are_timed():
    milliseconds = loss_size.measure(32, 48, rounds=1, strides=[4])
    assert len(milliseconds) == 2
    assert min(milliseconds.values()) > 0
