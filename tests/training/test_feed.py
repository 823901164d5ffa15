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


def test_a_label_of_each_block_is_at_a_place_that_seed_epoch_and_batch_decide(frames):
    batches = Batches(frames, range(12), 3, seed=1)
    feeds = [Feed(batches, label_stride=2) for _ in range(2)]
    seen = set()
    for number in range(len(batches)):
        images, labels = feeds[0][number]
        whole_images, whole = batches.batch(0, number)
        assert np.array_equal(images, whole_images)
        padded = np.pad(
            whole, [(0, 0), *[(0, length % 2) for length in whole.shape[1:]]], constant_values=255
        )
        places = {
            (r, c) for r in (0, 1) for c in (0, 1) if np.array_equal(labels, padded[:, r::2, c::2])
        }
        assert len(places) == 1
        seen |= places
        assert same(feeds[0][number], feeds[1][number])
    assert len(seen) > 1
