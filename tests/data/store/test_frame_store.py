import pickle

import numpy as np
import pytest

from roadseg.data import preprocess, sources, store


def test_the_digest_tells_frames_apart_and_not_when_they_were_written(raw, frames, tmp_path):
    preprocess.to_hdf5(sources.open(raw), tmp_path / "same", progress=False)
    preprocess.to_hdf5(sources.open(raw), tmp_path / "other", sequences=["0001"], progress=False)
    assert store.open(tmp_path / "same").digest == frames.digest
    assert store.open(tmp_path / "other").digest != frames.digest


def test_reading_keeps_order_and_repeats(frames):
    images, labels = frames.read([5, 1, 5])
    assert images.dtype == labels.dtype == np.uint8
    for row, position in enumerate([5, 1, 5]):
        assert np.array_equal(images[row], frames.images[position])
        assert np.array_equal(labels[row], frames.labels[position])


def test_a_store_can_be_passed_to_another_process(frames):
    copy = pickle.loads(pickle.dumps(frames))
    assert np.array_equal(copy.images[0], frames.images[0])


def test_class_pixels_are_counted(frames):
    pixels = frames.class_pixels([0, 3])
    labels = frames.labels[[0, 3]]
    assert pixels.tolist() == [(labels == class_id).sum() for class_id in range(14)]


@pytest.mark.parametrize("positions", [[-1], [16], [0, 10**30], [0.5], [None], [True], "0"])
def test_a_position_that_is_not_in_the_store_is_refused(frames, positions):
    for use in (frames.read, frames.class_pixels):
        with pytest.raises(ValueError, match="position"):
            use(positions)


def test_a_relative_store_is_found_from_another_folder_and_in_another_process(
    frames, tmp_path, monkeypatch
):
    monkeypatch.chdir(frames.path.parent)
    relative = store.open(frames.path.name)
    pickled = pickle.dumps(store.FrameStore(frames.path.name))
    monkeypatch.chdir(tmp_path)
    relative.close()
    for copy in (relative, pickle.loads(pickled)):
        assert copy.digest == frames.digest


def test_a_store_below_the_home_directory_is_found(frames, monkeypatch):
    monkeypatch.setenv("HOME", str(frames.path.parent))
    assert store.open(f"~/{frames.path.name}").digest == frames.digest
