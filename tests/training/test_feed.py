import numpy as np

from roadseg.data.augmentation import Augmentation
from roadseg.data.batches import Batches
from roadseg.training.feed import Feed


def same(one, other):
    return all(np.array_equal(*pair) for pair in zip(one, other, strict=True))


def test_it_starts_at_an_epoch_and_moves_on_at_its_end(frames):
    batches = Batches(frames, range(7), 3, Augmentation(scale=(0.5, 2.0)), seed=1)
    feed = Feed(batches, first_epoch=2)
    assert len(feed) == len(batches) == 3
    assert all(same(feed[number], batches.batch(2, number)) for number in range(3))
    feed.on_epoch_end()
    assert all(same(feed[number], batches.batch(3, number)) for number in range(3))
    assert not same(feed[0], batches.batch(2, 0))
