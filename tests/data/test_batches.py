import numpy as np
import pytest

from roadseg.data.augmentation import Augmentation
from roadseg.data.batches import Batches

STRONG = Augmentation(scale=(0.5, 2.0), brightness=0.3)


def epoch(batches):
    return [batches[i] for i in range(len(batches))]


def test_an_epoch_has_every_frame_once_and_keeps_the_last_short_batch(frames):
    indices = [1, 4, 6, 9, 12, 13, 15]
    batches = Batches(frames, indices, batch_size=3)
    assert [len(images) for images, _ in epoch(batches)] == [3, 3, 1]
    seen = sorted(image.tobytes() for images, _ in epoch(batches) for image in images)
    assert seen == sorted(frames.images[i].tobytes() for i in indices)


def test_pictures_and_labels_belong_together(frames):
    images, labels = Batches(frames, range(16), batch_size=16)[0]
    whole_images, whole_labels = frames.read(range(16))
    for image, label in zip(images, labels, strict=True):
        (position,) = np.flatnonzero((whole_images == image).all(axis=(1, 2, 3)))
        assert np.array_equal(label, whole_labels[position])
    assert images.dtype == labels.dtype == np.uint8


@pytest.mark.parametrize("augmentation", [None, STRONG])
def test_seed_and_epoch_decide_everything(frames, augmentation):
    def bytes_of(seed, number):
        batches = Batches(frames, range(16), 4, augmentation, seed)
        batches.epoch = number
        return b"".join(images.tobytes() + labels.tobytes() for images, labels in epoch(batches))

    assert bytes_of(0, 3) == bytes_of(0, 3)
    assert len({bytes_of(0, 0), bytes_of(0, 1), bytes_of(1, 0)}) == 3


def test_the_epoch_moves_on_at_its_end(frames):
    batches = Batches(frames, range(16), 4)
    first = batches[0][0]
    batches.on_epoch_end()
    assert not np.array_equal(batches[0][0], first)
